//! Merging lists, by the key of their items or by their values.

use serde_json::Value;

use super::{DIRECTIVE, StrategicMergeError, merge as merge_values, without_directives};
use crate::apply::{Merge, Shape};

/// Merges a patch into a list. What the patch names comes in the order of `order`, or else of the patch; what only the original has
/// keeps its place as far as that allows.
pub(super) fn merge(
    original: &[Value],
    patch: &[Value],
    order: Option<&[Value]>,
    shape: &Shape,
) -> Result<Vec<Value>, StrategicMergeError> {
    let key = match &shape.merge {
        Merge::Map(keys) => keys.first().map(|(key, _)| key.as_str()),
        _ => None,
    };
    let identity = |item: &Value| key.map_or_else(|| item.clone(), |key| item[key].clone());
    let mut merged = original.to_vec();
    let mut named = Vec::new();
    for item in patch {
        match item.get(DIRECTIVE).and_then(Value::as_str) {
            // An item with nothing but this replaces the whole list by the other items.
            Some("replace") => merged.clear(),
            Some("delete") => {
                check_key(item, key)?;
                merged.retain(|existing| identity(existing) != identity(item));
            }
            Some("merge") | None => named.push(item),
            Some(other) => return Err(StrategicMergeError::Directive(other.to_owned())),
        }
    }
    for item in &named {
        check_key(item, key)?;
        match merged
            .iter_mut()
            .find(|existing| identity(existing) == identity(item))
        {
            Some(existing) => *existing = merge_values(existing, item, shape.element())?,
            None => merged.push(without_directives(item, shape.element())?),
        }
    }
    let wanted: Vec<Value> = match order {
        Some(order) => order
            .iter()
            .map(|item| {
                if item.is_object() {
                    identity(item)
                } else {
                    item.clone()
                }
            })
            .collect(),
        None => named.iter().map(|item| identity(item)).collect(),
    };
    let server_order: Vec<Value> = original.iter().map(&identity).collect();
    Ok(ordered(merged, &wanted, &server_order, &identity))
}

fn check_key(item: &Value, key: Option<&str>) -> Result<(), StrategicMergeError> {
    match key {
        Some(key) if item.get(key).is_none() => Err(StrategicMergeError::MissingMergeKey {
            item: item.to_string(),
            key: key.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Puts the wanted items into the wanted order, and each other item before the first wanted one that it preceded.
fn ordered(
    items: Vec<Value>,
    wanted: &[Value],
    server_order: &[Value],
    identity: &dyn Fn(&Value) -> Value,
) -> Vec<Value> {
    let position =
        |list: &[Value], item: &Value| list.iter().position(|other| *other == identity(item));
    let (mut named, others): (Vec<_>, Vec<_>) = items
        .into_iter()
        .partition(|item| position(wanted, item).is_some());
    named.sort_by_key(|item| position(wanted, item));
    let mut result = Vec::with_capacity(named.len() + others.len());
    let mut others = others.into_iter().peekable();
    for item in named {
        while let Some(other) = others.peek() {
            match (position(server_order, other), position(server_order, &item)) {
                (Some(other), Some(item)) if other < item => result.extend(others.next()),
                _ => break,
            }
        }
        result.push(item);
    }
    result.extend(others);
    result
}
