use proptest::prelude::*;
use serde_json::{Value, json};

use super::{StrategicMergeError, strategic_merge};
use crate::schema::tests::any_json;

fn patched(kind: &str, mut object: Value, patch: Value) -> Value {
    strategic_merge(&mut object, &patch, "", kind).unwrap();
    object
}

fn refused(kind: &str, mut object: Value, patch: Value) -> StrategicMergeError {
    let before = object.clone();
    let error = strategic_merge(&mut object, &patch, "", kind).unwrap_err();
    assert_eq!(object, before, "a refused patch leaves the object alone");
    error
}

#[test]
fn objects_merge_and_null_removes() {
    let object = json!({"data": {"a": "1", "b": "2"}});
    assert_eq!(
        patched(
            "ConfigMap",
            object,
            json!({"data": {"b": null, "c": "3", "d": null}, "immutable": true})
        ),
        json!({"data": {"a": "1", "c": "3"}, "immutable": true})
    );
}

#[test]
fn an_object_can_be_replaced_or_emptied() {
    let object = json!({"data": {"a": "1", "b": "2"}});
    assert_eq!(
        patched(
            "ConfigMap",
            object.clone(),
            json!({"data": {"$patch": "replace", "c": "3"}})
        ),
        json!({"data": {"c": "3"}})
    );
    assert_eq!(
        patched("ConfigMap", object, json!({"data": {"$patch": "delete"}})),
        json!({"data": {}})
    );
}

#[test]
fn secrets_of_a_service_account_merge_by_name_and_other_lists_are_replaced() {
    let object = json!({"secrets": [{"name": "a"}, {"name": "b", "kind": "Secret"}], "imagePullSecrets": [{"name": "a"}]});
    assert_eq!(
        patched(
            "ServiceAccount",
            object,
            json!({"secrets": [{"name": "c"}, {"name": "b", "namespace": "n"}], "imagePullSecrets": [{"name": "c"}]})
        ),
        json!({"secrets": [{"name": "c"}, {"name": "a"}, {"name": "b", "kind": "Secret", "namespace": "n"}], "imagePullSecrets": [{"name": "c"}]})
    );
    let role = json!({"rules": [{"verbs": ["get"]}]});
    assert_eq!(
        patched("Role", role, json!({"rules": [{"verbs": ["list"]}]})),
        json!({"rules": [{"verbs": ["list"]}]})
    );
}

#[test]
fn items_are_deleted_by_their_key_and_lists_replaced_on_request() {
    let object = json!({"secrets": [{"name": "a"}, {"name": "b"}]});
    assert_eq!(
        patched(
            "ServiceAccount",
            object.clone(),
            json!({"secrets": [{"$patch": "delete", "name": "a"}]})
        ),
        json!({"secrets": [{"name": "b"}]})
    );
    assert_eq!(
        patched(
            "ServiceAccount",
            object,
            json!({"secrets": [{"$patch": "replace"}, {"name": "c"}]})
        ),
        json!({"secrets": [{"name": "c"}]})
    );
    assert_eq!(
        patched(
            "ServiceAccount",
            json!({}),
            json!({"secrets": [{"$patch": "delete", "name": "a"}, {"name": "c"}]})
        ),
        json!({"secrets": [{"name": "c"}]})
    );
}

#[test]
fn pod_lists_merge_deeply_by_their_own_keys() {
    let object = json!({"spec": {"containers": [{"name": "web", "image": "a",
        "env": [{"name": "X", "value": "1"}], "ports": [{"containerPort": 80, "protocol": "TCP"}]}],
        "tolerations": [{"key": "a"}]}});
    let patch = json!({"spec": {"containers": [{"name": "web", "image": "b", "args": ["x"],
        "env": [{"name": "Y", "value": "2"}], "ports": [{"containerPort": 80, "name": "http"}]}], "tolerations": []}});
    assert_eq!(
        patched("Pod", object, patch),
        json!({"spec": {"containers": [{"name": "web", "image": "b", "args": ["x"],
            "env": [{"name": "Y", "value": "2"}, {"name": "X", "value": "1"}],
            "ports": [{"containerPort": 80, "protocol": "TCP", "name": "http"}]}], "tolerations": []}})
    );
}

#[test]
fn services_owners_and_conditions_have_their_merge_keys() {
    let object = json!({"spec": {"ports": [{"port": 80, "name": "a"}]}, "metadata": {"ownerReferences": [{"uid": "1", "name": "a"}]},
        "status": {"conditions": [{"type": "A", "status": "True"}]}});
    let patch = json!({"spec": {"ports": [{"port": 80, "nodePort": 30001}]}, "metadata": {"ownerReferences": [{"uid": "1", "controller": true}]},
        "status": {"conditions": [{"type": "B", "status": "True"}]}});
    let object = patched("Service", object, patch);
    assert_eq!(
        object["spec"]["ports"],
        json!([{"port": 80, "name": "a", "nodePort": 30001}])
    );
    assert_eq!(
        object["metadata"]["ownerReferences"],
        json!([{"uid": "1", "name": "a", "controller": true}])
    );
    assert_eq!(object["status"]["conditions"].as_array().unwrap().len(), 2);
}

#[test]
fn finalizers_are_a_set_with_its_own_directive_for_deletion() {
    let object = json!({"metadata": {"finalizers": ["a", "b"]}});
    assert_eq!(
        patched(
            "Secret",
            object.clone(),
            json!({"metadata": {"finalizers": ["c", "a"]}})
        )["metadata"]["finalizers"],
        json!(["c", "a", "b"])
    );
    let patch = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a", "x"]}});
    assert_eq!(
        patched("Secret", object, patch.clone())["metadata"]["finalizers"],
        json!(["b"])
    );
    assert_eq!(
        patched("Secret", json!({"metadata": {}}), patch),
        json!({"metadata": {}})
    );
}

#[test]
fn the_patch_can_set_the_order_of_a_list() {
    let object = json!({"secrets": [{"name": "a"}, {"name": "b"}, {"name": "server"}]});
    let patch = json!({"$setElementOrder/secrets": [{"name": "c"}, {"name": "b"}, {"name": "a"}], "secrets": [{"name": "c"}]});
    assert_eq!(
        patched("ServiceAccount", object.clone(), patch)["secrets"],
        json!([{"name": "c"}, {"name": "b"}, {"name": "a"}, {"name": "server"}])
    );
    let patch =
        json!({"metadata": {"$setElementOrder/finalizers": ["b", "a"], "finalizers": ["b"]}});
    assert_eq!(
        patched("Pod", json!({"metadata": {"finalizers": ["a"]}}), patch)["metadata"]["finalizers"],
        json!(["b", "a"])
    );
    let patch = json!({"$setElementOrder/secrets": [{"name": "b"}], "secrets": [{"name": "c"}]});
    assert!(matches!(
        refused("ServiceAccount", object, patch),
        StrategicMergeError::OrderMismatch { .. }
    ));
}

#[test]
fn retain_keys_clears_the_other_fields() {
    let object = json!({"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}});
    let volumes = |volume: Value| json!({"spec": {"volumes": [volume]}});
    let patch = volumes(
        json!({"name": "v", "$retainKeys": ["name", "secret"], "secret": {"secretName": "s"}}),
    );
    assert_eq!(
        patched("Pod", object.clone(), patch),
        volumes(json!({"name": "v", "secret": {"secretName": "s"}}))
    );
    let patch = volumes(json!({"name": "v", "$retainKeys": ["name"], "secret": {}}));
    assert_eq!(
        refused("Pod", object, patch),
        StrategicMergeError::RetainKeys
    );
}

#[test]
fn patches_without_meaning_are_refused() {
    let account = || json!({"secrets": [{"name": "a"}], "metadata": {"finalizers": ["a"]}});
    let error = |patch: Value| refused("ServiceAccount", account(), patch).to_string();
    assert_eq!(
        error(json!({"metadata": {"$patch": "frobnicate"}})),
        r#"unknown patch type: frobnicate in map: {"$patch":"frobnicate"}"#
    );
    assert!(
        error(json!({"metadata": {"$patch": "merge"}})).starts_with("unknown patch type: merge")
    );
    assert_eq!(
        error(json!({"secrets": [{"$patch": "merge", "name": "a"}]})),
        "merging lists cannot yet be specified in the patch"
    );
    assert!(error(json!({"$pitch": "delete"})).starts_with("unknown directive \"$pitch\""));
    assert_eq!(
        error(json!({"secrets": [{"kind": "x"}]})),
        r#"map: {"kind":"x"} does not contain declared merge key: name"#
    );
    assert_eq!(
        error(json!({"secrets": [["x"]]})),
        "lists of lists are not supported"
    );
    assert_eq!(
        error(json!({"secrets": ["x"]})),
        "list element types are not identical"
    );
    assert_eq!(
        error(json!({"metadata": {"$deleteFromPrimitiveList/finalizers": "a"}})),
        "invalid patch format of primitive list"
    );
    assert_eq!(
        error(json!({"$setElementOrder/secrets": "a"})),
        "invalid patch format of setElementOrder list"
    );
    assert_eq!(
        refused("Pod", json!({}), json!([])),
        StrategicMergeError::NotAnObject
    );
}

proptest! {
    #[test]
    fn nothing_panics_and_merging_twice_is_merging_once(object in any_json(), patch in any_json()) {
        let mut once = json!({"spec": object, "secrets": [{"name": "a"}]});
        let patch = json!({"spec": patch, "secrets": [{"name": "b"}]});
        if strategic_merge(&mut once, &patch, "", "Pod").is_ok() {
            let mut twice = once.clone();
            strategic_merge(&mut twice, &patch, "", "Pod").unwrap();
            prop_assert_eq!(once, twice);
        }
    }
}
