//! Finalizers: adding and removing one, so that others on the same object stay.

use kube::{Resource, ResourceExt};
use serde_json::{Value, json};

/// The metadata patch that adds a finalizer; `None` when it is there. The resource version makes a concurrent change a
/// conflict instead of a loss.
pub(crate) fn addition<K: Resource>(object: &K, finalizer: &str) -> Option<Value> {
    let present = object.finalizers();
    if present.iter().any(|existing| existing == finalizer) {
        return None;
    }
    let finalizers: Vec<&str> = present
        .iter()
        .map(String::as_str)
        .chain([finalizer])
        .collect();
    Some(json!({"finalizers": finalizers, "resourceVersion": object.resource_version()}))
}

/// The metadata patch that removes a finalizer; `None` when it is not there.
pub(crate) fn removal<K: Resource>(object: &K, finalizer: &str) -> Option<Value> {
    let present = object.finalizers();
    if present.iter().all(|existing| existing != finalizer) {
        return None;
    }
    let finalizers: Vec<&String> = present
        .iter()
        .filter(|existing| *existing != finalizer)
        .collect();
    Some(json!({"finalizers": finalizers, "resourceVersion": object.resource_version()}))
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;

    use super::*;

    fn object(finalizers: &[&str]) -> ConfigMap {
        serde_json::from_value(
            json!({"metadata": {"resourceVersion": "7", "finalizers": finalizers}}),
        )
        .unwrap()
    }

    #[test]
    fn other_finalizers_stay() {
        assert_eq!(
            addition(&object(&["a"]), "b").unwrap(),
            json!({"finalizers": ["a", "b"], "resourceVersion": "7"})
        );
        assert_eq!(
            removal(&object(&["a", "b"]), "b").unwrap(),
            json!({"finalizers": ["a"], "resourceVersion": "7"})
        );
    }

    #[test]
    fn nothing_is_written_when_nothing_changes() {
        assert_eq!(addition(&object(&["a"]), "a"), None);
        assert_eq!(removal(&object(&["a"]), "b"), None);
    }
}
