//! The life of namespaces.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, ServiceAccount};
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::runtime::conditions;
use kube::runtime::wait::await_condition;
use serde_json::json;
use support::TestServer;

fn named<T: serde::de::DeserializeOwned>(name: &str, finalizers: &[&str]) -> T {
    serde_json::from_value(json!({"metadata": {"name": name, "finalizers": finalizers}})).unwrap()
}

#[tokio::test]
async fn deleting_a_namespace_empties_it_and_then_removes_it() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace = namespaces
        .create(&PostParams::default(), &named("tenant", &[]))
        .await
        .unwrap();
    assert_eq!(namespace.spec.unwrap().finalizers.unwrap(), ["kubernetes"]);
    let contents: Api<ConfigMap> = Api::namespaced(client, "tenant");
    contents
        .create(&PostParams::default(), &named("a", &[]))
        .await
        .unwrap();
    namespaces
        .delete("tenant", &DeleteParams::default())
        .await
        .unwrap();
    await_condition(
        namespaces,
        "tenant",
        conditions::is_deleted(&namespace.metadata.uid.unwrap()),
    )
    .await
    .unwrap();
    assert!(contents.get_opt("a").await.unwrap().is_none());
}

#[tokio::test]
async fn nothing_is_created_in_a_namespace_that_is_being_deleted() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace: Namespace = namespaces
        .create(&PostParams::default(), &named("tenant", &[]))
        .await
        .unwrap();
    let contents: Api<ConfigMap> = Api::namespaced(client, "tenant");
    contents
        .create(
            &PostParams::default(),
            &named("held", &["example.com/hold"]),
        )
        .await
        .unwrap();
    let deleted = namespaces
        .delete("tenant", &DeleteParams::default())
        .await
        .unwrap()
        .left()
        .unwrap();
    assert_eq!(
        deleted.status.unwrap().phase.as_deref(),
        Some("Terminating")
    );
    let kube::Error::Api(status) = contents
        .create(&PostParams::default(), &named("b", &[]))
        .await
        .unwrap_err()
    else {
        panic!("not a Status")
    };
    assert_eq!((status.code, status.reason.as_str()), (403, "Forbidden"));
    assert_eq!(
        status.message,
        "configmaps \"b\" is forbidden: unable to create new content in namespace tenant because it is being terminated"
    );
    let release = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    contents
        .patch("held", &PatchParams::default(), &release)
        .await
        .unwrap();
    await_condition(
        namespaces,
        "tenant",
        conditions::is_deleted(&namespace.metadata.uid.unwrap()),
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn nothing_is_created_in_a_namespace_that_does_not_exist() {
    let server = TestServer::start().await;
    let contents: Api<ConfigMap> = Api::namespaced(server.client().await, "absent");
    let kube::Error::Api(status) = contents
        .create(&PostParams::default(), &named("a", &[]))
        .await
        .unwrap_err()
    else {
        panic!("not a Status")
    };
    assert_eq!(
        (status.code, status.message.as_str()),
        (404, "namespaces \"absent\" not found")
    );
}

#[tokio::test]
async fn the_namespaces_of_every_cluster_are_there_from_the_start() {
    let server = TestServer::start().await;
    let namespaces: Api<Namespace> = Api::all(server.client().await);
    for name in ["default", "kube-public", "kube-system"] {
        assert_eq!(
            namespaces
                .get(name)
                .await
                .unwrap()
                .status
                .unwrap()
                .phase
                .as_deref(),
            Some("Active")
        );
    }
}

#[tokio::test]
async fn the_service_account_of_a_namespace_is_made_again_when_it_is_deleted() {
    let server = TestServer::start().await;
    let accounts: Api<ServiceAccount> = Api::namespaced(server.client().await, "default");
    let first = accounts.get("default").await.unwrap().metadata.uid;
    accounts
        .delete("default", &DeleteParams::default())
        .await
        .unwrap();
    let another = |account: Option<&ServiceAccount>| {
        account.is_some_and(|account| account.metadata.uid != first)
    };
    await_condition(accounts, "default", another).await.unwrap();
}
