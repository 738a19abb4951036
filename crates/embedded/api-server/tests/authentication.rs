//! Who may talk to the server, and as whom.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use k8s_openapi::api::authentication::v1::{SelfSubjectReview, TokenRequest};
use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use kube::api::{Api, DeleteParams, ListParams, PostParams};
use serde_json::json;
use support::TestServer;

async fn who_am_i(client: kube::Client) -> String {
    let reviews: Api<SelfSubjectReview> = Api::all(client);
    let review = reviews
        .create(&PostParams::default(), &SelfSubjectReview::default())
        .await
        .unwrap();
    review.status.unwrap().user_info.unwrap().username.unwrap()
}

async fn token(server: &TestServer, request: serde_json::Value) -> Result<String, kube::Error> {
    let accounts: Api<ServiceAccount> = Api::namespaced(server.client().await, "default");
    let request: TokenRequest = serde_json::from_value(request).unwrap();
    let answer = accounts
        .create_token_request("default", &PostParams::default(), &request)
        .await?;
    Ok(answer.status.unwrap().token.unwrap())
}

#[tokio::test]
async fn a_client_without_certificate_and_token_is_told_so() {
    let server = TestServer::start().await;
    let api: Api<ConfigMap> = Api::namespaced(server.anonymous_client().await, "default");
    let kube::Error::Api(status) = api.list(&ListParams::default()).await.unwrap_err() else {
        panic!("not a Status")
    };
    assert_eq!(
        (status.code, status.reason.as_str(), status.message.as_str()),
        (401, "Unauthorized", "Unauthorized")
    );
}

#[tokio::test]
async fn a_certificate_of_another_authority_does_not_connect() {
    let server = TestServer::start().await;
    let stranger = support::certificates::Authority::new().client("admin", "system:masters");
    let api: Api<ConfigMap> =
        Api::namespaced(server.client_with_certificate(&stranger).await, "default");
    let error = api.list(&ListParams::default()).await.unwrap_err();
    assert!(!matches!(error, kube::Error::Api(_)), "{error}");
}

#[tokio::test]
async fn the_user_of_a_certificate_is_its_common_name() {
    let server = TestServer::start().await;
    assert_eq!(who_am_i(server.client().await).await, "admin");
}

#[tokio::test]
async fn the_user_of_a_token_is_its_service_account() {
    let server = TestServer::start().await;
    let token = token(&server, json!({"spec": {"audiences": []}}))
        .await
        .unwrap();
    assert_eq!(
        who_am_i(server.client_with_token(&token).await).await,
        "system:serviceaccount:default:default"
    );
}

#[tokio::test]
async fn a_token_dies_with_its_service_account() {
    let server = TestServer::start().await;
    let token = token(&server, json!({"spec": {"audiences": []}}))
        .await
        .unwrap();
    let accounts: Api<ServiceAccount> = Api::namespaced(server.client().await, "default");
    accounts
        .delete("default", &DeleteParams::default())
        .await
        .unwrap();
    let api: Api<ConfigMap> = Api::namespaced(server.client_with_token(&token).await, "default");
    let kube::Error::Api(status) = api.list(&ListParams::default()).await.unwrap_err() else {
        panic!("not a Status")
    };
    assert_eq!(status.code, 401);
}

#[tokio::test]
async fn tokens_are_good_after_a_restart_and_bad_for_another_server() {
    let mut server = TestServer::start().await;
    let token = token(&server, json!({"spec": {"audiences": []}}))
        .await
        .unwrap();
    server.restart().await;
    assert_eq!(
        who_am_i(server.client_with_token(&token).await).await,
        "system:serviceaccount:default:default"
    );
    let other = TestServer::start().await;
    let api: Api<ConfigMap> = Api::namespaced(other.client_with_token(&token).await, "default");
    assert!(api.list(&ListParams::default()).await.is_err());
}

#[tokio::test]
async fn a_token_may_not_live_for_less_than_ten_minutes() {
    let server = TestServer::start().await;
    let error = token(
        &server,
        json!({"spec": {"audiences": [], "expirationSeconds": 10}}),
    )
    .await
    .unwrap_err();
    let kube::Error::Api(status) = error else {
        panic!("not a Status")
    };
    assert_eq!(status.code, 422);
}
