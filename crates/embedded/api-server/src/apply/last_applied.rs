//! The way from client-side to server-side apply (`lastAppliedManager` and `lastAppliedUpdater` of
//! `k8s.io/apimachinery/pkg/util/managedfields/internal`): a manager named `kubectl` may take over what
//! `kubectl apply` wrote before, and keeps the annotation of that time up to date.

use serde_json::{Value, json};

use super::compare::compare;
use super::field_set::FieldSet;
use super::managers::without_managed_fields;
use super::owned::owned;
use super::topology::Shape;

/// The only manager that this concerns.
pub(super) const MANAGER: &str = "kubectl";
const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

fn annotation(object: &Value) -> Option<&str> {
    object
        .get("metadata")?
        .get("annotations")?
        .get(ANNOTATION)?
        .as_str()
        .filter(|text| !text.is_empty())
}

/// What `kubectl apply` specified last in the client and the live object still has.
pub(super) fn owned_by_client(live: &Value, shape: &Shape) -> Option<FieldSet> {
    let last: Value = serde_json::from_str(annotation(live)?).ok()?;
    if last.get("apiVersion") != live.get("apiVersion") {
        return None;
    }
    let comparison = compare(&last, &without_managed_fields(live), shape);
    let fields = owned(&last, shape);
    Some(
        fields
            .difference(&comparison.modified)
            .difference(&comparison.added)
            .difference(&comparison.removed),
    )
}

/// Writes what was applied into the annotation, where the object has one.
pub(super) fn refresh(object: &mut Value, applied: &Value) {
    if annotation(object).is_none() {
        return;
    }
    let mut applied = applied.clone();
    if let Some(annotations) = applied
        .pointer_mut("/metadata/annotations")
        .and_then(Value::as_object_mut)
    {
        annotations.remove(ANNOTATION);
        if annotations.is_empty()
            && let Some(metadata) = applied["metadata"].as_object_mut()
        {
            metadata.remove("annotations");
        }
    }
    if let Some(annotations) = object
        .pointer_mut("/metadata/annotations")
        .and_then(Value::as_object_mut)
    {
        annotations.insert(ANNOTATION.to_owned(), json!(format!("{applied}\n")));
    }
}
