//! Strategic merge patch for built-in kinds (`k8s.io/apimachinery/pkg/util/strategicpatch`,
//! <https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/>).
//!
//! Objects merge, `null` removes, lists are replaced unless the kind declares a merge key or a set. Directives:
//!
//! | directive | where | meaning |
//! |---|---|---|
//! | `$patch: replace` | object | the patch is the new object |
//! | `$patch: delete` | object | the object becomes empty |
//! | `$patch: replace` | item of a list that merges | the patch's other items are the new list |
//! | `$patch: delete` | item of a list that merges | removes the item with the same merge key |
//! | `$retainKeys` | object | removes all fields that it does not list |
//! | `$deleteFromPrimitiveList/x` | object | removes these values from list `x` |
//! | `$setElementOrder/x` | object | puts the items of list `x` into this order |
//!
//! Like the real API server, this one refuses `$patch: merge`. Other keys that begin with `$` are errors.

mod directives;
mod error;
mod lists;
mod objects;
mod order;
mod strategies;

use serde_json::Value;

pub(crate) use error::StrategicMergeError;

/// Applies `patch` to an object of a built-in kind; `group` is empty for the core group. On an error the object is
/// unchanged.
///
/// # Errors
/// The first thing in the patch that has no meaning; the API answers it with `400 BadRequest`.
pub(crate) fn strategic_merge(
    original: &mut Value,
    patch: &Value,
    group: &str,
    kind: &str,
) -> Result<(), StrategicMergeError> {
    let (Some(object), Some(patch)) = (original.as_object(), patch.as_object()) else {
        return Err(StrategicMergeError::NotAnObject);
    };
    let merged = objects::merge(object.clone(), patch, strategies::of(group, kind))?;
    *original = Value::Object(merged);
    Ok(())
}

#[cfg(test)]
mod tests;
