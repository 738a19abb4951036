//! The keywords of `JSONSchemaProps` (`k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1`) and where a
//! structural schema may use them.

/// Where a keyword may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// In the structure of the object only, not under `allOf`, `anyOf`, `oneOf` and `not`.
    Structure,
    /// In the structure and in nested value validations.
    Anywhere,
    /// Nowhere in a structural schema.
    Nowhere,
    /// CEL rules, which this API server does not evaluate.
    NotModelled,
}

/// Where `keyword` may stand; `None` for a keyword that Kubernetes does not know.
pub(super) fn placement(keyword: &str) -> Option<Use> {
    Some(match keyword {
        "additionalProperties"
        | "default"
        | "description"
        | "nullable"
        | "title"
        | "type"
        | "x-kubernetes-embedded-resource"
        | "x-kubernetes-int-or-string"
        | "x-kubernetes-list-map-keys"
        | "x-kubernetes-list-type"
        | "x-kubernetes-map-type"
        | "x-kubernetes-preserve-unknown-fields" => Use::Structure,
        "allOf" | "anyOf" | "enum" | "example" | "exclusiveMaximum" | "exclusiveMinimum"
        | "externalDocs" | "format" | "items" | "maxItems" | "maxLength" | "maxProperties"
        | "maximum" | "minItems" | "minLength" | "minProperties" | "minimum" | "multipleOf"
        | "not" | "oneOf" | "pattern" | "properties" | "required" | "uniqueItems" => Use::Anywhere,
        "$ref" | "$schema" | "additionalItems" | "definitions" | "dependencies" | "id"
        | "patternProperties" => Use::Nowhere,
        "x-kubernetes-validations" => Use::NotModelled,
        _ => return None,
    })
}

/// The JSON type that a keyword's value must have, in the words of a person; `None` when any will do.
pub(super) fn type_problem(keyword: &str, value: &serde_json::Value) -> Option<&'static str> {
    let (right, problem) = match keyword {
        "allOf" | "anyOf" | "oneOf" => (value.is_array(), "must be an array of schemas"),
        "enum" => (value.is_array(), "must be an array"),
        "required" | "x-kubernetes-list-map-keys" => (
            value
                .as_array()
                .is_some_and(|names| names.iter().all(serde_json::Value::is_string)),
            "must be an array of strings",
        ),
        "exclusiveMaximum"
        | "exclusiveMinimum"
        | "nullable"
        | "uniqueItems"
        | "x-kubernetes-embedded-resource"
        | "x-kubernetes-int-or-string"
        | "x-kubernetes-preserve-unknown-fields" => (value.is_boolean(), "must be a boolean"),
        "description"
        | "format"
        | "pattern"
        | "title"
        | "type"
        | "x-kubernetes-list-type"
        | "x-kubernetes-map-type" => (value.is_string(), "must be a string"),
        "maxItems" | "maxLength" | "maxProperties" | "minItems" | "minLength" | "minProperties" => {
            (value.is_u64(), "must be a non-negative integer")
        }
        "maximum" | "minimum" => (value.is_number(), "must be a number"),
        "multipleOf" => (
            value.as_f64().is_some_and(|factor| factor > 0.0),
            "must be a number greater than 0",
        ),
        "items" | "not" => (value.is_object(), "must be a schema"),
        "properties" => (value.is_object(), "must be an object of schemas"),
        "additionalProperties" => (
            value.is_object() || value.is_boolean(),
            "must be a schema or a boolean",
        ),
        _ => (true, ""),
    };
    (!right).then_some(problem)
}
