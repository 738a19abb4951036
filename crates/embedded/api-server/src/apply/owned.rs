//! What a manager owns that applies a configuration (`structured-merge-diff/typed/tofieldset.go`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::field_set::{Branch, FieldSet};
use super::form::Form;
use super::path::PathElement;
use super::topology::Shape;

/// Every place that `value` specifies.
pub(super) fn owned(value: &Value, shape: &Shape) -> FieldSet {
    branch(value, shape).below
}

fn branch(value: &Value, shape: &Shape) -> Branch {
    let mut below = FieldSet::default();
    match Form::of(Some(value), shape) {
        Form::Leaf => {
            return Branch {
                member: true,
                below,
            };
        }
        Form::Absent | Form::Null => {}
        Form::Fields(members) => {
            for (name, member) in members {
                let mut branch = branch(member, shape.field(name));
                let hollow =
                    member.is_null() || member.as_object().is_some_and(serde_json::Map::is_empty);
                branch.member |= hollow || !shape.names(name);
                below.add(PathElement::Field(name.clone()), branch);
            }
        }
        Form::Items(items) => {
            let mut seen = BTreeSet::new();
            let repeated: BTreeSet<&PathElement> = items
                .iter()
                .map(|(element, _)| element)
                .filter(|element| !seen.insert(*element))
                .collect();
            for (element, item) in &items {
                let mut branch = Branch {
                    member: true,
                    below: FieldSet::default(),
                };
                if !repeated.contains(element) {
                    branch.below = owned(item, shape.element());
                }
                below.add(element.clone(), branch);
            }
        }
    }
    Branch {
        member: false,
        below,
    }
}
