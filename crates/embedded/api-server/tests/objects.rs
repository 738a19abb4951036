//! Objects through `kube`'s `Api`, unchanged.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret, ServiceAccount};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::json;
use support::TestServer;

fn config_map(name: &str, value: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}, "data": {"key": value}})).unwrap()
}

#[tokio::test]
async fn a_created_object_can_be_read_listed_patched_and_deleted() {
    let server = TestServer::start().await;
    let api: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
    let created = api
        .create(&PostParams::default(), &config_map("a", "one"))
        .await
        .unwrap();
    assert_eq!(api.get("a").await.unwrap(), created);
    let patch = Patch::Merge(json!({"data": {"key": null, "other": "two"}}));
    let patched = api
        .patch("a", &PatchParams::default(), &patch)
        .await
        .unwrap();
    assert_eq!(
        patched.data.unwrap(),
        [("other".to_owned(), "two".to_owned())].into()
    );
    let names: Vec<_> = api
        .list(&ListParams::default())
        .await
        .unwrap()
        .into_iter()
        .filter_map(|item| item.metadata.name)
        .collect();
    assert_eq!(names, ["a", "kube-root-ca.crt"]);
    api.delete("a", &DeleteParams::default()).await.unwrap();
    assert!(api.get_opt("a").await.unwrap().is_none());
}

#[tokio::test]
async fn a_stale_replace_is_a_conflict_with_the_words_of_kubernetes() {
    let server = TestServer::start().await;
    let api: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
    let first = api
        .create(&PostParams::default(), &config_map("a", "one"))
        .await
        .unwrap();
    let mut second = first.clone();
    second.data = Some([("key".to_owned(), "two".to_owned())].into());
    api.replace("a", &PostParams::default(), &second)
        .await
        .unwrap();
    let mut third = first;
    third.data = Some([("key".to_owned(), "three".to_owned())].into());
    let kube::Error::Api(status) = api
        .replace("a", &PostParams::default(), &third)
        .await
        .unwrap_err()
    else {
        panic!("not a Status")
    };
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    assert_eq!(
        status.message,
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again"
    );
}

#[tokio::test]
async fn string_data_of_a_secret_becomes_data() {
    let server = TestServer::start().await;
    let api: Api<Secret> = Api::namespaced(server.client().await, "default");
    let secret =
        serde_json::from_value(json!({"metadata": {"name": "s"}, "stringData": {"password": "x"}}))
            .unwrap();
    let created = api.create(&PostParams::default(), &secret).await.unwrap();
    assert_eq!(created.type_.as_deref(), Some("Opaque"));
    assert_eq!(created.data.unwrap()["password"].0, b"x");
    assert!(created.string_data.is_none());
}

#[tokio::test]
async fn a_new_namespace_has_a_service_account_and_the_root_certificate() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let namespace = serde_json::from_value(json!({"metadata": {"name": "tenant"}})).unwrap();
    Api::<Namespace>::all(client.clone())
        .create(&PostParams::default(), &namespace)
        .await
        .unwrap();
    Api::<ServiceAccount>::namespaced(client.clone(), "tenant")
        .get("default")
        .await
        .unwrap();
    let root = Api::<ConfigMap>::namespaced(client, "tenant")
        .get("kube-root-ca.crt")
        .await
        .unwrap();
    assert_eq!(
        root.data.unwrap()["ca.crt"],
        server.authority.certificate_pem
    );
}

#[tokio::test]
async fn a_generated_name_continues_the_given_one() {
    let server = TestServer::start().await;
    let api: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
    let object = serde_json::from_value(json!({"metadata": {"generateName": "run-"}})).unwrap();
    let created = api.create(&PostParams::default(), &object).await.unwrap();
    let name = created.metadata.name.unwrap();
    assert!(name.len() == 9 && name.starts_with("run-"), "{name}");
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_over_a_restart() {
    let mut server = TestServer::start().await;
    let created = {
        let api: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
        api.create(&PostParams::default(), &config_map("a", "one"))
            .await
            .unwrap()
    };
    server.restart().await;
    let api: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
    assert_eq!(api.get("a").await.unwrap(), created);
}
