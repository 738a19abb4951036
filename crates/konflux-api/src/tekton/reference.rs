//! References to pipelines and tasks.

use serde::{Deserialize, Serialize};

use super::{
    Param,
    unmodelled::{UnmodelledFields, modelled},
};

/// A reference to a Pipeline: by name in the run's namespace, or by a resolver.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineRef {
    /// The Pipeline's API version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// The Pipeline in the run's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The resolver: `cluster`, `git`, `bundles`, `hub`, `http`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolver: Option<String>,
    /// The resolver's parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Param>,
    /// Every other field, as given.
    #[serde(flatten)]
    pub unmodelled: UnmodelledFields,
}

modelled!(PipelineRef { params: "params" });

/// A reference to a Task: by name in the run's namespace, or by a resolver.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskRef {
    /// The Task's API version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// `Task`, which is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The Task in the run's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The resolver: `cluster`, `git`, `bundles`, `hub`, `http`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolver: Option<String>,
    /// The resolver's parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Param>,
    /// Every other field, as given.
    #[serde(flatten)]
    pub unmodelled: UnmodelledFields,
}

modelled!(TaskRef { params: "params" });

impl PipelineRef {
    /// A reference by a resolver, with text parameters.
    pub fn resolver<'a>(
        resolver: &str,
        params: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        Self {
            resolver: Some(resolver.to_owned()),
            params: params
                .into_iter()
                .map(|(name, value)| Param::string(name, value))
                .collect(),
            ..Self::default()
        }
    }
}
