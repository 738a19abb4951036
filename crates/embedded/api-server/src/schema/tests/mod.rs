//! How schemas are used: one file for the objects they judge, one for the schemas that are refused.

mod objects;
mod structure;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::StructuralSchema;
use super::cause::Cause;

fn compile(schema: Value) -> StructuralSchema {
    StructuralSchema::compile(&schema).unwrap()
}

/// A schema whose root has the given fields under `spec`.
fn with_spec(properties: Value) -> StructuralSchema {
    compile(
        json!({"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}),
    )
}

fn problems(schema: Value) -> String {
    StructuralSchema::compile(&schema).unwrap_err().to_string()
}

fn problems_of_field(field: Value) -> String {
    problems(json!({"type": "object", "properties": {"a": field}}))
}

fn causes(schema: &StructuralSchema, object: Value) -> Vec<String> {
    schema
        .validate(&object)
        .unwrap_err()
        .iter()
        .map(Cause::to_string)
        .collect()
}

fn component_schema() -> StructuralSchema {
    with_spec(json!({
        "name": {"type": "string", "minLength": 1, "maxLength": 5, "pattern": "^[a-z]+$"},
        "replicas": {"type": "integer", "minimum": 0, "maximum": 10, "default": 1},
        "port": {"x-kubernetes-int-or-string": true},
        "phase": {"type": "string", "enum": ["On", "Off"]},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "raw": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
                "properties": {"known": {"type": "object", "properties": {"a": {"type": "string"}}}}},
        "template": {"type": "object", "x-kubernetes-embedded-resource": true,
                     "x-kubernetes-preserve-unknown-fields": true},
        "note": {"type": "string", "nullable": true},
        "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "components": {"type": "array", "maxItems": 2, "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "required": ["name"],
                "properties": {"name": {"type": "string"}, "size": {"type": "number", "default": 1.5}}}}
    }))
}

pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..12).prop_map(Value::from),
        Just(json!(1.5)),
        "[a-c]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let name = prop_oneof![
            Just("name"),
            Just("spec"),
            Just("components"),
            Just("tags"),
            Just("raw"),
            Just("known"),
            Just("template"),
            Just("labels"),
            Just("replicas"),
            Just("port"),
            Just("kind"),
            Just("type"),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(name.prop_map(str::to_owned), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
