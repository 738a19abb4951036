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

#[tokio::test]
async fn every_served_version_shows_the_same_object() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let mut definition = definition();
    let mut beta = definition.spec.versions[0].clone();
    (beta.name, beta.storage) = ("v1beta1".to_owned(), false);
    definition.spec.versions.push(beta);
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    definitions
        .create(&PostParams::default(), &definition)
        .await
        .unwrap();
    await_condition(
        definitions,
        "widgets.example.com",
        conditions::is_crd_established(),
    )
    .await
    .unwrap();
    let in_version = |version: &str| {
        let resource =
            ApiResource::from_gvk(&GroupVersionKind::gvk("example.com", version, "Widget"));
        Api::<DynamicObject>::namespaced_with(client.clone(), "default", &resource)
    };
    in_version("v1")
        .create(&PostParams::default(), &widget("a", json!({"size": 3})))
        .await
        .unwrap();
    let shown = in_version("v1beta1").get("a").await.unwrap();
    assert_eq!(shown.types.unwrap().api_version, "example.com/v1beta1");
    let mut watched = watcher(in_version("v1beta1"), watcher::Config::default())
        .applied_objects()
        .boxed();
    assert_eq!(
        watched
            .next()
            .await
            .unwrap()
            .unwrap()
            .types
            .unwrap()
            .api_version,
        "example.com/v1beta1"
    );
    let patch = Patch::Merge(json!({"spec": {"size": 4}}));
    in_version("v1beta1")
        .patch("a", &PatchParams::default(), &patch)
        .await
        .unwrap();
    assert_eq!(
        in_version("v1").get("a").await.unwrap().data["spec"]["size"],
        4
    );
}

#[tokio::test]
async fn a_deleted_definition_takes_its_objects_with_it() {
    let server = TestServer::start().await;
    let api = widgets(&server).await;
    api.create(&PostParams::default(), &widget("a", json!({"size": 3})))
        .await
        .unwrap();
    let definitions: Api<CustomResourceDefinition> = Api::all(server.client().await);
    let uid = definitions
        .get("widgets.example.com")
        .await
        .unwrap()
        .metadata
        .uid
        .unwrap();
    definitions
        .delete("widgets.example.com", &Default::default())
        .await
        .unwrap();
    await_condition(
        definitions.clone(),
        "widgets.example.com",
        conditions::is_deleted(&uid),
    )
    .await
    .unwrap();
    let kube::Error::Api(status) = api.get("a").await.unwrap_err() else {
        panic!("not a Status")
    };
    assert_eq!(
        (status.code, status.message.as_str()),
        (404, "the server could not find the requested resource")
    );
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
    assert!(api.get_opt("a").await.unwrap().is_none());
}

#[tokio::test]
async fn a_second_definition_of_the_same_kind_is_not_established() {
    let server = TestServer::start().await;
    widgets(&server).await;
    let mut second = definition();
    second.metadata.name = Some("gadgets.example.com".to_owned());
    second.spec.names.plural = "gadgets".to_owned();
    let definitions: Api<CustomResourceDefinition> = Api::all(server.client().await);
    definitions
        .create(&PostParams::default(), &second)
        .await
        .unwrap();
    let refused = |definition: Option<&CustomResourceDefinition>| {
        let conditions =
            definition.and_then(|definition| definition.status.as_ref()?.conditions.as_ref());
        conditions
            .into_iter()
            .flatten()
            .any(|condition| condition.type_ == "NamesAccepted" && condition.status == "False")
    };
    await_condition(definitions, "gadgets.example.com", refused)
        .await
        .unwrap();
}

#[tokio::test]
async fn kinds_are_served_again_after_a_restart() {
    let mut server = TestServer::start().await;
    let api = widgets(&server).await;
    let created = api
        .create(&PostParams::default(), &widget("a", json!({"size": 3})))
        .await
        .unwrap();
    server.restart().await;
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("example.com", "v1", "Widget"));
    let api: Api<DynamicObject> = Api::namespaced_with(server.client().await, "default", &resource);
    assert_eq!(api.get("a").await.unwrap().metadata, created.metadata);
}

#[tokio::test]
async fn a_replace_without_a_revision_is_refused() {
    let server = TestServer::start().await;
    let api = widgets(&server).await;
    api.create(&PostParams::default(), &widget("a", json!({"size": 3})))
        .await
        .unwrap();
    let replaced = api
        .replace(
            "a",
            &PostParams::default(),
            &widget("a", json!({"size": 4})),
        )
        .await;
    let kube::Error::Api(status) = replaced.unwrap_err() else {
        panic!("not a Status")
    };
    assert_eq!(status.code, 422);
    assert!(
        status.message.contains("metadata.resourceVersion"),
        "{}",
        status.message
    );
}
