//! CustomResourceDefinitions through `kube`, unchanged.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use futures::StreamExt as _;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{
    Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams,
};
use kube::runtime::wait::{await_condition, conditions};
use kube::runtime::{WatchStreamExt as _, watcher};
use serde_json::{Value, json};
use support::TestServer;

fn definition() -> CustomResourceDefinition {
    serde_json::from_value(json!({
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Widget", "plural": "widgets"},
            "scope": "Namespaced",
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "required": ["size"], "properties": {
                        "size": {"type": "integer", "minimum": 1},
                        "colour": {"type": "string", "default": "red"},
                    }},
                    "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                }}},
            }],
        },
    }))
    .unwrap()
}

async fn widgets(server: &TestServer) -> Api<DynamicObject> {
    let client = server.client().await;
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    definitions
        .create(&PostParams::default(), &definition())
        .await
        .unwrap();
    await_condition(
        definitions,
        "widgets.example.com",
        conditions::is_crd_established(),
    )
    .await
    .unwrap();
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("example.com", "v1", "Widget"));
    Api::namespaced_with(client, "default", &resource)
}

fn widget(name: &str, spec: Value) -> DynamicObject {
    serde_json::from_value(json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name}, "spec": spec})).unwrap()
}

#[tokio::test]
async fn a_kind_is_served_as_soon_as_its_definition_is_established() {
    let server = TestServer::start().await;
    let api = widgets(&server).await;
    let created = api
        .create(
            &PostParams::default(),
            &widget("a", json!({"size": 3, "unknown": true})),
        )
        .await
        .unwrap();
    assert_eq!(created.data["spec"], json!({"size": 3, "colour": "red"}));
    assert_eq!(created.metadata.generation, Some(1));
}

#[tokio::test]
async fn an_object_that_breaks_its_schema_is_refused_with_the_field() {
    let server = TestServer::start().await;
    let api = widgets(&server).await;
    let error = api
        .create(&PostParams::default(), &widget("a", json!({"size": 0})))
        .await
        .unwrap_err();
    let kube::Error::Api(status) = error else {
        panic!("not a Status")
    };
    assert_eq!(status.code, 422);
    assert_eq!(status.details.unwrap().causes[0].field, "spec.size");
}

#[tokio::test]
async fn the_status_changes_only_through_its_subresource() {
    let server = TestServer::start().await;
    let api = widgets(&server).await;
    api.create(&PostParams::default(), &widget("a", json!({"size": 3})))
        .await
        .unwrap();
    let both = Patch::Merge(json!({"spec": {"size": 4}, "status": {"ready": true}}));
    let patched = api
        .patch("a", &PatchParams::default(), &both)
        .await
        .unwrap();
    assert_eq!(
        (&patched.data["spec"]["size"], patched.data.get("status")),
        (&json!(4), None)
    );
    assert_eq!(patched.metadata.generation, Some(2));
    let status = Patch::Merge(json!({"spec": {"size": 5}, "status": {"ready": true}}));
    let patched = api
        .patch_status("a", &PatchParams::default(), &status)
        .await
        .unwrap();
    assert_eq!(
        (
            &patched.data["spec"]["size"],
            &patched.data["status"]["ready"]
        ),
        (&json!(4), &json!(true))
    );
    assert_eq!(patched.metadata.generation, Some(2));
}

#[tokio::test]
async fn a_watcher_sees_what_was_there_and_what_comes() {
    let server = TestServer::start().await;
    let api = widgets(&server).await;
    api.create(&PostParams::default(), &widget("a", json!({"size": 1})))
        .await
        .unwrap();
    let mut objects = watcher(api.clone(), watcher::Config::default())
        .applied_objects()
        .boxed();
    assert_eq!(
        objects
            .next()
            .await
            .unwrap()
            .unwrap()
            .metadata
            .name
            .as_deref(),
        Some("a")
    );
    api.create(&PostParams::default(), &widget("b", json!({"size": 1})))
        .await
        .unwrap();
    assert_eq!(
        objects
            .next()
            .await
            .unwrap()
            .unwrap()
            .metadata
            .name
            .as_deref(),
        Some("b")
    );
}
