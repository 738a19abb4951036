use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::json_path::{JsonPath, JsonPathError};
use super::{IncludeObject, Printer, TableError};
use crate::schema::tests::any_json;

fn now() -> Timestamp {
    "2024-05-01T12:00:00Z".parse().unwrap()
}

/// The headings and the first row's cells.
fn printed(printer: &Printer, item: Value) -> Vec<(String, Value)> {
    let table = printer.render([&item], IncludeObject::None, &json!({}), now());
    let columns = table["columnDefinitions"].as_array().unwrap();
    let cells = table["rows"][0]["cells"].as_array().unwrap();
    assert_eq!(columns.len(), cells.len());
    columns
        .iter()
        .map(|column| column["name"].as_str().unwrap().to_owned())
        .zip(cells.iter().cloned())
        .collect()
}

fn cell(printer: &Printer, column: &str, item: Value) -> Value {
    printed(printer, item)
        .into_iter()
        .find(|(name, _)| name == column)
        .unwrap()
        .1
}

fn found(path: &str, value: &Value) -> Vec<Value> {
    JsonPath::parse(path)
        .unwrap()
        .find(value)
        .into_iter()
        .cloned()
        .collect()
}

#[test]
fn a_table_carries_columns_rows_and_the_metadata_of_its_list() {
    let item = json!({"metadata": {"name": "a", "creationTimestamp": "2024-05-01T11:55:00Z"}, "status": {"phase": "Active"}});
    let list = json!({"resourceVersion": "7", "continue": "next", "remainingItemCount": 3, "selfLink": "x"});
    let table =
        Printer::built_in("", "Namespace").render([&item], IncludeObject::Metadata, &list, now());
    assert_eq!(table["kind"], "Table");
    assert_eq!(table["apiVersion"], "meta.k8s.io/v1");
    assert_eq!(
        table["metadata"],
        json!({"resourceVersion": "7", "continue": "next", "remainingItemCount": 3})
    );
    assert_eq!(table["columnDefinitions"][0]["format"], "name");
    assert_eq!(
        table["rows"],
        json!([{"cells": ["a", "Active", "5m"], "object": {
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}}])
    );
}

#[test]
fn rows_carry_as_much_of_the_object_as_was_asked_for() {
    let item = json!({"metadata": {"name": "a"}, "data": {}});
    let object = |include| {
        Printer::built_in("", "ConfigMap").render([&item], include, &json!({}), now())["rows"][0]["object"].clone()
    };
    assert_eq!(object(IncludeObject::parse("None").unwrap()), Value::Null);
    assert_eq!(object(IncludeObject::parse("Object").unwrap()), item);
    assert_eq!(
        object(IncludeObject::parse("").unwrap())["kind"],
        "PartialObjectMetadata"
    );
    assert_eq!(IncludeObject::parse("Everything"), None);
}

#[test]
fn built_in_kinds_have_the_columns_that_kubectl_users_know() {
    let headings = |group, kind| {
        let columns = printed(&Printer::built_in(group, kind), json!({}));
        columns
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(headings("", "Secret"), "Name Type Data Age");
    assert_eq!(headings("", "ServiceAccount"), "Name Secrets Age");
    assert_eq!(headings("", "ConfigMap"), "Name Data Age");
    assert!(headings("", "Pod").starts_with("Name Ready Status Restarts Age "));
    assert!(headings("", "Event").starts_with("Last Seen Type Reason Object "));
    assert!(headings("", "Service").starts_with("Name Type Cluster-IP External-IP Port(s) Age"));
    assert!(
        headings("", "PersistentVolumeClaim")
            .starts_with("Name Status Volume Capacity Access Modes StorageClass")
    );
    assert!(headings("rbac.authorization.k8s.io", "RoleBinding").starts_with("Name Role Age"));
    assert_eq!(
        headings("rbac.authorization.k8s.io", "Role"),
        "Name Created At"
    );
    assert_eq!(
        headings("apiextensions.k8s.io", "CustomResourceDefinition"),
        "Name Created At"
    );
    assert_eq!(headings("coordination.k8s.io", "Lease"), "Name Holder Age");
}

#[test]
fn the_status_of_a_pod_is_what_its_containers_do() {
    let printer = Printer::built_in("", "Pod");
    let status = |pod: Value| cell(&printer, "Status", pod);
    let with = |state: Value| json!({"status": {"phase": "Running", "containerStatuses": [{"state": state}]}});
    assert_eq!(status(json!({"status": {"phase": "Pending"}})), "Pending");
    assert_eq!(
        status(with(json!({"waiting": {"reason": "ImagePullBackOff"}}))),
        "ImagePullBackOff"
    );
    assert_eq!(
        status(with(json!({"terminated": {"reason": "Completed"}}))),
        "Completed"
    );
    assert_eq!(
        status(with(json!({"terminated": {"exitCode": 3}}))),
        "ExitCode:3"
    );
    assert_eq!(
        status(with(json!({"terminated": {"signal": 9}}))),
        "Signal:9"
    );
    assert_eq!(
        status(
            json!({"metadata": {"deletionTimestamp": "2024-05-01T11:00:00Z"}, "status": {"phase": "Running"}})
        ),
        "Terminating"
    );
    let init = json!({"spec": {"initContainers": [{}, {}]}, "status": {"phase": "Pending", "initContainerStatuses": [
        {"state": {"terminated": {"exitCode": 0}}}, {"state": {"running": {}}}]}});
    assert_eq!(status(init), "Init:1/2");
}

#[test]
fn restarts_tell_when_the_last_one_was() {
    let pod = json!({"spec": {"containers": [{}, {}]}, "status": {"containerStatuses": [
        {"ready": true, "restartCount": 2, "state": {"running": {}},
         "lastState": {"terminated": {"finishedAt": "2024-05-01T11:00:00Z"}}}]}});
    let printer = Printer::built_in("", "Pod");
    assert_eq!(cell(&printer, "Restarts", pod.clone()), "2 (60m ago)");
    assert_eq!(cell(&printer, "Ready", pod), "1/2");
    assert_eq!(cell(&printer, "Restarts", json!({})), "0");
}

#[test]
fn an_event_names_its_object_and_when_it_was_last_seen() {
    let event = json!({"metadata": {"name": "e"}, "type": "Warning", "reason": "Failed", "message": " it broke\n",
        "involvedObject": {"kind": "PipelineRun", "name": "build"}, "firstTimestamp": "2024-05-01T10:00:00Z",
        "lastTimestamp": "2024-05-01T11:59:00Z", "source": {"component": "tekton", "host": "node"}});
    let cells: Vec<Value> = printed(&Printer::built_in("", "Event"), event)
        .into_iter()
        .map(|(_, cell)| cell)
        .collect();
    assert_eq!(
        json!(cells),
        json!([
            "60s",
            "Warning",
            "Failed",
            "pipelinerun/build",
            "",
            "tekton, node",
            "it broke",
            "120m",
            "1",
            "e"
        ])
    );
}

#[test]
fn services_claims_and_bindings_show_their_details() {
    let service = json!({"spec": {"type": "NodePort", "ports": [{"port": 80, "protocol": "TCP"}, {"port": 443, "nodePort": 30001}]}});
    assert_eq!(
        cell(
            &Printer::built_in("", "Service"),
            "Port(s)",
            service.clone()
        ),
        "80/TCP,443:30001/TCP"
    );
    assert_eq!(
        cell(&Printer::built_in("", "Service"), "External-IP", service),
        "<none>"
    );
    let claim = json!({"spec": {"volumeName": "v"}, "status": {"accessModes": ["ReadWriteMany", "ReadWriteOnce"]}});
    assert_eq!(
        cell(
            &Printer::built_in("", "PersistentVolumeClaim"),
            "Access Modes",
            claim
        ),
        "RWO,RWX"
    );
    let binding = json!({"roleRef": {"kind": "ClusterRole", "name": "edit"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "n", "name": "s"}, {"kind": "User", "name": "u"}]});
    let printer = Printer::built_in("rbac.authorization.k8s.io", "RoleBinding");
    assert_eq!(cell(&printer, "Role", binding.clone()), "ClusterRole/edit");
    assert_eq!(cell(&printer, "ServiceAccounts", binding), "n/s");
}

#[test]
fn custom_columns_are_read_by_their_paths_and_types() {
    let column =
        |name: &str, kind: &str, path: &str| json!({"name": name, "type": kind, "jsonPath": path});
    let printer = Printer::custom(&[
        column(
            "Ready",
            "string",
            r#".status.conditions[?(@.type=="Ready")].status"#,
        ),
        column("Replicas", "integer", ".spec.replicas"),
        column("Ratio", "number", ".spec.ratio"),
        column("Paused", "boolean", ".spec.paused"),
        column("Since", "date", ".status.since"),
        column("Tags", "string", ".spec.tags"),
        column("Missing", "string", ".spec.missing.deep"),
        column("Wrong", "integer", ".metadata.name"),
    ])
    .unwrap();
    let item = json!({"metadata": {"name": "a"},
        "spec": {"replicas": 2.7, "ratio": 0.5, "paused": true, "tags": ["x", "y"]},
        "status": {"since": "2024-05-01T11:59:30Z", "conditions": [{"type": "Built", "status": "False"},
                   {"type": "Ready", "status": "True"}]}});
    let cells: Vec<Value> = printed(&printer, item)
        .into_iter()
        .map(|(_, cell)| cell)
        .collect();
    assert_eq!(
        json!(cells),
        json!(["a", "True", 2, 0.5, true, "30s", r#"["x","y"]"#, null, null])
    );
}

#[test]
fn custom_resources_without_columns_show_their_age() {
    let item = json!({"metadata": {"name": "a", "creationTimestamp": "2024-04-28T08:00:00Z"}});
    let cells = printed(&Printer::custom(&[]).unwrap(), item);
    assert_eq!(
        cells,
        [
            ("Name".to_owned(), json!("a")),
            ("Age".to_owned(), json!("3d4h"))
        ]
    );
}

#[test]
fn columns_that_kubernetes_refuses_are_refused() {
    let refused = |definition: Value| Printer::custom(&[definition]).unwrap_err();
    assert!(matches!(
        refused(json!({"name": "A", "type": "text", "jsonPath": ".a"})),
        TableError::Type { .. }
    ));
    let error = refused(json!({"name": "A", "type": "string", "jsonPath": ".a["}));
    assert_eq!(
        error.to_string(),
        r#"additional printer column "A": unrecognized column definition ".a[": unterminated array"#
    );
}

#[test]
fn paths_follow_kubernetes_dialect() {
    let value = json!({"a": {"b-c": [10, 11, 12, 13], "x.y/z": 1}, "l": [{"n": 1, "t": "p"}, {"n": 2}, {"n": 3, "t": "q)"}]});
    for (path, expected) in [
        (".a.b-c[0]", json!([10])),
        ("$.a.b-c[-1]", json!([13])),
        (".a['b-c'][1:3]", json!([11, 12])),
        (".a.b-c[::2]", json!([10, 12])),
        (".a.b-c[*]", json!([10, 11, 12, 13])),
        (".a.b-c[0,2]", json!([10, 12])),
        (".a.b-c[9]", json!([])),
        (r".a.x\.y/z", json!([1])),
        (r".a['x\.y/z']", json!([1])),
        (".a['x.y/z']", json!([])),
        (".l[*].n", json!([1, 2, 3])),
        (".l[?(@.n>=2)].n", json!([2, 3])),
        (".l[?(@.n!=2)].n", json!([1, 3])),
        (".l[?(@.t)].n", json!([1, 3])),
        (".l[?(@.t=='p')].n", json!([1])),
        (r#".l[?(@.t == "q)")].n"#, json!([3])),
        ("..t", json!(["p", "q)"])),
        (".l.n", json!([])),
        (".a[0]", json!([])),
    ] {
        assert_eq!(json!(found(path, &value)), expected, "{path}");
    }
}

#[test]
fn paths_outside_the_dialect_are_refused() {
    for (path, expected) in [
        ("a", JsonPathError::Character('a')),
        (".a[", JsonPathError::Unterminated("array")),
        (".a[b]", JsonPathError::Index("b".into())),
        (".a[0:1:0]", JsonPathError::Step),
        (".a[?(@.b=1)]", JsonPathError::Filter("@.b=1".into())),
        (".a[?(@.b==1]", JsonPathError::Unterminated("filter")),
        ("....a", JsonPathError::MultipleDescent),
    ] {
        assert_eq!(JsonPath::parse(path), Err(expected), "{path}");
    }
}

proptest! {
    #[test]
    fn no_path_and_no_object_panics(path in "(\\.|a|b|\\[|\\]|\\?\\(|\\)|@|'|\"|:|-|1|\\*|,|=|>|\\\\|é){0,14}", object in any_json()) {
        if let Ok(path) = JsonPath::parse(&path) {
            let _ = path.find(&object);
        }
    }

    #[test]
    fn every_object_has_a_cell_in_every_column(object in any_json()) {
        for (group, kind) in [("", "Pod"), ("", "Event"), ("", "Service"), ("", "Secret"), ("", "PersistentVolumeClaim"),
            ("rbac.authorization.k8s.io", "RoleBinding"), ("", "Other")] {
            printed(&Printer::built_in(group, kind), object.clone());
        }
    }
}
