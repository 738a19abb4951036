//! Waiting for a ServiceAccount.

use std::time::Duration;

use credentials::cluster::{WaitError, wait_for_service_account};

use crate::server::{NAMESPACE, Server};

#[tokio::test]
async fn the_wait_ends_when_the_service_account_appears_even_if_its_namespace_comes_later() {
    let server = Server::start_empty().await;
    let client = server.client.clone();
    let limit = Duration::from_secs(60);
    let waiting = tokio::spawn(async move {
        wait_for_service_account(&client, NAMESPACE, "build-pipeline-a", limit).await
    });
    server.create_namespace().await;
    server.create_service_account("other", &[]).await;
    server.create_service_account("build-pipeline-a", &[]).await;
    let account = waiting.await.unwrap().unwrap();
    assert_eq!(account.metadata.name.as_deref(), Some("build-pipeline-a"));
}

#[tokio::test]
async fn an_expired_wait_says_what_is_there_instead() {
    let server = Server::start_empty().await;
    let wait = || {
        let limit = Duration::from_millis(50);
        wait_for_service_account(&server.client, NAMESPACE, "build-pipeline-a", limit)
    };
    let error = wait().await.unwrap_err();
    assert!(
        error.to_string().contains("there is no namespace user-ns1"),
        "{error}"
    );
    server.create_namespace().await;
    server.create_service_account("other", &[]).await;
    let error = wait().await.unwrap_err();
    assert!(matches!(error, WaitError::Expired { .. }));
    assert!(error.to_string().contains("other"), "{error}");
    assert!(
        error.to_string().contains("build-service creates it"),
        "{error}"
    );
}
