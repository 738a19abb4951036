//! The rules of the `x-kubernetes-*` keywords
//! (`k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go`).

use serde_json::{Map, Value};

use super::compile::Problems;
use super::node::{AdditionalProperties, Kind, ListType, Node};

pub(super) fn check(node: &Node, schema: &Map<String, Value>, path: &str, problems: &mut Problems) {
    if node.int_or_string {
        let problem = "must be false if x-kubernetes-int-or-string is true";
        if node.preserve_unknown_fields {
            problems.forbidden(
                format!("{path}.x-kubernetes-preserve-unknown-fields"),
                problem,
            );
        }
        if node.embedded_resource {
            problems.forbidden(format!("{path}.x-kubernetes-embedded-resource"), problem);
        }
        if node.kind.is_some() {
            problems.forbidden(
                format!("{path}.type"),
                "must be empty if x-kubernetes-int-or-string is true",
            );
        }
    }
    if schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
        problems.forbidden(
            format!("{path}.x-kubernetes-preserve-unknown-fields"),
            "must be true or undefined",
        );
    }
    if node.embedded_resource {
        if node.additional_properties != AdditionalProperties::Pruned {
            problems.forbidden(
                format!("{path}.additionalProperties"),
                "must not be used if x-kubernetes-embedded-resource is set",
            );
        }
        if !node.preserve_unknown_fields && node.properties.is_empty() {
            problems.required(
                format!("{path}.properties"),
                "must not be empty if x-kubernetes-embedded-resource is true without \
                 x-kubernetes-preserve-unknown-fields",
            );
        }
    }
    if schema.contains_key("x-kubernetes-map-type") && node.kind != Some(Kind::Object) {
        problems.required(
            format!("{path}.type"),
            "must be object if x-kubernetes-map-type is specified",
        );
    }
    if schema.contains_key("x-kubernetes-list-type") && node.kind != Some(Kind::Array) {
        problems.required(
            format!("{path}.type"),
            "must be array if x-kubernetes-list-type is specified",
        );
    }
    if schema.contains_key("x-kubernetes-list-map-keys")
        && !matches!(node.list_type, ListType::Map(_))
    {
        problems.required(
            format!("{path}.x-kubernetes-list-type"),
            "must be map if x-kubernetes-list-map-keys is non-empty",
        );
    }
    let Some(items) = &node.items else { return };
    match &node.list_type {
        ListType::Atomic => {}
        ListType::Set => check_set_items(items, path, problems),
        ListType::Map(keys) => check_map_items(keys, items, path, problems),
    }
}

fn check_set_items(items: &Node, path: &str, problems: &mut Problems) {
    let path = format!("{path}.items");
    if items.nullable {
        problems.forbidden(
            format!("{path}.nullable"),
            "cannot be nullable when x-kubernetes-list-type is \"set\"",
        );
    }
    match items.kind {
        Some(Kind::Object) if !items.atomic_map => problems.required(
            format!("{path}.x-kubernetes-map-type"),
            "must be atomic as item of a list with x-kubernetes-list-type=set",
        ),
        Some(Kind::Array) if items.list_type != ListType::Atomic => problems.required(
            format!("{path}.x-kubernetes-list-type"),
            "must be atomic as item of a list with x-kubernetes-list-type=set",
        ),
        _ => {}
    }
}

fn check_map_items(keys: &[String], items: &Node, path: &str, problems: &mut Problems) {
    if keys.is_empty() {
        let problem = "must not be empty if x-kubernetes-list-type is map";
        problems.required(format!("{path}.x-kubernetes-list-map-keys"), problem);
    }
    if items.kind != Some(Kind::Object) {
        let problem = "must be object if parent array's x-kubernetes-list-type is map";
        problems.required(format!("{path}.items.type"), problem);
        return;
    }
    if items.nullable {
        let problem = "cannot be nullable when x-kubernetes-list-type is \"map\"";
        problems.forbidden(format!("{path}.items.nullable"), problem);
    }
    for (index, key) in keys.iter().enumerate() {
        let key_path = format!("{path}.x-kubernetes-list-map-keys[{index}]");
        match items.properties.get(key) {
            None => problems.invalid(
                key_path,
                &key.as_str().into(),
                "entries must all be names of item properties",
            ),
            Some(property) => {
                if !property.int_or_string && !property.kind.is_some_and(Kind::is_scalar) {
                    let problem =
                        "must be a scalar type if parent array's x-kubernetes-list-type is map";
                    problems.forbidden(format!("{path}.items.properties[{key}].type"), problem);
                }
                if property.default.is_none() && !items.required.contains(key) {
                    let problem = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a \
                                   required property";
                    problems.required(format!("{path}.items.properties[{key}].default"), problem);
                }
            }
        }
        if keys[..index].contains(key) {
            problems.invalid(
                format!("{path}.x-kubernetes-list-map-keys"),
                &key.as_str().into(),
                "must not contain duplicate entries",
            );
        }
    }
}
