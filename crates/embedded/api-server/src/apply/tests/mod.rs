//! How ownership works, told by examples; `laws` holds for all objects.

mod conflicts;
mod laws;
mod lists;
mod updates;

use serde_json::{Value, json};

use super::*;

const NOW: &str = "2024-05-01T12:00:00Z";
const LATER: &str = "2024-05-01T13:00:00Z";

fn config_map() -> BuiltIn {
    BuiltIn::of("", "ConfigMap")
}

fn with_data(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}, "data": data})
}

fn try_apply(
    topology: &dyn Topology,
    live: Option<&Value>,
    configuration: &Value,
    manager: &str,
    force: bool,
) -> Result<Value, ApplyError> {
    apply(
        live,
        Applied {
            configuration,
            manager,
            force,
            subresource: None,
        },
        topology,
        NOW,
    )
}

fn applied(
    topology: &dyn Topology,
    live: Option<&Value>,
    configuration: Value,
    manager: &str,
) -> Value {
    try_apply(topology, live, &configuration, manager, false).unwrap()
}

fn created(topology: &dyn Topology, mut object: Value, manager: &str) -> Value {
    record_update(None, &mut object, manager, None, topology, NOW);
    object
}

fn updated(
    topology: &dyn Topology,
    before: &Value,
    mut after: Value,
    manager: &str,
    now: &str,
) -> Value {
    record_update(Some(before), &mut after, manager, None, topology, now);
    after
}

fn entry(object: &Value, manager: &str) -> Value {
    let entries = object["metadata"]["managedFields"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    entries
        .into_iter()
        .find(|entry| entry["manager"] == manager)
        .unwrap_or_default()
}

fn fields(object: &Value, manager: &str) -> Value {
    entry(object, manager)["fieldsV1"].clone()
}
