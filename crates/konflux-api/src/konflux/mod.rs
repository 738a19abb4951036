//! The kinds of the API group `appstudio.redhat.com/v1alpha1`.
//!
//! Field sources: konflux-ci/application-api (Application, Component, Snapshot), konflux-ci/release-service (Release and
//! its plans), enterprise-contract/enterprise-contract-controller (EnterpriseContractPolicy).

mod application;
mod component;
mod enterprise_contract_policy;
mod release;
mod release_pipeline;
mod release_plan;
mod release_plan_admission;
mod release_service_config;
mod snapshot;

pub use application::{Application, ApplicationSpec, ApplicationStatus};
pub use component::{Component, ComponentSource, ComponentSpec, ComponentStatus, GitSource};
pub use enterprise_contract_policy::{EnterpriseContractPolicy, EnterpriseContractPolicySpec};
pub use release::{
    Attribution, EventInfo, PipelineAttempt, PipelineInfo, Release, ReleaseSpec, ReleaseStatus,
    RoleBindings,
};
pub use release_pipeline::{PipelineParameter, PipelineSource, ReleasePipeline};
pub use release_plan::{ReleasePlan, ReleasePlanSpec, ReleasePlanStatus};
pub use release_plan_admission::{
    ReleasePlanAdmission, ReleasePlanAdmissionSpec, ReleasePlanAdmissionStatus, RetryInfo,
};
pub use release_service_config::{ReleaseServiceConfig, ReleaseServiceConfigSpec};
pub use snapshot::{Snapshot, SnapshotComponent, SnapshotSpec, SnapshotStatus};

/// The API group of every kind in this module.
pub const GROUP: &str = "appstudio.redhat.com";
/// The API version of every kind in this module.
pub const VERSION: &str = "v1alpha1";
