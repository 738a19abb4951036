//! The pipelines that a release plan or admission asks for.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::tekton::{PipelineRef, Timeouts};

/// A pipeline that release-service runs. One type serves admissions and plans; admissions have no `params`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleasePipeline {
    /// Where the pipeline is.
    pub pipeline_ref: PipelineSource,
    /// The ServiceAccount that the pipeline runs as; Tekton's default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// Limits of the PipelineRun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Timeouts>,
    /// Parameters for the pipeline, after the ones that release-service adds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<PipelineParameter>,
    /// Tekton's `taskRunSpecs`, as given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub task_run_specs: Vec<Value>,
    /// How often a failed pipeline is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<u32>,
}

/// A reference to a pipeline by one of Tekton's resolvers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineSource {
    /// The resolver: `git`, `bundles` or `cluster`.
    pub resolver: String,
    /// The resolver's parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<PipelineParameter>,
    /// The repository in which the pipeline's tasks keep trusted artifacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oci_storage: Option<String>,
    /// Whether the release workspace is an emptyDir instead of a claim.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub use_empty_dir: bool,
}

/// A named text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineParameter {
    /// The parameter's name.
    pub name: String,
    /// The parameter's value.
    pub value: String,
}

impl PipelineSource {
    /// The value of one of the resolver's parameters.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|parameter| parameter.name == name)
            .map(|parameter| parameter.value.as_str())
    }

    /// The same reference as Tekton writes it.
    pub fn to_tekton(&self) -> PipelineRef {
        PipelineRef::resolver(
            &self.resolver,
            self.params
                .iter()
                .map(|parameter| (parameter.name.as_str(), parameter.value.as_str())),
        )
    }
}
