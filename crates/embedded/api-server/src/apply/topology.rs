//! How the parts of an object merge.
//!
//! The counterpart of `sigs.k8s.io/structured-merge-diff/v6/schema`: Kubernetes' words for it are list types, map types
//! and list map keys (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy>).

use std::collections::BTreeMap;

use serde_json::Value;

/// Something that knows how objects of one kind merge: a custom resource's schema or [`BuiltIn`](super::BuiltIn).
pub(crate) trait Topology {
    /// How a whole object merges.
    fn shape(&self) -> &Shape;
}

/// How the values at one place in an object merge.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    /// How the value itself merges.
    pub(crate) merge: Merge,
    /// The shapes of an object's named fields.
    pub(crate) fields: BTreeMap<String, Shape>,
    /// The shape of a list's items, or of an object's other members.
    pub(crate) elements: Option<Box<Shape>>,
    /// What an object's other members are.
    pub(crate) others: Others,
}

/// What the members of an object are whose names a [`Shape`] does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// Entries that users name, as labels are: that an entry exists is owned besides what is in it.
    Entries,
    /// Fields of a type that is not spelt out: only what is in them is owned.
    Fields,
}

/// How a value merges with another one at the same place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Merge {
    /// Objects field by field; lists and scalars as a whole. What applies to values that no schema describes.
    Granular,
    /// As a whole, whatever the value is.
    Atomic,
    /// A list, by its members, each of which occurs once.
    Set,
    /// A list of objects, by the values of these fields, each with the default that stands for its absence.
    Map(Vec<(String, Option<Value>)>),
}

static ENTRIES: Shape = Shape::of(Merge::Granular, Others::Entries);
static FIELDS: Shape = Shape::of(Merge::Granular, Others::Fields);

impl Shape {
    /// A shape that lists nothing.
    pub(crate) const fn of(merge: Merge, others: Others) -> Self {
        Self {
            merge,
            fields: BTreeMap::new(),
            elements: None,
            others,
        }
    }

    /// The shape of an object's member.
    pub(crate) fn field(&self, name: &str) -> &Shape {
        self.fields.get(name).unwrap_or_else(|| self.element())
    }

    /// The shape of a list's items.
    pub(crate) fn element(&self) -> &Shape {
        self.elements.as_deref().unwrap_or(match self.others {
            Others::Entries => &ENTRIES,
            Others::Fields => &FIELDS,
        })
    }

    /// True for a member that the type names.
    pub(super) fn names(&self, field: &str) -> bool {
        self.fields.contains_key(field)
            || (self.others == Others::Fields && self.elements.is_none())
    }
}
