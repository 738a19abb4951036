//! Taking places out of an object (`structured-merge-diff/typed/remove.go`).

use serde_json::Value;

use super::field_set::FieldSet;
use super::form::Form;
use super::path::PathElement;
use super::topology::Shape;

/// `value` without the places in `set`; nothing when that leaves nothing of a value that had parts.
pub(super) fn remove(value: &Value, set: &FieldSet, shape: &Shape) -> Option<Value> {
    let form = Form::of(Some(value), shape);
    if !form.has_parts() {
        return Some(value.clone());
    }
    let part = |element: &PathElement, part: &Value, shape: &Shape| {
        if set.has(element) {
            return None;
        }
        match set.below(element) {
            Some(below) => remove(part, below, shape),
            None => Some(part.clone()),
        }
    };
    match form {
        Form::Fields(members) => {
            let kept: serde_json::Map<String, Value> = members
                .iter()
                .filter_map(|(name, member)| {
                    let element = PathElement::Field(name.clone());
                    Some((name.clone(), part(&element, member, shape.field(name))?))
                })
                .collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Form::Items(items) => {
            let kept: Vec<Value> = items
                .iter()
                .filter_map(|(element, item)| part(element, item, shape.element()))
                .collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        Form::Absent | Form::Null | Form::Leaf => Some(value.clone()),
    }
}
