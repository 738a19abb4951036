//! How pods merge.

use serde_json::json;

use super::built_in::{
    atomic, atomic_entries, conditions, entries, fields, list_map, list_map_with_defaults, object,
};
use super::topology::Shape;

pub(super) fn pod() -> Shape {
    object([("spec", spec()), ("status", status())])
}

fn spec() -> Shape {
    fields([
        ("containers", list_map(["name"], container())),
        ("initContainers", list_map(["name"], container())),
        ("ephemeralContainers", list_map(["name"], container())),
        ("volumes", list_map(["name"], volume())),
        ("imagePullSecrets", list_map(["name"], atomic())),
        ("hostAliases", list_map(["ip"], fields([]))),
        (
            "topologySpreadConstraints",
            list_map(["topologyKey", "whenUnsatisfiable"], spread()),
        ),
        ("schedulingGates", list_map(["name"], fields([]))),
        ("resourceClaims", list_map(["name"], fields([]))),
        ("nodeSelector", atomic_entries()),
        ("overhead", entries()),
        ("resources", resources()),
    ])
}

fn status() -> Shape {
    fields([
        conditions(),
        ("podIPs", list_map(["ip"], fields([]))),
        ("resourceClaimStatuses", list_map(["name"], fields([]))),
    ])
}

fn container() -> Shape {
    let ports = list_map_with_defaults(
        [("containerPort", None), ("protocol", Some(json!("TCP")))],
        fields([]),
    );
    let key_reference = || {
        fields([
            ("configMapKeyRef", atomic()),
            ("secretKeyRef", atomic()),
            ("fieldRef", atomic()),
            ("resourceFieldRef", atomic()),
        ])
    };
    fields([
        (
            "env",
            list_map(["name"], fields([("valueFrom", key_reference())])),
        ),
        ("ports", ports),
        ("volumeMounts", list_map(["mountPath"], fields([]))),
        ("volumeDevices", list_map(["devicePath"], fields([]))),
        ("resources", resources()),
    ])
}

fn resources() -> Shape {
    fields([
        ("limits", entries()),
        ("requests", entries()),
        ("claims", list_map(["name"], fields([]))),
    ])
}

fn volume() -> Shape {
    fields([("csi", fields([("volumeAttributes", entries())]))])
}

fn spread() -> Shape {
    fields([("labelSelector", atomic())])
}
