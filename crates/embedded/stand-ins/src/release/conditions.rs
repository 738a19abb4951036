//! The conditions of a Release.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::api::{condition, set_condition};

pub(crate) const VALIDATED: &str = "Validated";
pub(crate) const RELEASED: &str = "Released";
pub(crate) const TENANT_COLLECTORS: &str = "TenantCollectorsPipelineProcessed";
pub(crate) const MANAGED_COLLECTORS: &str = "ManagedCollectorsPipelineProcessed";
pub(crate) const TENANT: &str = "TenantPipelineProcessed";
pub(crate) const MANAGED: &str = "ManagedPipelineProcessed";
pub(crate) const FINAL: &str = "FinalPipelineProcessed";

/// Where one step of a release stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Progressing,
    Succeeded,
    Failed,
    Skipped,
}

/// Writes down where a step stands. A skipped step has the status True, as in release-service.
pub(crate) fn set(
    conditions: &mut Vec<Condition>,
    type_: &str,
    progress: Progress,
    message: &str,
    now: &Time,
) {
    let (status, reason) = match progress {
        Progress::Progressing => ("False", "Progressing"),
        Progress::Succeeded => ("True", "Succeeded"),
        Progress::Failed => ("False", "Failed"),
        Progress::Skipped => ("True", "Skipped"),
    };
    set_condition(conditions, type_, status, reason, message, now);
}

/// Where a step stands; `None` before it began.
pub(crate) fn progress(conditions: &[Condition], type_: &str) -> Option<Progress> {
    match condition(conditions, type_)?.reason.as_str() {
        "Progressing" => Some(Progress::Progressing),
        "Succeeded" => Some(Progress::Succeeded),
        "Failed" => Some(Progress::Failed),
        "Skipped" => Some(Progress::Skipped),
        _ => None,
    }
}

/// Whether a step has ended, in whatever way.
pub(crate) fn has_ended(conditions: &[Condition], type_: &str) -> bool {
    progress(conditions, type_).is_some_and(|progress| progress != Progress::Progressing)
}
