//! The condition `Succeeded`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use konflux_api::tekton::{RunCondition, SUCCEEDED, succeeded};

/// The one condition of a run. The transition time of `previous` is kept while the status stays the same.
pub(crate) fn succeeded_condition(
    previous: &[RunCondition],
    status: &str,
    reason: &str,
    message: &str,
    now: &Time,
) -> RunCondition {
    let since = succeeded(previous)
        .filter(|condition| condition.status == status)
        .and_then(|condition| condition.last_transition_time.clone())
        .unwrap_or_else(|| now.clone());
    RunCondition {
        r#type: SUCCEEDED.to_owned(),
        status: status.to_owned(),
        severity: None,
        last_transition_time: Some(since),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
    }
}
