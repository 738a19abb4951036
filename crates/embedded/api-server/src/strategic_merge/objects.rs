//! Merging objects.

use serde_json::{Map, Value};

use super::directives::{Key, PATCH, RETAIN_KEYS, as_data, unknown_patch_type};
use super::error::StrategicMergeError;
use super::{lists, order};
use crate::apply::Shape;

/// `original` as `patch` changes it.
pub(super) fn merge(
    mut original: Map<String, Value>,
    patch: &Map<String, Value>,
    shape: &Shape,
) -> Result<Map<String, Value>, StrategicMergeError> {
    match patch.get(PATCH) {
        Some(Value::String(patch_type)) if patch_type == "delete" => return Ok(Map::new()),
        Some(Value::String(patch_type)) if patch_type == "replace" => {
            return Ok(match as_data(&Value::Object(patch.clone()))? {
                Some(Value::Object(members)) => members,
                _ => Map::new(),
            });
        }
        Some(other) => return Err(unknown_patch_type(other, patch)),
        None => {}
    }
    retain_keys(&mut original, patch)?;
    let mut ordered = Vec::new();
    for (key, value) in patch {
        if let Key::ElementOrder(list) = Key::parse(key)? {
            order::merge_and_order(
                &mut original,
                list,
                patch.get(list),
                value,
                shape.field(list),
            )?;
            ordered.push(list);
        }
    }
    for (key, value) in patch {
        match Key::parse(key)? {
            Key::Field(name) if !ordered.contains(&name) => {
                merge_field(&mut original, name, value, shape.field(name))?
            }
            Key::DeleteFromList(list) => lists::delete_values(&mut original, list, value)?,
            Key::Field(_) | Key::ElementOrder(_) | Key::OfObject => {}
        }
    }
    Ok(original)
}

fn merge_field(
    original: &mut Map<String, Value>,
    name: &str,
    patch: &Value,
    shape: &Shape,
) -> Result<(), StrategicMergeError> {
    let merged = match (original.remove(name), patch) {
        (_, Value::Null) => None,
        (Some(Value::Object(original)), Value::Object(patch)) => {
            Some(Value::Object(merge(original, patch, shape)?))
        }
        (Some(Value::Array(original)), Value::Array(patch)) => {
            Some(Value::Array(lists::merge(original, patch, shape)?))
        }
        (_, patch) => as_data(patch)?,
    };
    if let Some(merged) = merged {
        original.insert(name.to_owned(), merged);
    }
    Ok(())
}

/// Clears every field that `$retainKeys` does not list; the patch may only set fields that it lists.
fn retain_keys(
    original: &mut Map<String, Value>,
    patch: &Map<String, Value>,
) -> Result<(), StrategicMergeError> {
    let Some(retained) = patch.get(RETAIN_KEYS) else {
        return Ok(());
    };
    let retained = retained.as_array().ok_or(StrategicMergeError::RetainKeys)?;
    let is_retained = |name: &str| {
        retained
            .iter()
            .any(|retained| retained.as_str() == Some(name))
    };
    for (key, value) in patch {
        if let Key::Field(name) = Key::parse(key)?
            && !value.is_null()
            && !is_retained(name)
        {
            return Err(StrategicMergeError::RetainKeys);
        }
    }
    original.retain(|name, _| is_retained(name));
    Ok(())
}
