//! How built-in kinds merge: the list types, map types and keys that Kubernetes' own types declare
//! (`+listType`, `+listMapKey`, `+mapType` in `k8s.io/api`, published as `x-kubernetes-list-type` … in its OpenAPI).
//!
//! The table lists what merges in a way of its own: list maps, sets, atomic objects, and objects whose members users
//! name. Everything else follows from the values: objects merge field by field, other lists are replaced. Checked
//! against `k8s.io/client-go/applyconfigurations/internal`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::built_in_pod::pod;
use super::topology::{Merge, Others, Shape, Topology};

/// How a kind compiled into Kubernetes merges.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BuiltIn {
    shape: &'static Shape,
}

impl BuiltIn {
    /// That of a kind; `group` is empty for the core group. Kinds that are not in the table merge by their metadata
    /// and conditions as all kinds do.
    pub(crate) fn of(group: &str, kind: &str) -> Self {
        let table: &'static BTreeMap<_, Shape> = &TABLE;
        let own = table
            .iter()
            .find(|(own, _)| **own == (group, kind))
            .map(|(_, shape)| shape);
        let shape = own.unwrap_or(&ANY);
        Self { shape }
    }

    /// The shape of a whole object, which lives as long as the program.
    pub(crate) fn into_shape(self) -> &'static Shape {
        self.shape
    }
}

impl Topology for BuiltIn {
    fn shape(&self) -> &Shape {
        self.shape
    }
}

static ANY: LazyLock<Shape> = LazyLock::new(|| object([("status", object([conditions()]))]));

static TABLE: LazyLock<BTreeMap<(&'static str, &'static str), Shape>> = LazyLock::new(|| {
    const RBAC: &str = "rbac.authorization.k8s.io";
    let role_binding = || object([("roleRef", atomic())]);
    BTreeMap::from([
        (
            ("", "ConfigMap"),
            object([("data", entries()), ("binaryData", entries())]),
        ),
        (
            ("", "Secret"),
            object([("data", entries()), ("stringData", entries())]),
        ),
        // imagePullSecrets of a ServiceAccount, unlike those of a Pod, are replaced as a whole.
        (
            ("", "ServiceAccount"),
            object([("secrets", list_map(["name"], atomic()))]),
        ),
        (("", "Pod"), pod()),
        (("", "Service"), service()),
        (("", "PersistentVolumeClaim"), volume_claim()),
        (
            ("", "Event"),
            object([("involvedObject", atomic()), ("related", atomic())]),
        ),
        ((RBAC, "RoleBinding"), role_binding()),
        ((RBAC, "ClusterRoleBinding"), role_binding()),
    ])
});

fn service() -> Shape {
    let ports = list_map_with_defaults(
        [("port", None), ("protocol", Some(json!("TCP")))],
        fields([]),
    );
    object([
        (
            "spec",
            fields([("ports", ports), ("selector", atomic_entries())]),
        ),
        ("status", fields([conditions()])),
    ])
}

fn volume_claim() -> Shape {
    object([
        (
            "spec",
            fields([
                ("selector", atomic()),
                ("dataSource", atomic()),
                (
                    "resources",
                    fields([("limits", entries()), ("requests", entries())]),
                ),
            ]),
        ),
        (
            "status",
            fields([
                conditions(),
                ("capacity", entries()),
                ("allocatedResources", entries()),
            ]),
        ),
    ])
}

/// A whole object: `metadata` and the given fields.
pub(super) fn object<const N: usize>(named: [(&str, Shape); N]) -> Shape {
    let mut shape = fields(named);
    shape.fields.insert("metadata".to_owned(), metadata());
    if !shape.fields.contains_key("status") {
        shape
            .fields
            .insert("status".to_owned(), fields([conditions()]));
    }
    shape
}

/// `ObjectMeta`, which custom resources share.
pub(crate) fn metadata() -> Shape {
    fields([
        ("labels", entries()),
        ("annotations", entries()),
        ("finalizers", Shape::of(Merge::Set, Others::Fields)),
        ("ownerReferences", list_map(["uid"], atomic())),
    ])
}

/// `conditions` by type, as nearly every status has them.
pub(super) fn conditions() -> (&'static str, Shape) {
    ("conditions", list_map(["type"], fields([])))
}

/// An object of a type: the given fields are described, the others follow from their values.
pub(super) fn fields<const N: usize>(named: [(&str, Shape); N]) -> Shape {
    let mut shape = Shape::of(Merge::Granular, Others::Fields);
    shape.fields = named
        .into_iter()
        .map(|(name, shape)| (name.to_owned(), shape))
        .collect();
    shape
}

/// An object whose members users name.
pub(super) fn entries() -> Shape {
    Shape::of(Merge::Granular, Others::Entries)
}

/// An object that is owned as a whole.
pub(super) fn atomic() -> Shape {
    Shape::of(Merge::Atomic, Others::Fields)
}

/// The same, owned as a whole.
pub(super) fn atomic_entries() -> Shape {
    Shape::of(Merge::Atomic, Others::Entries)
}

/// A list of objects known by some fields.
pub(super) fn list_map<const N: usize>(keys: [&str; N], items: Shape) -> Shape {
    list_map_with_defaults(keys.map(|key| (key, None)), items)
}

/// The same, with defaults that stand for absent fields.
pub(super) fn list_map_with_defaults<const N: usize>(
    keys: [(&str, Option<Value>); N],
    items: Shape,
) -> Shape {
    let keys = keys
        .into_iter()
        .map(|(key, default)| (key.to_owned(), default))
        .collect();
    Shape {
        elements: Some(Box::new(items)),
        ..Shape::of(Merge::Map(keys), Others::Fields)
    }
}
