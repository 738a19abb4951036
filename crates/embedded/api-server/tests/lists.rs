//! Lists: selections, pages, forms.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ListParams, PostParams};
use serde_json::json;
use support::TestServer;

async fn seven(server: &TestServer) -> Api<ConfigMap> {
    let api: Api<ConfigMap> = Api::namespaced(server.client().await, "kube-public");
    for number in 0..6 {
        let parity = if number % 2 == 0 { "even" } else { "odd" };
        let object =
            json!({"metadata": {"name": format!("c{number}"), "labels": {"parity": parity}}});
        api.create(
            &PostParams::default(),
            &serde_json::from_value(object).unwrap(),
        )
        .await
        .unwrap();
    }
    api
}

fn names(list: &[ConfigMap]) -> Vec<&str> {
    list.iter()
        .filter_map(|item| item.metadata.name.as_deref())
        .collect()
}

#[tokio::test]
async fn pages_give_every_object_once_and_in_order() {
    let server = TestServer::start().await;
    let api = seven(&server).await;
    let (mut token, mut pages) = (None, Vec::new());
    loop {
        let parameters = ListParams {
            continue_token: token,
            ..ListParams::default().limit(3)
        };
        let page = api.list(&parameters).await.unwrap();
        token = page
            .metadata
            .continue_
            .clone()
            .filter(|token| !token.is_empty());
        pages.push(names(&page.items).join(" "));
        if token.is_none() {
            break;
        }
    }
    assert_eq!(pages, ["c0 c1 c2", "c3 c4 c5", "kube-root-ca.crt"]);
}

#[tokio::test]
async fn pages_of_a_selection_are_full() {
    let server = TestServer::start().await;
    let api = seven(&server).await;
    let page = api
        .list(&ListParams::default().labels("parity=odd").limit(2))
        .await
        .unwrap();
    assert_eq!(names(&page.items), ["c1", "c3"]);
}

#[tokio::test]
async fn a_foreign_continue_token_is_refused() {
    let server = TestServer::start().await;
    let api = seven(&server).await;
    let parameters = ListParams {
        continue_token: Some("nonsense".into()),
        ..ListParams::default()
    };
    let kube::Error::Api(status) = api.list(&parameters).await.unwrap_err() else {
        panic!("not a Status")
    };
    assert_eq!(status.code, 400);
}

#[tokio::test]
async fn labels_and_fields_select() {
    let server = TestServer::start().await;
    let api = seven(&server).await;
    let list = api
        .list(&ListParams::default().labels("parity in (even),parity!=odd"))
        .await
        .unwrap();
    assert_eq!(names(&list.items), ["c0", "c2", "c4"]);
    let list = api
        .list(&ListParams::default().fields("metadata.name=c1"))
        .await
        .unwrap();
    assert_eq!(names(&list.items), ["c1"]);
}

#[tokio::test]
async fn a_field_that_cannot_be_selected_by_is_an_error_and_not_an_empty_list() {
    let server = TestServer::start().await;
    let api = seven(&server).await;
    let kube::Error::Api(status) = api
        .list(&ListParams::default().fields("data.x=y"))
        .await
        .unwrap_err()
    else {
        panic!("not a Status")
    };
    assert_eq!((status.code, status.reason.as_str()), (400, "BadRequest"));
}

#[tokio::test]
async fn a_list_of_metadata_has_nothing_else() {
    let server = TestServer::start().await;
    let api = seven(&server).await;
    let list = api
        .list_metadata(&ListParams::default().fields("metadata.name=c1"))
        .await
        .unwrap();
    assert_eq!(list.items[0].metadata.name.as_deref(), Some("c1"));
    assert_eq!(
        list.items[0].types.as_ref().unwrap().kind,
        "PartialObjectMetadata"
    );
}

#[tokio::test]
async fn a_collection_is_deleted_by_selection() {
    let server = TestServer::start().await;
    let api = seven(&server).await;
    api.delete_collection(
        &Default::default(),
        &ListParams::default().labels("parity=odd"),
    )
    .await
    .unwrap();
    let list = api.list(&ListParams::default()).await.unwrap();
    assert_eq!(names(&list.items), ["c0", "c2", "c4", "kube-root-ca.crt"]);
}
