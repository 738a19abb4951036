//! What changed between two objects (`structured-merge-diff/typed/compare.go`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::field_set::FieldSet;
use super::form::Form;
use super::path::PathElement;
use super::topology::Shape;

/// The places that differ.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// Places that only the left object has.
    pub(super) removed: FieldSet,
    /// Places that both have with different values.
    pub(super) modified: FieldSet,
    /// Places that only the right object has.
    pub(super) added: FieldSet,
}

/// Compares two objects of the same shape.
pub(super) fn compare(left: &Value, right: &Value, shape: &Shape) -> Comparison {
    let mut walk = Walk {
        path: Vec::new(),
        comparison: Comparison::default(),
    };
    walk.values(Some(left), Some(right), shape);
    walk.comparison
}

/// All items with one identity; more than one only where the identity repeats.
type Items<'a> = (Vec<&'a Value>, Vec<&'a Value>);

struct Walk {
    path: Vec<PathElement>,
    comparison: Comparison,
}

impl Walk {
    fn values(&mut self, left: Option<&Value>, right: Option<&Value>, shape: &Shape) {
        let (left_form, right_form) = (Form::of(left, shape), Form::of(right, shape));
        if left_form.is_leaf()
            || right_form.is_leaf()
            || !(left_form.has_parts() || right_form.has_parts())
        {
            match (left, right) {
                (None, _) => self.comparison.added.insert(&self.path),
                (_, None) => self.comparison.removed.insert(&self.path),
                (Some(left), Some(right)) if left != right => {
                    self.comparison.modified.insert(&self.path)
                }
                _ => {}
            }
            // A value without parts in place of one with parts: the parts come or go besides.
            if left.is_some() && right.is_some() {
                self.parts(left_form, right_form, shape);
            }
            return;
        }
        self.parts(left_form, right_form, shape);
        if left.is_none() {
            self.comparison.added.insert(&self.path);
        } else if right.is_none() {
            self.comparison.removed.insert(&self.path);
        }
    }

    fn parts(&mut self, left: Form<'_>, right: Form<'_>, shape: &Shape) {
        let mut parts: BTreeMap<PathElement, Items<'_>> = BTreeMap::new();
        for (element, value) in elements(left) {
            parts.entry(element).or_default().0.push(value);
        }
        for (element, value) in elements(right) {
            parts.entry(element).or_default().1.push(value);
        }
        for (element, (left, right)) in parts {
            let shape = match &element {
                PathElement::Field(name) => shape.field(name),
                _ => shape.element(),
            };
            self.path.push(element);
            match (left.as_slice(), right.as_slice()) {
                ([] | [_], [] | [_]) => {
                    self.values(left.first().copied(), right.first().copied(), shape)
                }
                ([_, _, ..], [_, _, ..]) if left == right => {}
                ([_, _, ..], [_, _, ..]) => self.comparison.modified.insert(&self.path),
                ([_, _, ..], _) => {
                    if let Some(right) = right.first() {
                        self.values(None, Some(right), shape);
                    }
                    self.comparison.removed.insert(&self.path);
                }
                (_, _) => {
                    if let Some(left) = left.first() {
                        self.values(Some(left), None, shape);
                    }
                    self.comparison.added.insert(&self.path);
                }
            }
            self.path.pop();
        }
    }
}

fn elements(form: Form<'_>) -> Vec<(PathElement, &Value)> {
    match form {
        Form::Fields(members) => members
            .iter()
            .map(|(name, value)| (PathElement::Field(name.clone()), value))
            .collect(),
        Form::Items(items) => items,
        Form::Absent | Form::Null | Form::Leaf => Vec::new(),
    }
}
