//! Merging a configuration into an object (`structured-merge-diff/typed/merge.go`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use super::form::Form;
use super::path::PathElement;
use super::topology::Shape;

/// `live` with everything that `applied` specifies.
pub(super) fn merge(live: &Value, applied: &Value, shape: &Shape) -> Value {
    match (Form::of(Some(live), shape), Form::of(Some(applied), shape)) {
        (Form::Fields(left), Form::Fields(right)) => {
            let mut merged: Map<String, Value> = left.clone();
            for (name, value) in right {
                let value = match left.get(name) {
                    Some(live) => merge(live, value, shape.field(name)),
                    None => value.clone(),
                };
                merged.insert(name.clone(), value);
            }
            Value::Object(merged)
        }
        (Form::Items(left), Form::Items(right)) if !(left.is_empty() && right.is_empty()) => {
            Value::Array(merge_items(&left, &right, shape.element()))
        }
        // Null specifies no parts, so it takes none away.
        (left, Form::Null) if left.has_parts() => live.clone(),
        _ => applied.clone(),
    }
}

/// The items of both lists, those of the right one in its order.
fn merge_items(
    left: &[(PathElement, &Value)],
    right: &[(PathElement, &Value)],
    shape: &Shape,
) -> Vec<Value> {
    let mut left_values: BTreeMap<&PathElement, Option<&Value>> = BTreeMap::new();
    for (element, value) in left {
        // Of items that repeat, none is merged with the new one.
        left_values
            .entry(element)
            .and_modify(|repeated| *repeated = None)
            .or_insert(Some(value));
    }
    let right_elements: BTreeSet<&PathElement> = right.iter().map(|(element, _)| element).collect();
    let mut shared: VecDeque<&PathElement> = right
        .iter()
        .map(|(element, _)| element)
        .filter(|element| left_values.contains_key(element))
        .collect();
    let merged = |element: &PathElement, value: &Value| match left_values.get(element) {
        Some(Some(live)) => merge(live, value, shape),
        _ => value.clone(),
    };
    let mut out = Vec::new();
    let mut done: BTreeSet<&PathElement> = BTreeSet::new();
    let (mut left_index, mut right_index) = (0, 0);
    while left_index < left.len() || right_index < right.len() {
        let next_left = left.get(left_index);
        let next_right = right.get(right_index);
        if let (Some((left_element, _)), Some((right_element, value))) = (next_left, next_right) {
            if left_element == right_element {
                out.push(merged(right_element, value));
                done.insert(right_element);
                shared.pop_front();
                (left_index, right_index) = (left_index + 1, right_index + 1);
                continue;
            }
            let other_shared = shared.front().is_some_and(|next| *next != left_element);
            if right_elements.contains(left_element) && other_shared {
                left_index += 1;
                continue;
            }
        }
        if let Some((element, value)) = next_left {
            if !right_elements.contains(element) {
                out.push((*value).clone());
                left_index += 1;
                continue;
            }
            if done.contains(element) {
                left_index += 1;
            }
        }
        if let Some((element, value)) = next_right {
            out.push(merged(element, value));
            done.insert(element);
            right_index += 1;
            if shared.front() == Some(&element) {
                shared.pop_front();
            }
        }
    }
    out
}
