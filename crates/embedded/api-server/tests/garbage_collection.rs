//! Owners, finalizers, and what deleting means.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{
    Api, DeleteParams, Patch, PatchParams, PostParams, Preconditions, PropagationPolicy,
};
use kube::runtime::conditions;
use kube::runtime::wait::await_condition;
use serde_json::{Value, json};
use support::TestServer;

async fn config_maps(server: &TestServer) -> Api<ConfigMap> {
    Api::namespaced(server.client().await, "default")
}

async fn create(api: &Api<ConfigMap>, metadata: Value) -> ConfigMap {
    let object = serde_json::from_value(json!({"metadata": metadata})).unwrap();
    api.create(&PostParams::default(), &object).await.unwrap()
}

fn owned_by(owner: &ConfigMap, blocking: bool) -> Value {
    json!([{
        "apiVersion": "v1", "kind": "ConfigMap", "name": owner.metadata.name, "uid": owner.metadata.uid,
        "blockOwnerDeletion": blocking,
    }])
}

async fn gone(api: &Api<ConfigMap>, object: &ConfigMap) {
    let (name, uid) = (
        object.metadata.name.as_deref().unwrap(),
        object.metadata.uid.as_deref().unwrap(),
    );
    await_condition(api.clone(), name, conditions::is_deleted(uid))
        .await
        .unwrap();
}

#[tokio::test]
async fn dependents_go_after_their_owner() {
    let server = TestServer::start().await;
    let api = config_maps(&server).await;
    let owner = create(&api, json!({"name": "owner"})).await;
    let dependent = create(
        &api,
        json!({"name": "dependent", "ownerReferences": owned_by(&owner, true)}),
    )
    .await;
    let grandchild = create(
        &api,
        json!({"name": "grandchild", "ownerReferences": owned_by(&dependent, true)}),
    )
    .await;
    api.delete("owner", &DeleteParams::background())
        .await
        .unwrap();
    gone(&api, &dependent).await;
    gone(&api, &grandchild).await;
}

#[tokio::test]
async fn an_object_whose_owner_never_existed_is_collected() {
    let server = TestServer::start().await;
    let api = config_maps(&server).await;
    let absent: ConfigMap =
        serde_json::from_value(json!({"metadata": {"name": "absent", "uid": "no-such-uid"}}))
            .unwrap();
    let orphan = create(
        &api,
        json!({"name": "orphan", "ownerReferences": owned_by(&absent, false)}),
    )
    .await;
    gone(&api, &orphan).await;
}

#[tokio::test]
async fn an_object_with_another_owner_stays_and_forgets_the_one_that_has_gone() {
    let server = TestServer::start().await;
    let api = config_maps(&server).await;
    let (first, second) = (
        create(&api, json!({"name": "first"})).await,
        create(&api, json!({"name": "second"})).await,
    );
    let owners = [
        owned_by(&first, false)[0].clone(),
        owned_by(&second, false)[0].clone(),
    ];
    create(
        &api,
        json!({"name": "dependent", "ownerReferences": owners}),
    )
    .await;
    api.delete("first", &DeleteParams::background())
        .await
        .unwrap();
    let one_owner = |object: Option<&ConfigMap>| {
        object
            .and_then(|object| object.metadata.owner_references.as_ref())
            .is_some_and(|owners| owners.len() == 1)
    };
    let left = await_condition(api, "dependent", one_owner)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(left.metadata.owner_references.unwrap()[0].name, "second");
}

#[tokio::test]
async fn in_the_foreground_the_owner_waits_for_its_dependents() {
    let server = TestServer::start().await;
    let api = config_maps(&server).await;
    let owner = create(&api, json!({"name": "owner"})).await;
    let blocked = json!({
        "name": "dependent", "ownerReferences": owned_by(&owner, true), "finalizers": ["example.com/hold"],
    });
    let dependent = create(&api, blocked).await;
    let options = DeleteParams {
        propagation_policy: Some(PropagationPolicy::Foreground),
        ..DeleteParams::default()
    };
    let waiting = api
        .delete("owner", &options)
        .await
        .unwrap()
        .left()
        .expect("the owner is still there");
    assert_eq!(waiting.metadata.finalizers.unwrap(), ["foregroundDeletion"]);
    let is_deleting = |object: Option<&ConfigMap>| {
        object.is_some_and(|object| object.metadata.deletion_timestamp.is_some())
    };
    await_condition(api.clone(), "dependent", is_deleting)
        .await
        .unwrap();
    assert!(
        api.get_opt("owner").await.unwrap().is_some(),
        "the owner went before its dependent"
    );
    let release = Patch::Json::<()>(
        serde_json::from_value(
            json!([{"op": "test", "path": "/metadata/finalizers/0", "value": "example.com/hold"},
            {"op": "remove", "path": "/metadata/finalizers/0"}]),
        )
        .unwrap(),
    );
    api.patch("dependent", &PatchParams::default(), &release)
        .await
        .unwrap();
    gone(&api, &dependent).await;
    gone(&api, &owner).await;
}

#[tokio::test]
async fn orphaned_dependents_stay_without_their_owner() {
    let server = TestServer::start().await;
    let api = config_maps(&server).await;
    let owner = create(&api, json!({"name": "owner"})).await;
    create(
        &api,
        json!({"name": "dependent", "ownerReferences": owned_by(&owner, true)}),
    )
    .await;
    let options = DeleteParams {
        propagation_policy: Some(PropagationPolicy::Orphan),
        ..DeleteParams::default()
    };
    api.delete("owner", &options).await.unwrap();
    gone(&api, &owner).await;
    let dependent = api.get("dependent").await.unwrap();
    assert!(
        dependent
            .metadata
            .owner_references
            .is_none_or(|owners| owners.is_empty())
    );
}

#[tokio::test]
async fn a_finalizer_keeps_a_deleted_object_until_it_is_removed() {
    let server = TestServer::start().await;
    let api = config_maps(&server).await;
    let object = create(
        &api,
        json!({"name": "a", "finalizers": ["example.com/hold"]}),
    )
    .await;
    let waiting = api
        .delete("a", &DeleteParams::default())
        .await
        .unwrap()
        .left()
        .expect("it waits");
    assert!(waiting.metadata.deletion_timestamp.is_some());
    let more =
        Patch::Merge(json!({"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}}));
    let kube::Error::Api(status) = api
        .patch("a", &PatchParams::default(), &more)
        .await
        .unwrap_err()
    else {
        panic!()
    };
    assert_eq!(status.code, 422);
    let none = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    api.patch("a", &PatchParams::default(), &none)
        .await
        .unwrap();
    gone(&api, &object).await;
}

#[tokio::test]
async fn a_precondition_protects_an_object_that_is_not_the_expected_one() {
    let server = TestServer::start().await;
    let api = config_maps(&server).await;
    create(&api, json!({"name": "a"})).await;
    let preconditions = Preconditions {
        uid: Some("another".into()),
        resource_version: None,
    };
    let options = DeleteParams {
        preconditions: Some(preconditions),
        ..DeleteParams::default()
    };
    let kube::Error::Api(status) = api.delete("a", &options).await.unwrap_err() else {
        panic!()
    };
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    assert!(api.get_opt("a").await.unwrap().is_some());
}

#[tokio::test]
async fn collecting_goes_on_after_a_restart() {
    let mut server = TestServer::start().await;
    let api = config_maps(&server).await;
    let owner = create(
        &api,
        json!({"name": "owner", "finalizers": ["example.com/hold"]}),
    )
    .await;
    let dependent = create(
        &api,
        json!({"name": "dependent", "ownerReferences": owned_by(&owner, true)}),
    )
    .await;
    api.delete("owner", &DeleteParams::foreground())
        .await
        .unwrap();
    server.restart().await;
    gone(&config_maps(&server).await, &dependent).await;
}
