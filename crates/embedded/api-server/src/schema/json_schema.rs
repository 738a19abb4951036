//! From Kubernetes' dialect of OpenAPI v3 to JSON Schema, which the `jsonschema` crate evaluates.

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};

use super::cause::{Cause, CauseReason};
use super::formats;

/// A validator of the values that `schema` allows.
pub(super) fn validator(schema: &Value) -> Result<Validator, Cause> {
    let mut options = jsonschema::options()
        .with_draft(Draft::Draft7)
        .offline()
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex());
    for (name, check) in formats::CHECKS {
        options = options.with_format(name, check);
    }
    options.build(&translate(schema)).map_err(|error| {
        let place = error.instance_path().as_str().replace('/', ".");
        let detail = format!("cannot be evaluated: {error}");
        Cause::without_value(
            CauseReason::Forbidden,
            format!("openAPIV3Schema{place}"),
            &detail,
        )
    })
}

fn translate(schema: &Value) -> Value {
    let Some(schema) = schema.as_object() else {
        return Value::Bool(true);
    };
    let mut translated = Map::new();
    for (keyword, value) in schema {
        let value = match keyword.as_str() {
            "allOf" | "anyOf" | "oneOf" => Value::Array(
                value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(translate)
                    .collect(),
            ),
            "not" | "items" | "additionalProperties" => translate(value),
            "properties" => {
                let properties = value.as_object().into_iter().flatten();
                Value::Object(
                    properties
                        .map(|(name, schema)| (name.clone(), translate(schema)))
                        .collect(),
                )
            }
            "enum" | "maxItems" | "maxLength" | "maxProperties" | "minItems" | "minLength"
            | "minProperties" | "multipleOf" | "pattern" => value.clone(),
            // An empty list of required fields says nothing.
            "required" => value.clone(),
            "maximum" | "minimum" => {
                let exclusive = if keyword == "maximum" {
                    "exclusiveMaximum"
                } else {
                    "exclusiveMinimum"
                };
                let exclusively = schema
                    .get(exclusive)
                    .and_then(Value::as_bool)
                    .unwrap_or(false);
                translated.insert(
                    if exclusively { exclusive } else { keyword }.to_owned(),
                    value.clone(),
                );
                continue;
            }
            _ => continue,
        };
        translated.insert(keyword.clone(), value);
    }
    insert_type(schema, &mut translated);
    insert_format(schema, &mut translated);
    Value::Object(translated)
}

fn insert_type(schema: &Map<String, Value>, translated: &mut Map<String, Value>) {
    let flag = |keyword: &str| {
        schema
            .get(keyword)
            .and_then(Value::as_bool)
            .unwrap_or(false)
    };
    let mut types: Vec<&str> = schema
        .get("type")
        .and_then(Value::as_str)
        .into_iter()
        .collect();
    if flag("x-kubernetes-int-or-string") {
        types = vec!["integer", "string"];
    }
    if types.is_empty() {
        return;
    }
    if flag("nullable") {
        types.push("null");
    }
    translated.insert("type".to_owned(), json!(types));
}

fn insert_format(schema: &Map<String, Value>, translated: &mut Map<String, Value>) {
    let Some(format) = schema.get("format").and_then(Value::as_str) else {
        return;
    };
    match schema.get("type").and_then(Value::as_str) {
        None | Some("string") => {
            if let Some(format) = formats::canonical(format) {
                translated.insert("format".to_owned(), json!(format));
            }
        }
        Some("integer") if format == "int32" => {
            let bounds = json!({"minimum": i32::MIN, "maximum": i32::MAX});
            match translated.get_mut("allOf") {
                Some(Value::Array(branches)) => branches.push(bounds),
                _ => {
                    translated.insert("allOf".to_owned(), json!([bounds]));
                }
            }
        }
        Some(_) => {}
    }
}
