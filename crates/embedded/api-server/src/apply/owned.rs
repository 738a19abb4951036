//! The places that an object has (`structured-merge-diff/typed/tofieldset.go`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::field_set::{Branch, FieldSet};
use super::form::Form;
use super::path::PathElement;
use super::topology::Shape;

/// Every place that a manager owns that applies `value`. An empty list that merges specifies nothing.
pub(super) fn owned(value: &Value, shape: &Shape) -> FieldSet {
    branch(value, shape, EmptyList::SaysNothing).below
}

/// Every place in `value`, those of empty lists too.
pub(super) fn present(value: &Value, shape: &Shape) -> FieldSet {
    branch(value, shape, EmptyList::IsThere).below
}

#[derive(Clone, Copy, PartialEq)]
enum EmptyList {
    SaysNothing,
    IsThere,
}

fn branch(value: &Value, shape: &Shape, empty_list: EmptyList) -> Branch {
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
                let mut branch = branch(member, shape.field(name), empty_list);
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
                let below_item = if repeated.contains(element) {
                    FieldSet::default()
                } else {
                    branch(item, shape.element(), empty_list).below
                };
                below.add(
                    element.clone(),
                    Branch {
                        member: true,
                        below: below_item,
                    },
                );
            }
            let member = items.is_empty() && empty_list == EmptyList::IsThere;
            return Branch { member, below };
        }
    }
    Branch {
        member: false,
        below,
    }
}
