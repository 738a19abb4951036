use proptest::prelude::*;
use serde_json::json;

use super::{any_json, causes, compile, component_schema, with_spec};
use crate::schema::StructuralSchema;
use crate::schema::cause::{Cause, CauseReason};

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
