//! The table of persistent volume claims.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::built_in::{AGE, age_of, name};
use super::column::{Column, ColumnType};
use super::text::{list, or, text};

pub(super) fn columns() -> Vec<Column> {
    let string = |name, description| Column::shown(name, ColumnType::String, description);
    vec![
        string(
            "Status",
            "phase represents the current phase of PersistentVolumeClaim.",
        ),
        string(
            "Volume",
            "volumeName is the binding reference to the PersistentVolume backing this claim.",
        ),
        string(
            "Capacity",
            "capacity represents the actual resources of the underlying volume.",
        ),
        string(
            "Access Modes",
            "accessModes contains the actual access modes the volume backing the PVC has.",
        ),
        string("StorageClass", "StorageClass of the pvc"),
        string("VolumeAttributesClass", "VolumeAttributesClass of the pvc"),
        AGE,
        Column::wide(
            "VolumeMode",
            "volumeMode defines what type of volume is required by the claim.",
        ),
    ]
}

pub(super) fn row(claim: &Value, now: Timestamp) -> Vec<Value> {
    let deleting = claim
        .pointer("/metadata/deletionTimestamp")
        .is_some_and(Value::is_string);
    let volume = text(claim, "/spec/volumeName");
    let bound = !volume.is_empty();
    vec![
        name(claim),
        json!(if deleting {
            "Terminating"
        } else {
            text(claim, "/status/phase")
        }),
        json!(volume),
        json!(if bound {
            text(claim, "/status/capacity/storage")
        } else {
            ""
        }),
        json!(if bound {
            access_modes(claim)
        } else {
            String::new()
        }),
        json!(text(claim, "/spec/storageClassName")),
        json!(or(
            text(claim, "/spec/volumeAttributesClassName"),
            "<unset>"
        )),
        age_of(claim, now),
        json!(or(text(claim, "/spec/volumeMode"), "<unset>")),
    ]
}

fn access_modes(claim: &Value) -> String {
    let modes: Vec<&str> = list(claim, "/status/accessModes")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let short = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let present = short
        .iter()
        .filter(|(mode, _)| modes.contains(mode))
        .map(|(_, abbreviation)| *abbreviation);
    present.collect::<Vec<_>>().join(",")
}
