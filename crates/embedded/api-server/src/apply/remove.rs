//! Taking places out of an object (`structured-merge-diff/typed/remove.go`).

use serde_json::Value;

use super::field_set::FieldSet;
use super::form::Form;
use super::path::PathElement;
use super::topology::Shape;

/// `value` without the places in `set`. What loses all its parts stays as an empty object or list, as somebody may own
/// it (structured-merge-diff leaves a null there).
pub(super) fn remove(value: &Value, set: &FieldSet, shape: &Shape) -> Value {
    let part = |element: &PathElement, part: &Value, shape: &Shape| {
        if set.has(element) {
            return None;
        }
        Some(match set.below(element) {
            Some(below) => remove(part, below, shape),
            None => part.clone(),
        })
    };
    match Form::of(Some(value), shape) {
        Form::Fields(members) => {
            let kept = members.iter().filter_map(|(name, member)| {
                let element = PathElement::Field(name.clone());
                Some((name.clone(), part(&element, member, shape.field(name))?))
            });
            Value::Object(kept.collect())
        }
        Form::Items(items) => {
            let kept = items
                .iter()
                .filter_map(|(element, item)| part(element, item, shape.element()));
            Value::Array(kept.collect())
        }
        Form::Absent | Form::Null | Form::Leaf => value.clone(),
    }
}
