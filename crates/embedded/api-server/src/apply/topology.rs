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
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shape {
    /// How the value itself merges.
    pub(crate) merge: Merge,
    /// The shapes of an object's named fields.
    pub(crate) fields: BTreeMap<String, Shape>,
    /// The shape of a list's items, or of an object's other fields.
    pub(crate) elements: Option<Box<Shape>>,
}

/// How a value merges with another one at the same place.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Merge {
    /// Objects field by field; lists and scalars as a whole. What applies to values that no schema describes.
    #[default]
    Granular,
    /// As a whole, whatever the value is.
    Atomic,
    /// A list, by its members, each of which occurs once.
    Set,
    /// A list of objects, by the values of these fields, each with the default that stands for its absence.
    Map(Vec<(String, Option<Value>)>),
}

/// The shape of everything that is not described.
static UNDESCRIBED: Shape = Shape {
    merge: Merge::Granular,
    fields: BTreeMap::new(),
    elements: None,
};

impl Shape {
    /// The shape of an object's field.
    pub(crate) fn field(&self, name: &str) -> &Shape {
        self.fields.get(name).unwrap_or_else(|| self.element())
    }

    /// The shape of a list's items.
    pub(crate) fn element(&self) -> &Shape {
        self.elements.as_deref().unwrap_or(&UNDESCRIBED)
    }
}
