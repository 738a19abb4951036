use serde_json::{Value, json};

use super::*;
use crate::schema::StructuralSchema;

#[test]
fn lists_merge_by_their_keys_in_the_order_that_is_applied() {
    let topology = BuiltIn::of("", "Service");
    let service = |ports: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": ports}});
    let live = applied(
        &topology,
        None,
        service(json!([{"port": 80, "name": "a"}, {"port": 53, "protocol": "UDP"}])),
        "alice",
    );
    let live = applied(
        &topology,
        Some(&live),
        service(json!([{"port": 443}, {"port": 80, "protocol": "TCP", "targetPort": 8080}])),
        "bob",
    );
    assert_eq!(
        live["spec"]["ports"],
        json!([{"port": 443}, {"port": 80, "name": "a", "protocol": "TCP", "targetPort": 8080}, {"port": 53, "protocol": "UDP"}])
    );
    assert_eq!(
        fields(&live, "alice")["f:spec"]["f:ports"],
        json!({"k:{\"port\":53,\"protocol\":\"UDP\"}": {".": {}, "f:port": {}, "f:protocol": {}},
               "k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}, "f:name": {}}})
    );
    let live = applied(
        &topology,
        Some(&live),
        service(json!([{"port": 53, "protocol": "UDP"}])),
        "alice",
    );
    assert_eq!(
        live["spec"]["ports"],
        json!([{"port": 443}, {"port": 80, "protocol": "TCP", "targetPort": 8080}, {"port": 53, "protocol": "UDP"}])
    );
}

#[test]
fn secrets_of_a_service_account_merge_and_its_image_pull_secrets_are_replaced() {
    let topology = BuiltIn::of("", "ServiceAccount");
    let account = |name: &str| {
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"},
        "secrets": [{"name": name}]})
    };
    let live = applied(&topology, None, account("one"), "alice");
    let live = applied(&topology, Some(&live), account("two"), "bob");
    assert_eq!(live["secrets"], json!([{"name": "one"}, {"name": "two"}]));
    assert_eq!(
        fields(&live, "bob"),
        json!({"f:secrets": {"k:{\"name\":\"two\"}": {}}})
    );
    let pull = |name: &str| {
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"},
        "imagePullSecrets": [{"name": name}]})
    };
    let live = applied(&topology, None, pull("one"), "alice");
    assert!(try_apply(&topology, Some(&live), &pull("two"), "bob", false).is_err());
}

#[test]
fn custom_resources_merge_by_the_list_types_of_their_schema() {
    let schema = StructuralSchema::compile(&json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
        "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "plain": {"type": "array", "items": {"type": "string"}},
        "whole": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"a": {"type": "string"}}},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        "parts": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "size": {"type": "integer"}}}}
    }}}})).unwrap();
    let custom = |spec: Value| json!({"apiVersion": "e.io/v1", "kind": "E", "metadata": {"name": "e", "labels": {"l": "1"}}, "spec": spec});
    let live = applied(
        &schema,
        None,
        custom(json!({"tags": ["a"], "plain": ["a"], "whole": {"a": "1"},
        "free": {"x": {"y": 1}}, "parts": [{"name": "p", "size": 1}]})),
        "alice",
    );
    assert_eq!(
        fields(&live, "alice"),
        json!({"f:metadata": {"f:labels": {"f:l": {}}}, "f:spec": {"f:tags": {"v:\"a\"": {}}, "f:plain": {}, "f:whole": {},
            "f:free": {"f:x": {".": {}, "f:y": {}}},
            "f:parts": {"k:{\"name\":\"p\"}": {".": {}, "f:name": {}, "f:size": {}}}}})
    );
    let live = applied(
        &schema,
        Some(&live),
        custom(json!({"tags": ["b"], "parts": [{"name": "q"}]})),
        "bob",
    );
    assert_eq!(live["spec"]["tags"], json!(["a", "b"]));
    assert_eq!(
        live["spec"]["parts"],
        json!([{"name": "p", "size": 1}, {"name": "q"}])
    );
    let conflict =
        |spec: Value| match try_apply(&schema, Some(&live), &custom(spec), "carol", false) {
            Err(ApplyError::Conflicts(conflicts)) => conflicts[0].field.clone(),
            other => panic!("{other:?}"),
        };
    assert_eq!(conflict(json!({"plain": ["b"]})), ".spec.plain");
    assert_eq!(conflict(json!({"whole": {"a": "2"}})), ".spec.whole");
    assert_eq!(
        conflict(json!({"parts": [{"name": "p", "size": 2}]})),
        r#".spec.parts[name="p"].size"#
    );
}

#[test]
fn configurations_that_cannot_be_applied_say_why() {
    let refused = |configuration: Value| {
        try_apply(
            &BuiltIn::of("", "Pod"),
            None,
            &configuration,
            "alice",
            false,
        )
        .unwrap_err()
    };
    assert_eq!(refused(json!([])), ApplyError::NotAnObject);
    assert_eq!(
        refused(json!({"metadata": {"managedFields": []}})),
        ApplyError::ManagedFieldsSpecified
    );
    assert_eq!(
        refused(json!({"spec": {"containers": [{"name": "a"}, {"name": "a"}]}})).to_string(),
        r#"failed to create typed patch object: .spec.containers: duplicate entries for key [name="a"]"#
    );
    assert!(
        refused(json!({"spec": {"containers": [{"image": "x"}]}}))
            .to_string()
            .contains("omits all key fields [\"name\"]")
    );
    let live = json!({"metadata": {"managedFields": [{"manager": "a", "operation": "Apply"}]}});
    assert_eq!(
        try_apply(&config_map(), Some(&live), &json!({}), "alice", false)
            .unwrap_err()
            .to_string(),
        "failed to decode managed fields: apiVersion must not be empty"
    );
}
