use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::schema::StructuralSchema;
use crate::schema::tests::any_json;

const NOW: &str = "2024-05-01T12:00:00Z";
const LATER: &str = "2024-05-01T13:00:00Z";

fn config_map() -> BuiltIn {
    BuiltIn::of("", "ConfigMap")
}

fn with_data(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}, "data": data})
}

fn try_apply(
    topology: &dyn Topology,
    live: Option<&Value>,
    configuration: &Value,
    manager: &str,
    force: bool,
) -> Result<Value, ApplyError> {
    apply(
        live,
        Applied {
            configuration,
            manager,
            force,
            subresource: None,
        },
        topology,
        NOW,
    )
}

fn applied(
    topology: &dyn Topology,
    live: Option<&Value>,
    configuration: Value,
    manager: &str,
) -> Value {
    try_apply(topology, live, &configuration, manager, false).unwrap()
}

fn created(topology: &dyn Topology, mut object: Value, manager: &str) -> Value {
    record_update(None, &mut object, manager, None, topology, NOW);
    object
}

fn updated(
    topology: &dyn Topology,
    before: &Value,
    mut after: Value,
    manager: &str,
    now: &str,
) -> Value {
    record_update(Some(before), &mut after, manager, None, topology, now);
    after
}

fn entry(object: &Value, manager: &str) -> Value {
    let entries = object["metadata"]["managedFields"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    entries
        .into_iter()
        .find(|entry| entry["manager"] == manager)
        .unwrap_or_default()
}

fn fields(object: &Value, manager: &str) -> Value {
    entry(object, manager)["fieldsV1"].clone()
}

#[test]
fn applying_to_nothing_creates_the_object_and_its_ownership() {
    let object = applied(&config_map(), None, with_data(json!({"a": "1"})), "alice");
    assert_eq!(object["data"], json!({"a": "1"}));
    assert_eq!(
        object["metadata"]["managedFields"],
        json!([{"manager": "alice", "operation": "Apply", "apiVersion": "v1", "time": NOW, "fieldsType": "FieldsV1",
                "fieldsV1": {"f:data": {"f:a": {}}}}])
    );
}

#[test]
fn an_apply_that_changes_nothing_returns_the_very_same_object() {
    let live = applied(&config_map(), None, with_data(json!({"a": "1"})), "alice");
    let configuration = with_data(json!({"a": "1"}));
    let applied = Applied {
        configuration: &configuration,
        manager: "alice",
        force: false,
        subresource: None,
    };
    assert_eq!(
        apply(Some(&live), applied, &config_map(), LATER).unwrap(),
        live
    );
}

#[test]
fn what_is_not_applied_any_more_is_removed_and_the_rest_stays() {
    let topology = config_map();
    let live = applied(
        &topology,
        None,
        with_data(json!({"a": "1", "b": "2"})),
        "alice",
    );
    let mut edited = live.clone();
    edited["data"]["c"] = json!("3");
    edited["metadata"]["uid"] = json!("u");
    let live = updated(&topology, &live, edited, "editor", LATER);
    let live = applied(
        &topology,
        Some(&live),
        with_data(json!({"a": "1"})),
        "alice",
    );
    assert_eq!(live["data"], json!({"a": "1", "c": "3"}));
    assert_eq!(live["metadata"]["uid"], "u");
    let live = applied(
        &topology,
        Some(&live),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}),
        "alice",
    );
    assert_eq!(live["data"], json!({"c": "3"}));
    assert_eq!(entry(&live, "alice"), Value::Null);
}

#[test]
fn removing_the_last_entry_removes_the_map() {
    let topology = config_map();
    let live = applied(&topology, None, with_data(json!({"a": "1"})), "alice");
    let live = applied(
        &topology,
        Some(&live),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}}),
        "alice",
    );
    assert_eq!(
        live,
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}})
    );
}

#[test]
fn a_conflict_names_the_manager_its_version_and_the_field() {
    let topology = config_map();
    let live = created(
        &topology,
        with_data(json!({"a": "1"})),
        "kubectl-client-side-apply",
    );
    let configuration = with_data(json!({"a": "2"}));
    let error = try_apply(&topology, Some(&live), &configuration, "alice", false).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.a"#
    );
    let ApplyError::Conflicts(conflicts) = error else {
        panic!("{error}")
    };
    assert_eq!(
        conflicts[0].to_string(),
        r#"conflict with "kubectl-client-side-apply" using v1: .data.a"#
    );
    assert_eq!(
        conflicts[0].cause_message(),
        r#"conflict with "kubectl-client-side-apply" using v1"#
    );
    assert_eq!(conflicts[0].field, ".data.a");
}

#[test]
fn several_conflicts_are_listed_by_manager() {
    let topology = config_map();
    let live = applied(
        &topology,
        None,
        with_data(json!({"a": "1", "b": "1"})),
        "bob",
    );
    let configuration = with_data(json!({"a": "2", "b": "2"}));
    let error = try_apply(&topology, Some(&live), &configuration, "alice", false).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Apply failed with 2 conflicts: conflicts with \"bob\":\n- .data.a\n- .data.b"
    );
}

#[test]
fn force_takes_the_field_over() {
    let topology = config_map();
    let live = applied(
        &topology,
        None,
        with_data(json!({"a": "1", "b": "1"})),
        "bob",
    );
    let live = try_apply(
        &topology,
        Some(&live),
        &with_data(json!({"a": "2"})),
        "alice",
        true,
    )
    .unwrap();
    assert_eq!(live["data"], json!({"a": "2", "b": "1"}));
    assert_eq!(fields(&live, "alice"), json!({"f:data": {"f:a": {}}}));
    assert_eq!(fields(&live, "bob"), json!({"f:data": {"f:b": {}}}));
}

#[test]
fn managers_that_agree_share_a_field_and_the_last_one_to_leave_removes_it() {
    let topology = config_map();
    let live = applied(&topology, None, with_data(json!({"a": "1"})), "bob");
    let live = applied(
        &topology,
        Some(&live),
        with_data(json!({"a": "1"})),
        "alice",
    );
    assert_eq!(fields(&live, "alice"), fields(&live, "bob"));
    let live = applied(&topology, Some(&live), with_data(json!({"b": "1"})), "bob");
    assert_eq!(live["data"], json!({"a": "1", "b": "1"}));
    let live = applied(&topology, Some(&live), with_data(json!({})), "alice");
    assert_eq!(live["data"], json!({"b": "1"}));
}

#[test]
fn an_object_that_nobody_managed_belongs_to_before_first_apply() {
    let topology = config_map();
    let live = with_data(json!({"a": "1", "b": "1"}));
    let error = try_apply(
        &topology,
        Some(&live),
        &with_data(json!({"a": "2"})),
        "alice",
        false,
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a"#
    );
    let live = applied(
        &topology,
        Some(&live),
        with_data(json!({"a": "1"})),
        "alice",
    );
    assert_eq!(
        fields(&live, "before-first-apply"),
        json!({"f:data": {".": {}, "f:a": {}, "f:b": {}}})
    );
}

#[test]
fn a_create_owns_all_that_it_sets_and_no_identity() {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": "n", "uid": "u", "resourceVersion": "1", "creationTimestamp": NOW,
                     "generation": 1, "labels": {"l": "v"}, "finalizers": ["f"],
                     "ownerReferences": [{"apiVersion": "v1", "kind": "A", "name": "a", "uid": "x"}]},
        "data": {"a": "1"}});
    let object = created(&config_map(), object, "kubectl-create");
    assert_eq!(
        object["metadata"]["managedFields"],
        json!([{"manager": "kubectl-create", "operation": "Update", "apiVersion": "v1", "time": NOW,
            "fieldsType": "FieldsV1", "fieldsV1": {
                "f:data": {".": {}, "f:a": {}},
                "f:metadata": {
                    "f:finalizers": {".": {}, "v:\"f\"": {}},
                    "f:labels": {".": {}, "f:l": {}},
                    "f:ownerReferences": {".": {}, "k:{\"uid\":\"x\"}": {}}}}}])
    );
}

#[test]
fn an_update_takes_what_it_changes_and_leaves_the_rest() {
    let topology = config_map();
    let live = created(&topology, with_data(json!({"a": "1", "b": "1"})), "alice");
    let after = updated(
        &topology,
        &live,
        with_data(json!({"a": "2", "b": "1"})),
        "bob",
        LATER,
    );
    assert_eq!(fields(&after, "bob"), json!({"f:data": {"f:a": {}}}));
    assert_eq!(
        fields(&after, "alice"),
        json!({"f:data": {".": {}, "f:b": {}}})
    );
    assert_eq!(entry(&after, "bob")["time"], LATER);
    assert_eq!(entry(&after, "alice")["time"], NOW);
}

#[test]
fn an_update_that_changes_nothing_changes_no_entry() {
    let live = created(&config_map(), with_data(json!({"a": "1"})), "alice");
    assert_eq!(
        updated(&config_map(), &live, live.clone(), "bob", LATER),
        live
    );
    assert_eq!(
        updated(
            &config_map(),
            &live,
            with_data(json!({"a": "1"})),
            "bob",
            LATER
        ),
        live
    );
}

#[test]
fn updates_of_a_subresource_have_an_entry_of_their_own_that_conflicts_name() {
    let topology = BuiltIn::of("", "Pod");
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"nodeName": "n"}});
    let live = created(&topology, pod, "alice");
    let mut after = live.clone();
    after["status"] =
        json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]});
    after["metadata"]["managedFields"] = json!([]);
    record_update(
        Some(&live),
        &mut after,
        "kubelet",
        Some("status"),
        &topology,
        LATER,
    );
    assert_eq!(entry(&after, "kubelet")["subresource"], "status");
    assert_eq!(
        fields(&after, "kubelet"),
        json!({"f:status": {".": {}, "f:phase": {}, "f:conditions": {".": {}, "k:{\"type\":\"Ready\"}":
            {".": {}, "f:type": {}, "f:status": {}}}}})
    );
    let configuration = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "status": {"phase": "Failed"}});
    let error = try_apply(&topology, Some(&after), &configuration, "alice", false).unwrap_err();
    assert!(
        error.to_string().ends_with(
            r#"conflict with "kubelet" with subresource "status" using v1: .status.phase"#
        ),
        "{error}"
    );
}

#[test]
fn managed_fields_can_be_cleared_and_then_stay_away_until_the_next_apply() {
    let topology = config_map();
    let live = created(&topology, with_data(json!({"a": "1"})), "alice");
    let mut cleared = with_data(json!({"a": "2"}));
    cleared["metadata"]["managedFields"] = json!([{}]);
    let after = updated(&topology, &live, cleared, "bob", LATER);
    assert_eq!(after, with_data(json!({"a": "2"})));
    assert_eq!(
        updated(
            &topology,
            &after,
            with_data(json!({"a": "3"})),
            "bob",
            LATER
        ),
        with_data(json!({"a": "3"}))
    );
}

#[test]
fn many_updaters_are_thrown_together() {
    let topology = config_map();
    let mut live = created(&topology, with_data(json!({"k": "0"})), "m00");
    for index in 1..15 {
        let mut after = live.clone();
        after["data"][format!("k{index:02}")] = json!("1");
        live = updated(
            &topology,
            &live,
            after,
            &format!("m{index:02}"),
            &format!("2024-05-01T13:00:{index:02}Z"),
        );
    }
    assert_eq!(
        live["metadata"]["managedFields"].as_array().unwrap().len(),
        10
    );
    assert!(fields(&live, "ancient-changes")["f:data"]["f:k04"].is_object());
    assert!(fields(&live, "m14")["f:data"]["f:k14"].is_object());
}

#[test]
fn kubectl_may_take_over_what_its_client_side_apply_wrote() {
    let topology = config_map();
    let last = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1"}});
    let mut object = with_data(json!({"a": "1", "b": "1"}));
    object["metadata"]["annotations"] =
        json!({"kubectl.kubernetes.io/last-applied-configuration": format!("{last}\n")});
    let live = created(&topology, object, "kubectl-client-side-apply");
    let after = applied(
        &topology,
        Some(&live),
        with_data(json!({"a": "2"})),
        "kubectl",
    );
    assert_eq!(after["data"], json!({"a": "2", "b": "1"}));
    let annotation =
        after["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"]
            .as_str()
            .unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(annotation).unwrap(),
        with_data(json!({"a": "2"}))
    );
    assert!(
        try_apply(
            &topology,
            Some(&live),
            &with_data(json!({"b": "2"})),
            "kubectl",
            false
        )
        .is_err()
    );
    assert!(
        try_apply(
            &topology,
            Some(&live),
            &with_data(json!({"a": "2"})),
            "other",
            false
        )
        .is_err()
    );
}

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

/// Configurations that cannot be refused: no lists that merge by key.
fn any_configuration() -> impl Strategy<Value = Value> {
    any_json().prop_map(|spec| json!({"apiVersion": "v1", "kind": "K", "metadata": {"name": "k"}, "spec": {"free": spec}}))
}

proptest! {
    #[test]
    fn applying_twice_is_applying_once(first in any_configuration(), second in any_configuration()) {
        let topology = BuiltIn::of("", "Pod");
        let live = applied(&topology, None, first, "alice");
        let once = try_apply(&topology, Some(&live), &second, "bob", true).unwrap();
        let twice = try_apply(&topology, Some(&once), &second, "bob", true).unwrap();
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn a_manager_that_stands_alone_gets_exactly_what_it_applies(first in any_configuration(), second in any_configuration()) {
        let topology = BuiltIn::of("", "Pod");
        let live = applied(&topology, None, first, "alice");
        let mut after = applied(&topology, Some(&live), second.clone(), "alice");
        after["metadata"].as_object_mut().unwrap().remove("managedFields");
        prop_assert_eq!(leaves(&after), leaves(&second));
    }

    #[test]
    fn stored_sets_read_back_as_they_were(before in any_json(), after in any_json()) {
        let shape = BuiltIn::of("", "Pod");
        let set = super::owned::owned(&json!({"spec": before, "status": after}), shape.shape());
        prop_assert_eq!(super::fields_v1::decode(&super::fields_v1::encode(&set)), Ok(set));
    }

    #[test]
    fn nothing_panics(before in any_json(), after in any_json(), managed in any_json()) {
        for topology in [BuiltIn::of("", "Pod"), BuiltIn::of("", "Other")] {
            let live = json!({"metadata": {"managedFields": managed}, "spec": before});
            let _ = try_apply(&topology, Some(&live), &json!({"spec": after}), "alice", true);
            let _ = try_apply(&topology, Some(&before), &after, "alice", true);
            let mut updated = after.clone();
            record_update(Some(&before), &mut updated, "alice", None, &topology, NOW);
            record_update(None, &mut updated, "alice", None, &topology, NOW);
        }
    }
}

/// What an object says, apart from objects that became empty and nulls.
fn leaves(value: &Value) -> Vec<(String, Value)> {
    fn collect(value: &Value, path: &str, leaves: &mut Vec<(String, Value)>) {
        match value {
            Value::Object(members) => {
                members
                    .iter()
                    .for_each(|(name, member)| collect(member, &format!("{path}.{name}"), leaves));
            }
            Value::Null => {}
            other => leaves.push((path.to_owned(), other.clone())),
        }
    }
    let mut found = Vec::new();
    collect(value, "", &mut found);
    found
}
