//! Kubernetes' strategic merge patch.

use serde_json::Value;

/// The patch cannot be applied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StrategicMergeError {
    #[error("strategic merge patch is not modelled yet for {0}")]
    Kind(String),
}

/// Applies a strategic merge patch to an object of a built-in kind.
pub(crate) fn merge(
    kind: &str,
    _existing: &Value,
    _patch: &Value,
) -> Result<Value, StrategicMergeError> {
    Err(StrategicMergeError::Kind(kind.to_owned()))
}
