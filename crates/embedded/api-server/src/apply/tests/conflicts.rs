use serde_json::{Value, json};

use super::*;

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
fn what_another_manager_owns_stays_when_it_becomes_empty() {
    let topology = config_map();
    let live = applied(&topology, None, with_data(json!({})), "bob");
    let live = applied(
        &topology,
        Some(&live),
        with_data(json!({"a": "1"})),
        "alice",
    );
    let nothing = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}});
    let live = applied(&topology, Some(&live), nothing, "alice");
    assert_eq!(live["data"], json!({}));
    assert_eq!(fields(&live, "bob"), json!({"f:data": {}}));
}
