//! Merging lists.

use serde_json::{Map, Value};

use super::directives::{PATCH, as_data, unknown_patch_type};
use super::error::StrategicMergeError;
use super::strategies::{Strategy, strategy};
use super::{objects, order};
use crate::apply::Shape;

/// `original` as `patch` changes it: replaced, or merged and in the patch's order.
pub(super) fn merge(
    original: Vec<Value>,
    patch: &[Value],
    shape: &Shape,
) -> Result<Vec<Value>, StrategicMergeError> {
    let key = match strategy(shape) {
        Strategy::Replace => return replaced(patch),
        Strategy::MergeBy(key) => Some(key),
        Strategy::MergeValues => None,
    };
    let merged = merge_items(&original, patch, shape)?;
    // Directives say nothing about order.
    let patched: Vec<Value> = patch
        .iter()
        .filter(|item| item.get(PATCH).is_none())
        .cloned()
        .collect();
    Ok(order::ordered(merged, &patched, &original, key))
}

fn replaced(patch: &[Value]) -> Result<Vec<Value>, StrategicMergeError> {
    let items: Result<Vec<_>, _> = patch.iter().map(as_data).collect();
    Ok(items?.into_iter().flatten().collect())
}

/// The merged items, the new ones last.
pub(super) fn merge_items(
    original: &[Value],
    patch: &[Value],
    shape: &Shape,
) -> Result<Vec<Value>, StrategicMergeError> {
    let objects = items_are_objects(original.iter().chain(patch))?;
    match strategy(shape) {
        Strategy::Replace => replaced(patch),
        Strategy::MergeBy(key) if objects => merge_objects(original, patch, key, shape.element()),
        Strategy::MergeBy(_) => Err(StrategicMergeError::MixedItems),
        Strategy::MergeValues => {
            let mut merged: Vec<Value> = Vec::new();
            for value in original.iter().chain(patch) {
                if !merged.contains(value) {
                    merged.push(value.clone());
                }
            }
            Ok(merged)
        }
    }
}

/// Whether the items are objects; an empty list may be one of objects.
fn items_are_objects<'a>(
    items: impl Iterator<Item = &'a Value>,
) -> Result<bool, StrategicMergeError> {
    let mut kind = None;
    for item in items {
        if item.is_array() {
            return Err(StrategicMergeError::ListOfLists);
        }
        let discriminant = std::mem::discriminant(item);
        match kind {
            Some((seen, _)) if seen != discriminant => return Err(StrategicMergeError::MixedItems),
            _ => kind = Some((discriminant, item.is_object())),
        }
    }
    Ok(kind.is_none_or(|(_, objects)| objects))
}

fn merge_objects(
    original: &[Value],
    patch: &[Value],
    key: &str,
    shape: &Shape,
) -> Result<Vec<Value>, StrategicMergeError> {
    let mut merged = original.to_vec();
    let mut changes: Vec<&Map<String, Value>> = Vec::new();
    let mut replace = false;
    for item in patch.iter().filter_map(Value::as_object) {
        match item.get(PATCH) {
            None => changes.push(item),
            Some(Value::String(patch_type)) if patch_type == "delete" => {
                let identity = merge_key(item, key)?;
                merged.retain(|item| item.get(key) != Some(identity));
            }
            Some(Value::String(patch_type)) if patch_type == "replace" => replace = true,
            Some(Value::String(patch_type)) if patch_type == "merge" => {
                return Err(StrategicMergeError::MergeInList);
            }
            Some(other) => return Err(unknown_patch_type(other, item)),
        }
    }
    if replace {
        merged.clear();
    }
    for change in changes {
        let identity = merge_key(change, key)?;
        match merged
            .iter_mut()
            .find(|item| item.get(key) == Some(identity))
        {
            Some(Value::Object(item)) => {
                *item = objects::merge(std::mem::take(item), change, shape)?
            }
            _ => merged.extend(as_data(&Value::Object(change.clone()))?),
        }
    }
    match merged
        .iter()
        .filter_map(Value::as_object)
        .find(|item| !item.contains_key(key))
    {
        Some(item) => merge_key(item, key).map(|_| merged.clone()),
        None => Ok(merged),
    }
}

fn merge_key<'a>(
    item: &'a Map<String, Value>,
    key: &str,
) -> Result<&'a Value, StrategicMergeError> {
    item.get(key)
        .ok_or_else(|| StrategicMergeError::NoMergeKey {
            map: Value::Object(item.clone()).to_string(),
            key: key.to_owned(),
        })
}

/// `$deleteFromPrimitiveList`: removes the values from the list, if there is one.
pub(super) fn delete_values(
    original: &mut Map<String, Value>,
    list: &str,
    values: &Value,
) -> Result<(), StrategicMergeError> {
    let values = values
        .as_array()
        .ok_or(StrategicMergeError::PrimitiveList)?;
    match original.get_mut(list) {
        Some(Value::Array(items)) => items.retain(|item| !values.contains(item)),
        Some(Value::Null) | None => {}
        Some(_) => return Err(StrategicMergeError::NotAList(list.to_owned())),
    }
    Ok(())
}
