use serde_json::{Value, json};

use super::{component_schema, problems, problems_of_field, with_spec};
use crate::apply::{Merge, Topology};

#[test]
fn a_schema_that_is_not_structural_is_refused_with_its_place() {
    for (problem, expected) in [
        (
            problems(json!({})),
            "openAPIV3Schema.type: Required value: must not be empty at the root",
        ),
        (
            problems(json!({"type": "string"})),
            "openAPIV3Schema.type: Forbidden: must be object at the root",
        ),
        (
            problems(json!(3)),
            "openAPIV3Schema: Invalid value: 3: must be a schema",
        ),
        (
            problems(json!({"type": "object", "additionalProperties": {"type": "string"}})),
            "openAPIV3Schema.additionalProperties: Forbidden: must not be used at the root",
        ),
        (
            problems_of_field(json!({})),
            "openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields",
        ),
        (
            problems_of_field(json!({"type": "array"})),
            "openAPIV3Schema.properties[a].items: Required value: must be specified",
        ),
        (
            problems_of_field(
                json!({"type": "object", "additionalProperties": {"type": "string"}, "properties": {}}),
            ),
            "additionalProperties and properties are mutual exclusive",
        ),
        (
            problems_of_field(json!({"type": "text"})),
            "supported values",
        ),
        (
            problems_of_field(json!({"$ref": "#/x"})),
            "openAPIV3Schema.properties[a].$ref: Forbidden",
        ),
        (
            problems_of_field(json!({"type": "string", "maxLenght": 3})),
            "maxLenght: Forbidden: unknown keyword",
        ),
        (
            problems_of_field(json!({"type": "string", "maxLength": "3"})),
            "must be a non-negative integer",
        ),
        (
            problems_of_field(json!({"type": "string", "pattern": "("})),
            "cannot be evaluated",
        ),
        (
            problems_of_field(json!({"type": "string", "default": 3})),
            "default: Invalid value: 3: must satisfy the schema",
        ),
        (
            problems_of_field(json!({"type": "object", "default": {"b": 1}})),
            "default: Invalid value: {\"b\":1}: must not have unknown fields",
        ),
        (
            problems_of_field(json!({"type": "string", "anyOf": [{"type": "string"}]})),
            "openAPIV3Schema.properties[a].anyOf[0].type: Forbidden: must be undefined to be structural",
        ),
        (
            problems(json!({"type": "object", "not": {"properties": {"b": {"minimum": 1}}}})),
            "openAPIV3Schema.not.properties[b]: Required value: must also be specified outside of the value validation",
        ),
        (
            problems(
                json!({"type": "object", "properties": {"metadata": {"type": "object",
                "properties": {"labels": {"type": "object"}}}}}),
            ),
            "must not specify anything other than name and generateName",
        ),
    ] {
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn list_types_must_fit_their_items() {
    let list = |list_type: &str, rest: Value| {
        let mut list = json!({"type": "array", "x-kubernetes-list-type": list_type});
        list.as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        problems_of_field(list)
    };
    let object = json!({"type": "object", "properties": {"k": {"type": "string"}}});
    assert!(
        list("map", json!({"items": object}))
            .contains("x-kubernetes-list-map-keys: Required value")
    );
    assert!(
        list("bag", json!({"items": object}))
            .contains("supported values: \"atomic\", \"map\", \"set\"")
    );
    assert!(
        list("set", json!({"items": object}))
            .contains("x-kubernetes-map-type: Required value: must be atomic")
    );
    let keyed = |key: &str| {
        list(
            "map",
            json!({"items": object, "x-kubernetes-list-map-keys": [key]}),
        )
    };
    assert!(keyed("x").contains("entries must all be names of item properties"));
    assert!(keyed("k").contains("must have a default or be a required property"));
}

#[test]
fn what_is_not_modelled_is_refused_by_name() {
    let rules = json!({"type": "object", "x-kubernetes-validations": [{"rule": "self.a > 1"}]});
    assert!(
        problems(rules).contains(
            "x-kubernetes-validations: Forbidden: validation rules (CEL) are not modelled"
        )
    );
    assert!(
        problems_of_field(json!({"type": "string", "format": "isbn"}))
            .contains("this format is not modelled")
    );
}

#[test]
fn both_notations_of_int_or_string_are_structural() {
    let pattern = json!([{"type": "integer"}, {"type": "string"}]);
    for field in [
        json!({"x-kubernetes-int-or-string": true, "anyOf": pattern}),
        json!({"x-kubernetes-int-or-string": true, "allOf": [{"anyOf": pattern}, {"maximum": 10}]}),
    ] {
        let schema = with_spec(json!({"a": field}));
        assert_eq!(schema.validate(&json!({"spec": {"a": 3}})), Ok(()));
        assert!(schema.validate(&json!({"spec": {"a": true}})).is_err());
    }
}

#[test]
fn the_shape_for_apply_follows_the_list_types() {
    let schema = component_schema();
    let spec = schema.shape().field("spec");
    assert_eq!(spec.field("tags").merge, Merge::Set);
    assert_eq!(
        spec.field("components").merge,
        Merge::Map(vec![("name".into(), None)])
    );
    assert_eq!(spec.field("labels").merge, Merge::Granular);
}
