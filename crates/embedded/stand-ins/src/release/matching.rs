//! Which ReleasePlanAdmission a ReleasePlan means (release-service, `loader`).

use konflux_api::{
    konflux::{ReleasePlan, ReleasePlanAdmission},
    labels,
};
use kube::ResourceExt;

/// release-service's words for a plan without a target. They make the managed phase skipped, not failed.
pub(crate) const NO_TARGET: &str =
    "releasePlan has no target, so no ReleasePlanAdmissions can be found";

/// Finds the admission among those of the plan's target namespace. The sentences of the error are release-service's.
pub(crate) fn admission<'a>(
    plan: &ReleasePlan,
    in_target: &'a [ReleasePlanAdmission],
) -> Result<&'a ReleasePlanAdmission, String> {
    let origin = plan.namespace().unwrap_or_default();
    let Some(target) = plan
        .spec
        .target
        .as_deref()
        .filter(|target| !target.is_empty())
    else {
        return Err(NO_TARGET.to_owned());
    };
    let found = match plan
        .labels()
        .get(labels::RELEASE_PLAN_ADMISSION)
        .filter(|name| !name.is_empty())
    {
        Some(name) => {
            let Some(admission) = in_target
                .iter()
                .find(|admission| admission.name_any() == *name)
            else {
                return Err(format!(
                    "releaseplanadmissions.appstudio.redhat.com {name:?} not found"
                ));
            };
            if admission.spec.origin != origin {
                return Err(format!(
                    "releasePlan ({}) targets releasePlanAdmission ({name}) by label, but the Origin ({}) does not match the namespace \
                     of the releasePlan ({origin})",
                    plan.name_any(),
                    admission.spec.origin
                ));
            }
            admission
        }
        None => only(plan, in_target, target, &origin)?,
    };
    if found
        .labels()
        .get(labels::BLOCK_RELEASES)
        .map(String::as_str)
        == Some("true")
    {
        return Err(format!(
            "found ReleasePlanAdmission '{}' with block-releases label set to true",
            found.name_any()
        ));
    }
    Ok(found)
}

fn only<'a>(
    plan: &ReleasePlan,
    in_target: &'a [ReleasePlanAdmission],
    target: &str,
    origin: &str,
) -> Result<&'a ReleasePlanAdmission, String> {
    let application = plan.spec.application.as_deref().unwrap_or_default();
    let mut matching = in_target.iter().filter(|admission| {
        admission.spec.origin == origin
            && admission
                .spec
                .applications
                .iter()
                .any(|name| name == application)
    });
    // The plus signs are part of release-service's message.
    let place = format!("in namespace (+{target}) with the origin (+{origin}) for '{application}'");
    match (matching.next(), matching.next()) {
        (Some(admission), None) => Ok(admission),
        (None, _) => Err(format!("no ReleasePlanAdmission found {place}")),
        (Some(_), Some(_)) => Err(format!("multiple ReleasePlanAdmissions found {place}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn plan(target: &str, labels: Value) -> ReleasePlan {
        serde_json::from_value(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "ReleasePlan",
            "metadata": {"name": "plan", "namespace": "tenant", "labels": labels},
            "spec": {"application": "shop", "target": target},
        }))
        .unwrap()
    }

    fn admitting(
        name: &str,
        origin: &str,
        application: &str,
        labels: Value,
    ) -> ReleasePlanAdmission {
        serde_json::from_value(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "ReleasePlanAdmission",
            "metadata": {"name": name, "namespace": "managed", "labels": labels},
            "spec": {"applications": [application], "origin": origin},
        }))
        .unwrap()
    }

    fn found(plan: &ReleasePlan, admissions: &[ReleasePlanAdmission]) -> Result<String, String> {
        admission(plan, admissions).map(ResourceExt::name_any)
    }

    #[test]
    fn the_admission_names_the_origin_and_the_application() {
        let admissions = [
            admitting("other-origin", "elsewhere", "shop", json!({})),
            admitting("other-application", "tenant", "bar", json!({})),
            admitting("right", "tenant", "shop", json!({})),
        ];
        assert_eq!(
            found(&plan("managed", json!({})), &admissions),
            Ok("right".to_owned())
        );
    }

    #[test]
    fn without_exactly_one_admission_the_message_is_release_services() {
        let plan = plan("managed", json!({}));
        let none = "no ReleasePlanAdmission found in namespace (+managed) with the origin (+tenant) for 'shop'";
        assert_eq!(found(&plan, &[]), Err(none.to_owned()));
        let two = [
            admitting("a", "tenant", "shop", json!({})),
            admitting("b", "tenant", "shop", json!({})),
        ];
        let multiple = "multiple ReleasePlanAdmissions found in namespace (+managed) with the origin (+tenant) for 'shop'";
        assert_eq!(found(&plan, &two), Err(multiple.to_owned()));
    }

    #[test]
    fn a_label_pins_the_admission_by_name() {
        let pinned = plan(
            "managed",
            json!({"release.appstudio.openshift.io/releasePlanAdmission": "b"}),
        );
        let two = [
            admitting("a", "tenant", "shop", json!({})),
            admitting("b", "tenant", "shop", json!({})),
        ];
        assert_eq!(found(&pinned, &two), Ok("b".to_owned()));
        let foreign = [admitting("b", "elsewhere", "shop", json!({}))];
        assert!(
            found(&pinned, &foreign)
                .unwrap_err()
                .contains("targets releasePlanAdmission (b) by label")
        );
    }

    #[test]
    fn a_blocked_admission_and_a_plan_without_target_are_named() {
        let blocked = [admitting(
            "a",
            "tenant",
            "shop",
            json!({"release.appstudio.openshift.io/block-releases": "true"}),
        )];
        let message = "found ReleasePlanAdmission 'a' with block-releases label set to true";
        assert_eq!(
            found(&plan("managed", json!({})), &blocked),
            Err(message.to_owned())
        );
        assert_eq!(
            found(&plan("", json!({})), &blocked),
            Err(NO_TARGET.to_owned())
        );
    }
}
