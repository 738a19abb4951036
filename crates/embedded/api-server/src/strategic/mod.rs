//! Kubernetes' strategic merge patch: a merge patch that knows which lists merge by a key.
//! Source: k8s.io/apimachinery/pkg/util/strategicpatch/patch.go.

mod list;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::apply::{Merge, Shape};

/// `$patch` in an object: how the object is to be treated as a whole.
const DIRECTIVE: &str = "$patch";
/// `$retainKeys` in an object: the fields that stay.
const RETAIN_KEYS: &str = "$retainKeys";
/// Prefix of a field that lists what to remove from a list of primitive values.
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList/";
/// Prefix of a field that says in which order a list is to be.
const SET_ORDER: &str = "$setElementOrder/";

/// The patch cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StrategicMergeError {
    /// `$patch` has a value that does not exist.
    #[error("Unknown patch type found: {0}")]
    Directive(String),
    /// An item of a list that merges by key has no such key.
    #[error("map: {item} does not contain declared merge key: {key}")]
    MissingMergeKey {
        /// The item.
        item: String,
        /// The key that it should have.
        key: String,
    },
    /// A directive does not have the form that it must have.
    #[error("invalid value of the directive {0}")]
    MalformedDirective(String),
}

/// Applies a strategic merge patch to an object whose lists merge as `shape` says.
pub(crate) fn merge(
    original: &Value,
    patch: &Value,
    shape: &Shape,
) -> Result<Value, StrategicMergeError> {
    match (original, patch) {
        (Value::Object(original), Value::Object(patch)) => {
            merge_objects(original, patch, shape).map(Value::Object)
        }
        (_, patch) => without_directives(patch, shape),
    }
}

fn merge_objects(
    original: &Map<String, Value>,
    patch: &Map<String, Value>,
    shape: &Shape,
) -> Result<Map<String, Value>, StrategicMergeError> {
    if let Some(directive) = patch.get(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => {
                let mut replaced = patch.clone();
                replaced.remove(DIRECTIVE);
                Ok(replaced)
            }
            Some("delete") => Ok(Map::new()),
            _ => Err(StrategicMergeError::Directive(directive.to_string())),
        };
    }
    let mut merged = original.clone();
    if let Some(retained) = patch.get(RETAIN_KEYS) {
        let retained = retained.as_array().ok_or_else(|| malformed(RETAIN_KEYS))?;
        merged.retain(|field, _| retained.iter().any(|name| name == field));
    }
    for (field, values) in patch {
        if let Some(field) = field.strip_prefix(DELETE_FROM_LIST) {
            let values = values
                .as_array()
                .ok_or_else(|| malformed(DELETE_FROM_LIST))?;
            if let Some(list) = merged.get_mut(field).and_then(Value::as_array_mut) {
                list.retain(|value| !values.contains(value));
            }
        }
    }
    for (field, value) in patch.iter().filter(|(field, _)| !field.starts_with('$')) {
        let field_shape = shape.field(field);
        let order = patch
            .get(&format!("{SET_ORDER}{field}"))
            .map(order_of)
            .transpose()?;
        let result = match (merged.get(field), value) {
            (_, Value::Null) => None,
            (Some(Value::Array(original)), Value::Array(patch)) if merges(field_shape) => Some(
                Value::Array(list::merge(original, patch, order, field_shape)?),
            ),
            (Some(original), value) => Some(merge(original, value, field_shape)?),
            (None, value) => Some(without_directives(value, field_shape)?),
        };
        match result {
            Some(value) => merged.insert(field.clone(), value),
            None => merged.remove(field),
        };
    }
    reorder_untouched_lists(&mut merged, patch, shape)?;
    Ok(merged)
}

/// A patch may say nothing of a list but its order.
fn reorder_untouched_lists(
    merged: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    shape: &Shape,
) -> Result<(), StrategicMergeError> {
    for (directive, order) in patch {
        let Some(field) = directive.strip_prefix(SET_ORDER) else {
            continue;
        };
        if patch.contains_key(field) || !merges(shape.field(field)) {
            continue;
        }
        if let Some(Value::Array(list)) = merged.get_mut(field) {
            *list = list::merge(list, &[], Some(order_of(order)?), shape.field(field))?;
        }
    }
    Ok(())
}

/// Whether a list merges at all; the others are replaced.
fn merges(shape: &Shape) -> bool {
    matches!(shape.merge, Merge::Set | Merge::Map(_))
}

fn order_of(order: &Value) -> Result<&[Value], StrategicMergeError> {
    order
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| malformed(SET_ORDER))
}

fn malformed(directive: &str) -> StrategicMergeError {
    StrategicMergeError::MalformedDirective(directive.to_owned())
}

/// A value of the patch that meets nothing in the original: without nulls and directives.
fn without_directives(value: &Value, shape: &Shape) -> Result<Value, StrategicMergeError> {
    match value {
        Value::Object(patch) => merge_objects(&Map::new(), patch, shape).map(Value::Object),
        Value::Array(items) if merges(shape) => {
            list::merge(&[], items, None, shape).map(Value::Array)
        }
        other => Ok(other.clone()),
    }
}
