//! What is special about single built-in kinds: their types, their defaults.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use crate::resource::Resource;
use crate::rest::text;
use crate::status::ApiError;

/// Reads an object with the types of its kind, drops fields that the kind does not have, and says which.
pub(crate) fn check_built_in(
    resource: &Resource,
    object: &mut Value,
) -> Result<Vec<String>, ApiError> {
    let Some(built_in) = resource.built_in() else {
        return Ok(Vec::new());
    };
    let typed = (built_in.typed)(object.clone()).map_err(|error| {
        let (kind, version) = (&resource.kind, &resource.version);
        ApiError::bad_request(format!(
            "{kind} in version {version:?} cannot be handled as a {kind}: {error}"
        ))
    })?;
    let mut unknown = Vec::new();
    collect_dropped(object, &typed, "", &mut unknown);
    *object = typed;
    Ok(unknown)
}

/// The same for the metadata of a custom resource.
pub(crate) fn check_metadata(object: &mut Value) -> Result<Vec<String>, ApiError> {
    let metadata: ObjectMeta =
        serde_json::from_value(object["metadata"].clone()).map_err(|error| {
            ApiError::bad_request(format!("metadata cannot be handled as ObjectMeta: {error}"))
        })?;
    let typed = serde_json::to_value(metadata)?;
    let mut unknown = Vec::new();
    collect_dropped(&object["metadata"], &typed, "metadata", &mut unknown);
    object["metadata"] = typed;
    Ok(unknown)
}

fn collect_dropped(given: &Value, kept: &Value, path: &str, dropped: &mut Vec<String>) {
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => {
            for (key, value) in given {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                match kept.get(key) {
                    Some(kept) => collect_dropped(value, kept, &path, dropped),
                    // What is empty is left out by the types, not unknown to them.
                    None if is_empty(value) => {}
                    None => dropped.push(format!("unknown field {path:?}")),
                }
            }
        }
        (Value::Array(given), Value::Array(kept)) => {
            for (index, (given, kept)) in given.iter().zip(kept).enumerate() {
                collect_dropped(given, kept, &format!("{path}[{index}]"), dropped);
            }
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Fills in what a real API server fills in for the kind.
pub(crate) fn defaults(resource: &Resource, object: &mut Value) {
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Namespace") => default_namespace(object),
        ("", "Secret") => default_secret(object),
        ("", "Pod") => default(&mut object["status"], "phase", json!("Pending")),
        ("", "PersistentVolumeClaim") => default(&mut object["status"], "phase", json!("Pending")),
        ("", "Service") => default_service(object),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            default_binding(object)
        }
        ("apiextensions.k8s.io", _) => crate::custom_resource::defaults(object),
        _ => {}
    }
}

fn default(parent: &mut Value, field: &str, value: Value) {
    if parent.get(field).is_none_or(Value::is_null) {
        parent[field] = value;
    }
}

fn default_namespace(object: &mut Value) {
    if text(object, &["metadata", "deletionTimestamp"]).is_none() {
        default(&mut object["spec"], "finalizers", json!(["kubernetes"]));
    }
    default(&mut object["status"], "phase", json!("Active"));
    let name = object["metadata"]["name"].clone();
    if name.is_string() {
        object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
    }
}

/// `stringData` is written into `data`, and never read back.
fn default_secret(object: &mut Value) {
    default(object, "type", json!("Opaque"));
    let string_data = object
        .as_object_mut()
        .and_then(|object| object.remove("stringData"));
    for (key, value) in string_data
        .as_ref()
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        object["data"][key] = STANDARD.encode(value.as_str().unwrap_or_default()).into();
    }
}

fn default_service(object: &mut Value) {
    let spec = &mut object["spec"];
    default(spec, "type", json!("ClusterIP"));
    default(spec, "sessionAffinity", json!("None"));
    for port in spec["ports"].as_array_mut().into_iter().flatten() {
        default(port, "protocol", json!("TCP"));
        let number = port["port"].clone();
        default(port, "targetPort", number);
    }
}

fn default_binding(object: &mut Value) {
    default(
        &mut object["roleRef"],
        "apiGroup",
        json!("rbac.authorization.k8s.io"),
    );
    for subject in object["subjects"].as_array_mut().into_iter().flatten() {
        if matches!(subject["kind"].as_str(), Some("User" | "Group")) {
            default(subject, "apiGroup", json!("rbac.authorization.k8s.io"));
        }
    }
}
