//! How long a Release is kept.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use konflux_api::konflux::{Release, ReleasePlan};

/// The default of a ReleasePlan's `releaseGracePeriodDays`.
const DEFAULT_DAYS: u32 = 7;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// When a Release expires: its creation and its `gracePeriodDays`, which Konflux's webhook takes from the plan when they
/// are 0. `None` when it was not created yet, or expires after the end of calendars.
pub(crate) fn expiration(release: &Release, plan: Option<&ReleasePlan>) -> Option<Time> {
    let own = release.spec.grace_period_days.filter(|days| *days > 0);
    let days = own
        .or_else(|| plan?.spec.release_grace_period_days)
        .unwrap_or(DEFAULT_DAYS);
    let created = release.metadata.creation_timestamp.as_ref()?;
    created.0.checked_add(DAY * days).ok().map(Time)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn day_of_expiration(days: Value, of_plan: Value) -> Option<String> {
        let release: Release = serde_json::from_value(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "Release",
            "metadata": {"name": "r", "creationTimestamp": "2026-01-01T12:00:00Z"},
            "spec": {"snapshot": "s", "releasePlan": "p", "gracePeriodDays": days},
        }))
        .unwrap();
        let plan: ReleasePlan = serde_json::from_value(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "ReleasePlan", "metadata": {"name": "p"},
            "spec": {"application": "shop", "releaseGracePeriodDays": of_plan},
        }))
        .unwrap();
        let expires = expiration(&release, Some(&plan))?;
        Some(expires.0.to_string()[..10].to_owned())
    }

    #[test]
    fn the_releases_own_days_count_before_the_plans_and_zero_is_none() {
        let day = |days, of_plan| day_of_expiration(days, of_plan).unwrap();
        assert_eq!(day(json!(2), json!(5)), "2026-01-03");
        assert_eq!(day(json!(0), json!(5)), "2026-01-06");
        assert_eq!(day(Value::Null, json!(5)), "2026-01-06");
        assert_eq!(day(Value::Null, Value::Null), "2026-01-08");
    }

    #[test]
    fn more_days_than_the_calendar_has_are_no_expiration() {
        assert_eq!(day_of_expiration(json!(u32::MAX), Value::Null), None);
    }
}
