//! The annotation in which build-service answers.

use konflux_api::{SOURCE_HOST, names};
use serde::{Deserialize, Serialize};

/// What build-service says while a Component has no repository to push to.
pub(crate) const WAITING_FOR_IMAGE: &str = "waiting for spec.containerImage to be set by ImageRepository with annotation \
    image-controller.appstudio.redhat.com/update-component-image";

/// The content of `build.appstudio.openshift.io/status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BuildStatus {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pac: Option<PipelinesAsCodeStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

/// Where Pipelines as Code stands for a Component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct PipelinesAsCodeStatus {
    pub(crate) state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error_id: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error_message: Option<String>,
}

/// A problem with one of build-service's numbers; it does not go away by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{id}: {text}")]
pub(crate) struct BuildError {
    pub(crate) id: u32,
    pub(crate) text: String,
}

impl BuildError {
    pub(crate) fn new(id: u32, text: impl Into<String>) -> Self {
        Self {
            id,
            text: text.into(),
        }
    }

    /// The ConfigMap of build pipelines is not there.
    pub(crate) fn no_pipeline_config() -> Self {
        let text = format!(
            "the ConfigMap {} with the build pipelines does not exist in the namespace {}",
            names::BUILD_PIPELINE_CONFIG,
            names::BUILD_SERVICE_NAMESPACE
        );
        Self::new(305, text)
    }
}

impl BuildStatus {
    /// Everything that was asked for is done.
    pub(crate) fn done() -> Self {
        let pac = PipelinesAsCodeStatus {
            state: "disabled".to_owned(),
            ..PipelinesAsCodeStatus::default()
        };
        Self {
            pac: Some(pac),
            message: Some("done".to_owned()),
        }
    }

    /// Only a sentence; what was known of Pipelines as Code stays.
    pub(crate) fn message(self, text: impl Into<String>) -> Self {
        Self {
            message: Some(text.into()),
            ..self
        }
    }

    /// What was asked for cannot be done.
    pub(crate) fn failed(error: &BuildError) -> Self {
        let pac = PipelinesAsCodeStatus {
            state: "error".to_owned(),
            error_id: Some(error.id),
            error_message: Some(error.to_string()),
        };
        Self {
            pac: Some(pac),
            message: Some(error.to_string()),
        }
    }

    /// Pipelines as Code needs a git host, which this model has not.
    pub(crate) fn no_pipelines_as_code() -> Self {
        Self::failed(&BuildError::new(
            60,
            format!(
                "unknown git provider: konflux-local models no Pipelines as Code; components with source on https://{SOURCE_HOST} are \
                 built by the request trigger-pac-build"
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_annotation_has_the_names_that_build_service_uses() {
        let written =
            serde_json::to_value(BuildStatus::failed(&BuildError::new(60, "text"))).unwrap();
        let expected = serde_json::json!({
            "pac": {"state": "error", "error-id": 60, "error-message": "60: text"}, "message": "60: text",
        });
        assert_eq!(written, expected);
    }
}
