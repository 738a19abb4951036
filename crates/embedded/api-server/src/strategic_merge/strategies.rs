//! Which lists merge, and by what: the struct tags `patchStrategy` and `patchMergeKey` of `k8s.io/api`.
//!
//! They are the first keys of the lists that merge under server-side apply, with the exceptions spelt out here. That a
//! part is atomic there means nothing here.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::apply::{BuiltIn, Merge, Others, Shape, Topology};

/// How a list merges.
pub(super) enum Strategy<'a> {
    /// The patch's list is the new one.
    Replace,
    /// By the value of this field of its items.
    MergeBy(&'a str),
    /// By the values themselves.
    MergeValues,
}

/// The strategy of the list that `shape` describes.
pub(super) fn strategy(shape: &Shape) -> Strategy<'_> {
    match &shape.merge {
        Merge::Map(keys) => keys
            .first()
            .map_or(Strategy::Replace, |(key, _)| Strategy::MergeBy(key)),
        Merge::Set => Strategy::MergeValues,
        Merge::Granular | Merge::Atomic => Strategy::Replace,
    }
}

/// How a built-in kind merges under strategic merge patch.
pub(super) fn of(group: &str, kind: &str) -> &'static Shape {
    let exceptions: &'static BTreeMap<_, Shape> = &EXCEPTIONS;
    let exception = exceptions
        .iter()
        .find(|(own, _)| **own == (group, kind))
        .map(|(_, shape)| shape);
    exception.unwrap_or_else(|| BuiltIn::of(group, kind).into_shape())
}

static EXCEPTIONS: LazyLock<BTreeMap<(&'static str, &'static str), Shape>> = LazyLock::new(|| {
    const DEFINITION: (&str, &str) = ("apiextensions.k8s.io", "CustomResourceDefinition");
    BTreeMap::from([(("", "Pod"), pod()), (DEFINITION, definition())])
});

fn pod() -> Shape {
    let mut pod = BuiltIn::of("", "Pod").shape().clone();
    let by_ip = Shape::of(Merge::Map(vec![("ip".to_owned(), None)]), Others::Fields);
    if let Some(status) = pod.fields.get_mut("status") {
        status.fields.insert("hostIPs".to_owned(), by_ip);
    }
    if let Some(spec) = pod.fields.get_mut("spec") {
        replace_claims(spec);
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            let container = spec
                .fields
                .get_mut(list)
                .and_then(|list| list.elements.as_deref_mut());
            container.into_iter().for_each(replace_claims);
        }
    }
    pod
}

/// `resources.claims` is a list map that declares no patch strategy.
fn replace_claims(shape: &mut Shape) {
    if let Some(resources) = shape.fields.get_mut("resources") {
        resources.fields.remove("claims");
    }
}

/// Neither do the conditions of a CustomResourceDefinition.
fn definition() -> Shape {
    let mut definition = BuiltIn::of("apiextensions.k8s.io", "CustomResourceDefinition")
        .shape()
        .clone();
    definition.fields.remove("status");
    definition
}
