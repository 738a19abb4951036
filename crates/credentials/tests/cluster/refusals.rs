//! What a server that refuses everything, or is always a moment ahead, makes of each command.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use credentials::DockerConfig;
use credentials::cluster::{
    LinkAs, LinkError, SecretError, WaitError, apply_push_secret, link_secret,
    service_account_secrets, wait_for_service_account,
};
use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

const NAMESPACE: &str = "user-ns1";

/// A client of a server that answers each request with a status and an object.
fn client(answer: impl Fn(&Method) -> (u16, Value) + Clone + Send + 'static) -> Client {
    let service = tower::service_fn(move |request: Request<Body>| {
        let (status, body) = answer(request.method());
        async move {
            let body = Body::from(body.to_string().into_bytes());
            let response = Response::builder().status(status).body(body);
            Ok::<_, Infallible>(response.expect("the status is a valid one"))
        }
    });
    Client::new(service, NAMESPACE)
}

fn failure(code: u16, reason: &str) -> (u16, Value) {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": format!("the server says {reason}"), "reason": reason, "code": code,
    });
    (code, status)
}

fn forbidden() -> Client {
    client(|_| failure(403, "Forbidden"))
}

/// Reads succeed, and each write comes too late.
fn overtaken(existing: Value) -> Client {
    client(move |method| match *method {
        Method::GET => (200, existing.clone()),
        _ => failure(409, "Conflict"),
    })
}

async fn apply(client: &Client) -> SecretError {
    let mut config = DockerConfig::new();
    config.insert(
        "quay.io",
        credentials::AuthEntry::login("robot", &"hunter2".into()),
    );
    apply_push_secret(client, NAMESPACE, "regcred", &config, &BTreeMap::new())
        .await
        .unwrap_err()
}

async fn link(client: &Client) -> LinkError {
    link_secret(client, NAMESPACE, "builder", "regcred", LinkAs::SECRETS)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_secret_that_always_changes_is_given_up() {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "regcred", "resourceVersion": "1"},
        "type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "e30="},
    });
    let error = apply(&overtaken(secret)).await;
    assert!(matches!(error, SecretError::Contended { .. }), "{error}");
    insta::assert_snapshot!(error, @"Secret user-ns1/regcred was changed by somebody else during each of 5 attempts; find out who writes it, then run this again");
}

#[tokio::test]
async fn a_service_account_that_always_changes_is_given_up() {
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "builder", "resourceVersion": "1"},
    });
    let error = link(&overtaken(account)).await;
    assert!(matches!(error, LinkError::Contended { .. }), "{error}");
}

#[tokio::test]
async fn a_refusal_says_what_was_attempted_and_is_never_taken_for_absence() {
    let client = forbidden();
    let linked = service_account_secrets(&client, NAMESPACE, "builder").await;
    // The limit is long: a refusal does not wait for it.
    let limit = Duration::from_secs(600);
    let waited = wait_for_service_account(&client, NAMESPACE, "builder", limit).await;
    let waited = waited.unwrap_err();
    assert!(matches!(waited, WaitError::Kubernetes(_)));
    let said = [
        apply(&client).await.to_string(),
        link(&client).await.to_string(),
        linked.unwrap_err().to_string(),
        waited.to_string(),
    ];
    insta::assert_snapshot!(said.join("\n"), @r"
    cannot read Secret user-ns1/regcred: the server says Forbidden
    cannot read ServiceAccount user-ns1/builder: the server says Forbidden
    cannot read ServiceAccount user-ns1/builder: the server says Forbidden
    cannot watch ServiceAccount user-ns1/builder: the server says Forbidden
    ");
}
