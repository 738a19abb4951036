//! The order of merged lists.

use serde_json::{Map, Value};

use super::directives::PATCH;
use super::error::StrategicMergeError;
use super::lists;
use super::strategies::{Strategy, strategy};
use crate::apply::Shape;

/// `$setElementOrder`: merges the patch's list, if it has one, into the original's and puts the items into `order`.
pub(super) fn merge_and_order(
    original: &mut Map<String, Value>,
    list: &str,
    patch: Option<&Value>,
    order: &Value,
    shape: &Shape,
) -> Result<(), StrategicMergeError> {
    let order = order
        .as_array()
        .ok_or(StrategicMergeError::SetElementOrder)?;
    if patch.is_some_and(Value::is_null) {
        original.remove(list);
        return Ok(());
    }
    let as_list = |value: &Value| {
        value
            .as_array()
            .cloned()
            .ok_or_else(|| StrategicMergeError::NotAList(list.to_owned()))
    };
    let before = original
        .get(list)
        .filter(|value| !value.is_null())
        .map(as_list)
        .transpose()?;
    let patched = patch.map(as_list).transpose()?;
    if before.is_none() && patched.is_none() {
        return Ok(());
    }
    let key = match strategy(shape) {
        Strategy::MergeBy(key) => Some(key),
        Strategy::MergeValues | Strategy::Replace => None,
    };
    check_agreement(patched.as_deref().unwrap_or_default(), order, key)?;
    let server_order = before.clone().unwrap_or_default();
    let merged = match patched {
        Some(patched) => lists::merge_items(&server_order, &patched, shape)?,
        None => server_order.clone(),
    };
    original.insert(
        list.to_owned(),
        Value::Array(ordered(merged, order, &server_order, key)),
    );
    Ok(())
}

/// The items that `order` names in that order; each other item stays before the named ones that it was before. New
/// items therefore come first, as `kubectl patch` users know it.
pub(super) fn ordered(
    items: Vec<Value>,
    order: &[Value],
    server_order: &[Value],
    key: Option<&str>,
) -> Vec<Value> {
    let place =
        |order: &[Value], item: &Value| order.iter().position(|other| same(other, item, key));
    let (mut named, mut others): (Vec<Value>, Vec<Value>) = items
        .into_iter()
        .partition(|item| place(order, item).is_some());
    named.sort_by_key(|item| place(order, item));
    others.sort_by_key(|item| place(server_order, item).unwrap_or(usize::MAX));
    let mut all = Vec::with_capacity(named.len() + others.len());
    let mut others = others.into_iter().peekable();
    for item in named {
        let own_place = place(server_order, &item);
        while let Some(other) = others.peek() {
            match (place(server_order, other), own_place) {
                (Some(other), Some(own)) if other < own => all.extend(others.next()),
                _ => break,
            }
        }
        all.push(item);
    }
    all.extend(others);
    all
}

fn same(left: &Value, right: &Value, key: Option<&str>) -> bool {
    match key {
        Some(key) => left.get(key).is_some() && left.get(key) == right.get(key),
        None => left == right,
    }
}

/// The items that the patch adds or changes must come in the order that it asks for.
fn check_agreement(
    patch: &[Value],
    order: &[Value],
    key: Option<&str>,
) -> Result<(), StrategicMergeError> {
    if order.is_empty() {
        return Ok(());
    }
    let mut rest = order.iter();
    for item in patch.iter().filter(|item| item.get(PATCH).is_none()) {
        if !rest.any(|other| same(other, item, key)) {
            return Err(StrategicMergeError::OrderMismatch {
                patch: Value::from(patch.to_vec()).to_string(),
                order: Value::from(order.to_vec()).to_string(),
            });
        }
    }
    Ok(())
}
