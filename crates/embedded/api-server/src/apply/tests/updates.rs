use serde_json::json;

use super::*;

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
