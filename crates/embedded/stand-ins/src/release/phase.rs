//! The pipelines of a release.

use konflux_api::{konflux::ReleasePipeline, labels};
use kube::ResourceExt;

use super::{conditions, load::Loaded, matching::NO_TARGET};

/// One pipeline of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// In the tenant's namespace, first.
    Tenant,
    /// In the managed namespace.
    Managed,
    /// In the tenant's namespace, last, even when the release failed.
    Final,
}

impl Phase {
    /// The phases in their order.
    pub(crate) const ALL: [Self; 3] = [Self::Tenant, Self::Managed, Self::Final];

    /// The value of the label that tells release PipelineRuns apart; also the word in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Managed => labels::PIPELINE_TYPE_MANAGED,
            Self::Final => "final",
        }
    }

    /// The condition that says where the phase stands.
    pub(crate) fn condition(self) -> &'static str {
        match self {
            Self::Tenant => conditions::TENANT,
            Self::Managed => conditions::MANAGED,
            Self::Final => conditions::FINAL,
        }
    }

    /// The pipeline that runs; `None` when the phase is skipped.
    pub(crate) fn pipeline(self, loaded: &Loaded) -> Option<&ReleasePipeline> {
        let plan = loaded.plan.as_ref();
        match self {
            Self::Tenant => plan?.spec.tenant_pipeline.as_ref(),
            Self::Final => plan?.spec.final_pipeline.as_ref(),
            Self::Managed => loaded.admission.as_ref().ok()?.spec.pipeline.as_ref(),
        }
    }

    /// The namespace in which the pipeline runs.
    pub(crate) fn namespace(self, loaded: &Loaded, tenant: &str) -> String {
        match (self, &loaded.admission) {
            (Self::Managed, Ok(admission)) => admission.namespace().unwrap_or_default(),
            _ => tenant.to_owned(),
        }
    }

    /// Why the phase cannot begin although it should, once the release was found valid: the admission has gone since.
    pub(crate) fn obstacle(self, loaded: &Loaded) -> Option<&str> {
        match (self, &loaded.admission) {
            (Self::Managed, Err(problem)) if problem != NO_TARGET => Some(problem),
            _ => None,
        }
    }
}
