//! Server-side apply through `kube`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::{conditions::is_crd_established, wait::await_condition};
use serde_json::{Value, json};
use support::TestServer;

fn configuration(data: Value) -> Patch<Value> {
    Patch::Apply(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}),
    )
}

async fn config_maps(server: &TestServer) -> Api<ConfigMap> {
    Api::namespaced(server.client().await, "default")
}

#[tokio::test]
async fn applying_creates_and_then_changes_only_what_the_manager_names() {
    let server = TestServer::start().await;
    let api = config_maps(&server).await;
    api.patch(
        "a",
        &PatchParams::apply("one"),
        &configuration(json!({"x": "1"})),
    )
    .await
    .unwrap();
    api.patch(
        "a",
        &PatchParams::apply("two"),
        &configuration(json!({"y": "2"})),
    )
    .await
    .unwrap();
    let applied = api
        .patch(
            "a",
            &PatchParams::apply("one"),
            &configuration(json!({"z": "3"})),
        )
        .await
        .unwrap();
    let expected = [("y", "2"), ("z", "3")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(applied.data.unwrap(), expected.into());
    let managers: Vec<_> = applied
        .metadata
        .managed_fields
        .unwrap()
        .into_iter()
        .filter_map(|entry| entry.manager)
        .collect();
    assert_eq!(managers, ["one", "two"]);
}

#[tokio::test]
async fn applying_the_same_again_changes_nothing_not_even_the_revision() {
    let server = TestServer::start().await;
    let api = config_maps(&server).await;
    let first = api
        .patch(
            "a",
            &PatchParams::apply("one"),
            &configuration(json!({"x": "1"})),
        )
        .await
        .unwrap();
    let second = api
        .patch(
            "a",
            &PatchParams::apply("one"),
            &configuration(json!({"x": "1"})),
        )
        .await
        .unwrap();
    assert_eq!(first, second);
}

#[tokio::test]
async fn applying_a_definition_again_a_second_later_changes_nothing_either() {
    let server = TestServer::start().await;
    let definitions: Api<CustomResourceDefinition> = Api::all(server.client().await);
    // `versions` is replaced as a whole, and a number has more than one form.
    let configuration = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Widget", "plural": "widgets"},
            "scope": "Namespaced",
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer", "minimum": 0}}}},
                }},
            }],
        },
    });
    let parameters = PatchParams::apply("team").force();
    let patch = Patch::Apply(&configuration);
    let apply = || definitions.patch("widgets.example.com", &parameters, &patch);
    apply().await.unwrap();
    let established = await_condition(
        definitions.clone(),
        "widgets.example.com",
        is_crd_established(),
    );
    let before = established.await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await; // the times of managers have a resolution of one second
    let after = apply().await.unwrap();
    assert_eq!(
        after.metadata.resource_version,
        before.metadata.resource_version
    );
    assert_eq!(
        after.metadata.managed_fields,
        before.metadata.managed_fields
    );
}

#[tokio::test]
async fn a_field_of_another_manager_is_a_conflict_unless_forced() {
    let server = TestServer::start().await;
    let api = config_maps(&server).await;
    api.patch(
        "a",
        &PatchParams::apply("one"),
        &configuration(json!({"x": "1"})),
    )
    .await
    .unwrap();
    let taken = configuration(json!({"x": "2"}));
    let kube::Error::Api(status) = api
        .patch("a", &PatchParams::apply("two"), &taken)
        .await
        .unwrap_err()
    else {
        panic!("not a Status")
    };
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    assert_eq!(
        status.message,
        "Apply failed with 1 conflict: conflict with \"one\": .data.x"
    );
    let cause = &status.details.unwrap().causes[0];
    assert_eq!(
        (cause.reason.as_str(), cause.field.as_str()),
        ("FieldManagerConflict", ".data.x")
    );
    let forced = api
        .patch("a", &PatchParams::apply("two").force(), &taken)
        .await
        .unwrap();
    assert_eq!(forced.data.unwrap()["x"], "2");
}

#[tokio::test]
async fn a_dry_run_shows_the_result_and_stores_nothing() {
    let server = TestServer::start().await;
    let api = config_maps(&server).await;
    let options = PatchParams {
        dry_run: true,
        ..PatchParams::apply("one")
    };
    let shown = api
        .patch("a", &options, &configuration(json!({"x": "1"})))
        .await
        .unwrap();
    assert_eq!(shown.data.unwrap()["x"], "1");
    assert!(api.get_opt("a").await.unwrap().is_none());
}
