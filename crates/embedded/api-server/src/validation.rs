//! Rules that objects must keep: those of metadata, those of single kinds, and the schemas of custom resources.

use serde_json::Value;

use crate::resource::Resource;
use crate::rest::text;
use crate::selector::syntax::{
    dns_label_problems, dns_subdomain_problems, label_key_problems, label_value_problems,
};
use crate::status::StatusCause;

/// Most bytes of all annotations of an object together.
/// Source: k8s.io/apimachinery/pkg/api/validation `TotalAnnotationSizeLimitB`.
const MAXIMUM_ANNOTATION_BYTES: usize = 256 * 1024;

/// Problems of an object that is to be created.
pub(crate) fn created(resource: &Resource, object: &Value) -> Vec<StatusCause> {
    let mut causes = metadata(resource, object);
    causes.extend(of_kind(resource, object));
    causes
}

/// Problems of an object that is to replace `existing`.
pub(crate) fn updated(resource: &Resource, existing: &Value, object: &Value) -> Vec<StatusCause> {
    let mut causes = metadata(resource, object);
    causes.extend(of_kind(resource, object));
    causes.extend(immutable_fields(resource, existing, object));
    causes
}

fn metadata(resource: &Resource, object: &Value) -> Vec<StatusCause> {
    let mut causes = Vec::new();
    let name = text(object, &["metadata", "name"]).unwrap_or_default();
    if name.is_empty() {
        causes.push(StatusCause::required(
            "metadata.name",
            "name or generateName is required",
        ));
    } else {
        let problems = name_problems(resource, name);
        causes.extend(
            problems
                .iter()
                .map(|problem| StatusCause::invalid("metadata.name", name, problem)),
        );
    }
    let metadata = &object["metadata"];
    for (key, value) in metadata["labels"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        causes.extend(
            label_key_problems(key)
                .iter()
                .map(|problem| StatusCause::invalid("metadata.labels", key, problem)),
        );
        causes.extend(
            label_value_problems(value)
                .iter()
                .map(|problem| StatusCause::invalid("metadata.labels", value, problem)),
        );
    }
    let mut annotation_bytes = 0;
    for (key, value) in metadata["annotations"].as_object().into_iter().flatten() {
        annotation_bytes += key.len() + value.as_str().map_or(0, str::len);
        let problems = label_key_problems(&key.to_lowercase());
        causes.extend(
            problems
                .iter()
                .map(|problem| StatusCause::invalid("metadata.annotations", key, problem)),
        );
    }
    if annotation_bytes > MAXIMUM_ANNOTATION_BYTES {
        let problem = format!("Too long: may not be more than {MAXIMUM_ANNOTATION_BYTES} bytes");
        causes.push(StatusCause::new(
            "FieldValueTooLong",
            "metadata.annotations",
            problem,
        ));
    }
    causes.extend(owner_references(&metadata["ownerReferences"]));
    causes.extend(finalizers(&metadata["finalizers"]));
    causes
}

/// Role names may be any path segment; namespaces, and what becomes a host name, are DNS labels; all else is a DNS subdomain.
fn name_problems(resource: &Resource, name: &str) -> Vec<String> {
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Namespace" | "Service") => dns_label_problems(name),
        ("rbac.authorization.k8s.io", _) => path_segment_problems(name),
        _ => dns_subdomain_problems(name),
    }
}

fn path_segment_problems(name: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if name == "." || name == ".." {
        problems.push(format!("may not be '{name}'"));
    }
    problems.extend(
        ['/', '%']
            .into_iter()
            .filter(|character| name.contains(*character))
            .map(|character| format!("may not contain '{character}'")),
    );
    problems
}

fn owner_references(owners: &Value) -> Vec<StatusCause> {
    let mut causes = Vec::new();
    let mut controllers = 0;
    for (index, owner) in owners.as_array().into_iter().flatten().enumerate() {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if text(owner, &[field]).is_none() {
                let path = format!("metadata.ownerReferences[{index}].{field}");
                causes.push(StatusCause::required(path, "must not be empty"));
            }
        }
        controllers += usize::from(owner["controller"] == true);
    }
    if controllers > 1 {
        let problem = "Only one reference can have Controller set to true";
        causes.push(StatusCause::new(
            "FieldValueInvalid",
            "metadata.ownerReferences",
            format!("Invalid value: {problem}"),
        ));
    }
    causes
}

fn finalizers(finalizers: &Value) -> Vec<StatusCause> {
    let names: Vec<&str> = finalizers
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut causes = Vec::new();
    for name in &names {
        let problems = label_key_problems(name);
        causes.extend(
            problems
                .iter()
                .map(|problem| StatusCause::invalid("metadata.finalizers", name, problem)),
        );
    }
    if names.contains(&"orphan") && names.contains(&"foregroundDeletion") {
        let problem = "finalizer orphan and foregroundDeletion cannot be both set";
        causes.push(StatusCause::new(
            "FieldValueInvalid",
            "metadata.finalizers",
            format!("Invalid value: {problem}"),
        ));
    }
    causes
}

fn of_kind(resource: &Resource, object: &Value) -> Vec<StatusCause> {
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Secret" | "ConfigMap") => data_keys(object),
        ("", "Pod") => container_names(object),
        ("apiextensions.k8s.io", _) => crate::custom_resource::problems(object),
        _ => resource
            .custom()
            .map(|custom| custom_schema(custom, object))
            .unwrap_or_default(),
    }
}

fn custom_schema(custom: &crate::resource::CustomResource, object: &Value) -> Vec<StatusCause> {
    let Err(causes) = custom.schema.validate(object) else {
        return Vec::new();
    };
    causes
        .into_iter()
        .map(|cause| StatusCause::new(cause.reason.as_str(), cause.field, cause.message))
        .collect()
}

fn data_keys(object: &Value) -> Vec<StatusCause> {
    let mut causes = Vec::new();
    for field in ["data", "binaryData"] {
        for key in object[field]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key)
        {
            let allowed =
                |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
            if key.is_empty()
                || key.len() > 253
                || !key.chars().all(allowed)
                || key == "."
                || key.starts_with("..")
            {
                let problem =
                    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
                causes.push(StatusCause::invalid(
                    format!("{field}[{key}]"),
                    key,
                    problem,
                ));
            }
        }
    }
    causes.extend(docker_config(object));
    causes
}

/// Names of containers become names of files.
fn container_names(pod: &Value) -> Vec<StatusCause> {
    let mut causes = Vec::new();
    let mut names = Vec::new();
    for field in ["containers", "initContainers"] {
        for (index, container) in pod["spec"][field]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            let (path, name) = (
                format!("spec.{field}[{index}].name"),
                text(container, &["name"]).unwrap_or_default(),
            );
            let problems = dns_label_problems(name);
            causes.extend(
                problems
                    .iter()
                    .map(|problem| StatusCause::invalid(&path, name, problem)),
            );
            if names.contains(&name) {
                causes.push(StatusCause::new(
                    "FieldValueDuplicate",
                    path,
                    format!("Duplicate value: {name:?}"),
                ));
            }
            names.push(name);
        }
    }
    causes
}

/// The key that a Secret of a docker config type must have.
fn docker_config(object: &Value) -> Option<StatusCause> {
    let key = match object["type"].as_str()? {
        "kubernetes.io/dockerconfigjson" => ".dockerconfigjson",
        "kubernetes.io/dockercfg" => ".dockercfg",
        _ => return None,
    };
    use base64::Engine as _;
    let field = format!("data[{key}]");
    let Some(value) = object["data"][key].as_str() else {
        return Some(StatusCause::required(field, ""));
    };
    let decoded = base64::engine::general_purpose::STANDARD
        .decode(value)
        .ok()?;
    let is_json = serde_json::from_slice::<Value>(&decoded).is_ok_and(|value| value.is_object());
    (!is_json).then(|| {
        StatusCause::invalid(
            field,
            "<secret contents redacted>",
            "invalid character in JSON",
        )
    })
}

fn immutable_fields(resource: &Resource, existing: &Value, object: &Value) -> Vec<StatusCause> {
    let mut causes = Vec::new();
    let mut immutable = |field: &str, problem: &str| {
        if existing[field] != object[field] {
            causes.push(StatusCause::new(
                "FieldValueInvalid",
                field,
                format!("Invalid value: {problem}"),
            ));
        }
    };
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Secret" | "ConfigMap") if existing["immutable"] == true => {
            for field in ["data", "binaryData", "immutable"] {
                immutable(field, "field is immutable when `immutable` is set");
            }
        }
        ("", "Secret") => immutable("type", "field is immutable"),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            immutable("roleRef", "cannot change roleRef")
        }
        _ => {}
    }
    causes
}
