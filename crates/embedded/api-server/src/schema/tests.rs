use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Cause, CauseReason, StructuralSchema};
use crate::apply::{Merge, Topology};

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

#[test]
fn pruning_removes_what_is_not_specified_and_keeps_what_is_preserved() {
    let schema = component_schema();
    let mut object = json!({
        "apiVersion": "a/v1", "kind": "B", "metadata": {"name": "x", "labels": {"a": "b"}}, "extra": 1,
        "spec": {"name": "a", "foo": {"bar": 1}, "labels": {"any": "thing"},
                 "raw": {"free": {"form": [1]}, "known": {"a": "x", "b": "y"}},
                 "template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "t"}, "spec": {"x": 1}},
                 "components": [{"name": "a", "foo": 1}]}
    });
    assert_eq!(
        schema.unknown_fields(&object),
        [
            r#"unknown field "extra""#,
            r#"unknown field "spec.components[0].foo""#,
            r#"unknown field "spec.foo""#,
            r#"unknown field "spec.raw.known.b""#,
        ]
    );
    schema.prune(&mut object);
    assert_eq!(
        object,
        json!({
            "apiVersion": "a/v1", "kind": "B", "metadata": {"name": "x", "labels": {"a": "b"}},
            "spec": {"name": "a", "labels": {"any": "thing"},
                     "raw": {"free": {"form": [1]}, "known": {"a": "x"}},
                     "template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "t"}, "spec": {"x": 1}},
                     "components": [{"name": "a"}]}
        })
    );
    assert!(schema.unknown_fields(&object).is_empty());
}

#[test]
fn additional_properties_true_keeps_names_but_prunes_what_is_inside() {
    let schema = with_spec(json!({"any": {"type": "object", "additionalProperties": true}}));
    let mut object = json!({"spec": {"any": {"a": 1, "b": {"c": 1}}}});
    schema.prune(&mut object);
    assert_eq!(object, json!({"spec": {"any": {"a": 1, "b": {}}}}));
}

#[test]
fn defaults_fill_what_is_missing_or_null_and_nullable_nulls_stay() {
    let schema = component_schema();
    let mut object = json!({"spec": {"replicas": null, "note": null, "name": null, "components": [{"name": "a"}]}});
    schema.apply_defaults(&mut object);
    assert_eq!(
        object,
        json!({"spec": {"replicas": 1, "note": null, "components": [{"name": "a", "size": 1.5}]}})
    );
    let mut without_spec = json!({});
    schema.apply_defaults(&mut without_spec);
    assert_eq!(
        without_spec,
        json!({}),
        "a default inside a missing object does not make the object"
    );
}

#[test]
fn a_default_of_an_object_is_itself_completed_with_defaults() {
    let schema = compile(
        json!({"type": "object", "properties": {"spec": {"type": "object", "default": {},
        "properties": {"mode": {"type": "string", "default": "auto"}}}}}),
    );
    let mut object = json!({});
    schema.apply_defaults(&mut object);
    assert_eq!(object, json!({"spec": {"mode": "auto"}}));
}

#[test]
fn a_right_object_is_valid() {
    let object = json!({"spec": {"name": "abc", "replicas": 3, "port": "http", "phase": "On", "note": null,
        "labels": {"a": "b"}, "tags": ["a", "b"], "components": [{"name": "a", "size": 2}, {"name": "b"}]}});
    assert_eq!(component_schema().validate(&object), Ok(()));
    assert_eq!(
        component_schema().validate(&json!({"spec": {"port": 80, "replicas": 2.0}})),
        Ok(())
    );
}

#[test]
fn violations_are_worded_as_the_api_server_words_them() {
    let schema = component_schema();
    for (spec, expected) in [
        (
            json!({"replicas": "many"}),
            r#"spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string""#,
        ),
        (
            json!({"replicas": 1.5}),
            r#"spec.replicas: Invalid value: "number": spec.replicas in body must be of type integer: "number""#,
        ),
        (
            json!({"name": null}),
            r#"spec.name: Invalid value: "null": spec.name in body must be of type string: "null""#,
        ),
        (
            json!({"port": true}),
            r#"spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean""#,
        ),
        (
            json!({"replicas": 11}),
            "spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10",
        ),
        (
            json!({"replicas": -1}),
            "spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0",
        ),
        (
            json!({"name": ""}),
            r#"spec.name: Invalid value: "": spec.name in body should be at least 1 chars long"#,
        ),
        (
            json!({"name": "ABC"}),
            r#"spec.name: Invalid value: "ABC": spec.name in body should match '^[a-z]+$'"#,
        ),
        (
            json!({"name": "abcdef"}),
            "spec.name: Too long: may not be more than 5 bytes",
        ),
        (
            json!({"phase": "Idle"}),
            r#"spec.phase: Unsupported value: "Idle": supported values: "On", "Off""#,
        ),
        (
            json!({"components": [{}]}),
            "spec.components[0].name: Required value",
        ),
        (
            json!({"components": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}),
            "spec.components: Too many: 3: must have at most 2 items",
        ),
        (
            json!({"components": [{"name": "a"}, {"name": "a"}]}),
            r#"spec.components[1]: Duplicate value: {"name":"a"}"#,
        ),
        (
            json!({"tags": ["a", "b", "a", "a"]}),
            r#"spec.tags[2]: Duplicate value: "a""#,
        ),
        (
            json!({"labels": {"x/y": 1}}),
            r#"spec.labels.x/y: Invalid value: "integer": spec.labels.x/y in body must be of type string: "integer""#,
        ),
        (
            json!({"template": {"kind": "Pod"}}),
            "spec.template.apiVersion: Required value",
        ),
    ] {
        assert!(
            causes(&schema, json!({"spec": spec})).contains(&expected.to_owned()),
            "{expected}\n{:#?}",
            causes(&schema, json!({"spec": spec}))
        );
    }
}

#[test]
fn causes_carry_the_reason_and_the_field_that_status_details_need() {
    let causes = component_schema()
        .validate(&json!({"spec": {"replicas": "x", "phase": "y"}}))
        .unwrap_err();
    let causes: Vec<_> = causes
        .iter()
        .map(|cause| (cause.field.as_str(), cause.reason.as_str()))
        .collect();
    assert_eq!(
        causes,
        [
            ("spec.phase", "FieldValueNotSupported"),
            ("spec.replicas", "FieldValueTypeInvalid")
        ]
    );
}

#[test]
fn junctors_judge_values_and_name_the_branch_that_came_closest() {
    let schema = with_spec(json!({
        "a": {"type": "string"}, "b": {"type": "string"},
        "c": {"type": "integer", "not": {"minimum": 5}},
        "d": {"type": "integer", "anyOf": [{"maximum": 1}, {"minimum": 9}]},
    }));
    assert_eq!(schema.validate(&json!({"spec": {"c": 4, "d": 9}})), Ok(()));
    assert_eq!(
        causes(&schema, json!({"spec": {"c": 5}})),
        [r#"<nil>: Invalid value: "": "spec.c" must not validate the schema (not)"#]
    );
    assert_eq!(
        causes(&schema, json!({"spec": {"d": 5}})),
        [
            r#"<nil>: Invalid value: "": "spec.d" must validate at least one schema (anyOf)"#,
            "spec.d: Invalid value: 5: spec.d in body should be less than or equal to 1",
        ]
    );
    let one_of = compile(
        json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
    );
    assert_eq!(
        causes(&one_of, json!({})),
        [
            r#"<nil>: Invalid value: "": "" must validate one and only one schema (oneOf). Found none valid"#,
            "a: Required value",
        ]
    );
    assert_eq!(
        causes(&one_of, json!({"a": "", "b": ""})),
        [
            r#"<nil>: Invalid value: "": "" must validate one and only one schema (oneOf). Found 2 valid alternatives"#
        ]
    );
}

#[test]
fn formats_are_checked_and_those_kubernetes_does_not_know_are_ignored() {
    for (format, right, wrong) in [
        ("byte", "aGk=", "a"),
        ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
        ("date", "2024-02-29", "2023-02-29"),
        ("date-time", "2024-02-29T10:00:00Z", "2024-02-29"),
        ("duration", "1h15m30.5s", "1 hour"),
        ("email", "a@example.com", "a"),
        ("hostname", "example.com", "-"),
        ("ipv4", "127.0.0.1", "::1"),
        ("ipv6", "::1", "127.0.0.1"),
        ("k8s-short-name", "abc", "a.b"),
        ("mac", "00:11:22:aa:bb:cc", "00:11"),
        ("uri", "https://example.com/a", "not a uri"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123"),
    ] {
        let schema = with_spec(json!({"a": {"type": "string", "format": format}}));
        assert_eq!(
            schema.validate(&json!({"spec": {"a": right}})),
            Ok(()),
            "{format}"
        );
        let expected = format!(
            "spec.a: Invalid value: {wrong:?}: spec.a in body must be of type {format}: {wrong:?}"
        );
        assert_eq!(causes(&schema, json!({"spec": {"a": wrong}})), [expected]);
    }
    let schema = with_spec(json!({"a": {"type": "string", "format": "colour"}}));
    assert_eq!(schema.validate(&json!({"spec": {"a": "-"}})), Ok(()));
    let schema = with_spec(json!({"a": {"type": "integer", "format": "int32"}}));
    assert!(
        schema
            .validate(&json!({"spec": {"a": 3_000_000_000_u64}}))
            .is_err()
    );
}

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

proptest! {
    #[test]
    fn pruning_and_defaulting_are_idempotent_and_nothing_panics(object in any_json()) {
        let schema = component_schema();
        let _ = schema.validate(&object);
        let mut once = json!({"spec": object});
        schema.apply_defaults(&mut once);
        let mut twice = once.clone();
        schema.apply_defaults(&mut twice);
        prop_assert_eq!(&once, &twice);
        schema.prune(&mut once);
        prop_assert!(schema.unknown_fields(&once).is_empty());
        let mut twice = once.clone();
        schema.prune(&mut twice);
        prop_assert_eq!(&once, &twice);
        let _ = schema.validate(&once);
    }

    #[test]
    fn compiling_never_panics(schema in any_json()) {
        let _ = StructuralSchema::compile(&json!({"type": "object", "properties": {"a": schema}}));
    }
}

#[test]
fn reasons_print_as_headings() {
    let cause = Cause::without_value(CauseReason::Forbidden, "a", "");
    assert_eq!(cause.to_string(), "a: Forbidden");
}
