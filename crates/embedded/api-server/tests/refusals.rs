//! What is refused, and with which words. Nothing is accepted and then ignored.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use http::{Method, Request};
use serde_json::{Value, json};
use support::TestServer;

/// Sends a request that must be refused; gives back code, reason and message.
async fn refused(
    server: &TestServer,
    method: Method,
    path: &str,
    content_type: &str,
    body: &str,
) -> (u16, String, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", content_type);
    let request = request.body(body.as_bytes().to_vec()).unwrap();
    match server.client().await.request_text(request).await {
        Err(kube::Error::Api(status)) => (status.code, status.reason, status.message),
        other => panic!("{path} was not refused: {other:?}"),
    }
}

async fn get(server: &TestServer, path: &str) -> (u16, String, String) {
    refused(server, Method::GET, path, "application/json", "").await
}

#[tokio::test]
async fn a_resource_that_is_not_served_is_not_found() {
    let server = TestServer::start().await;
    for path in [
        "/apis/apps/v1/deployments",
        "/api/v1/nonsense",
        "/api/v2/pods",
        "/nonsense",
    ] {
        let (code, reason, message) = get(&server, path).await;
        assert_eq!((code, reason.as_str()), (404, "NotFound"), "{path}");
        assert_eq!(message, "the server could not find the requested resource");
    }
}

#[tokio::test]
async fn a_subresource_that_is_not_modelled_says_so() {
    let server = TestServer::start().await;
    let (code, reason, message) = get(&server, "/api/v1/namespaces/default/pods/p/exec").await;
    assert_eq!((code, reason.as_str()), (501, "NotImplemented"));
    assert!(message.contains("\"exec\""), "{message}");
}

#[tokio::test]
async fn a_request_on_behalf_of_somebody_else_is_refused_by_its_header() {
    let server = TestServer::start().await;
    for header in [
        "Impersonate-User",
        "Impersonate-Group",
        "Impersonate-Uid",
        "Impersonate-Extra-scopes",
    ] {
        let request = Request::builder()
            .uri("/api/v1/namespaces")
            .header(header, "somebody");
        let request = request.body(Vec::new()).unwrap();
        match server.client().await.request_text(request).await {
            Err(kube::Error::Api(status)) => {
                assert_eq!(
                    (status.code, status.reason.as_str()),
                    (501, "NotImplemented")
                );
                assert!(
                    status.message.contains(&header.to_lowercase()),
                    "{}",
                    status.message
                );
            }
            other => panic!("{header} was not refused: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_namespace_that_every_cluster_needs_cannot_be_deleted() {
    let server = TestServer::start().await;
    for name in ["default", "kube-public", "kube-system"] {
        let path = format!("/api/v1/namespaces/{name}");
        let (code, reason, message) =
            refused(&server, Method::DELETE, &path, "application/json", "").await;
        assert_eq!((code, reason.as_str()), (403, "Forbidden"));
        let expected =
            format!("namespaces \"{name}\" is forbidden: this namespace may not be deleted");
        assert_eq!(message, expected);
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_not_allowed() {
    let server = TestServer::start().await;
    for (method, path) in [
        (Method::PUT, "/api/v1/namespaces/default/configmaps"),
        (Method::POST, "/api/v1/namespaces/default/configmaps/a"),
        (Method::POST, "/api/v1/configmaps"),
        (Method::DELETE, "/api/v1/namespaces"),
        (
            Method::GET,
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        ),
    ] {
        let (code, reason, _) =
            refused(&server, method.clone(), path, "application/json", "{}").await;
        assert_eq!(
            (code, reason.as_str()),
            (405, "MethodNotAllowed"),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn a_body_in_an_unknown_format_is_refused() {
    let server = TestServer::start().await;
    let path = "/api/v1/namespaces/default/configmaps";
    assert_eq!(
        refused(&server, Method::POST, path, "text/plain", "x")
            .await
            .0,
        415
    );
    assert_eq!(
        refused(&server, Method::POST, path, "application/json", "{")
            .await
            .0,
        400
    );
    assert_eq!(
        refused(&server, Method::POST, path, "application/json", "[]")
            .await
            .0,
        400
    );
    let patch = format!("{path}/kube-root-ca.crt");
    assert_eq!(
        refused(&server, Method::PATCH, &patch, "application/json", "{}")
            .await
            .0,
        415
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large() {
    let server = TestServer::start().await;
    let object =
        json!({"metadata": {"name": "a"}, "data": {"x": "y".repeat(1_600_000)}}).to_string();
    let path = "/api/v1/namespaces/default/configmaps";
    let (code, reason, _) = refused(&server, Method::POST, path, "application/json", &object).await;
    assert_eq!((code, reason.as_str()), (413, "RequestEntityTooLarge"));
}

#[tokio::test]
async fn a_wrong_option_is_refused_and_not_ignored() {
    let server = TestServer::start().await;
    let objects = "/api/v1/namespaces/default/configmaps";
    let body = json!({"metadata": {"name": "a"}}).to_string();
    for query in ["dryRun=Some", "fieldValidation=Maybe", "force=perhaps"] {
        let path = format!("{objects}?{query}");
        assert_eq!(
            refused(&server, Method::POST, &path, "application/json", &body)
                .await
                .0,
            400,
            "{query}"
        );
    }
    for query in [
        "limit=x",
        "watch=x",
        "resourceVersion=x",
        "resourceVersionMatch=Exact",
        "labelSelector=%3D%3D",
    ] {
        assert_eq!(
            get(&server, &format!("{objects}?{query}")).await.0,
            400,
            "{query}"
        );
    }
}

#[tokio::test]
async fn an_object_of_another_kind_or_namespace_is_refused() {
    let server = TestServer::start().await;
    let path = "/api/v1/namespaces/default/configmaps";
    for object in [
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}),
        json!({"apiVersion": "v2", "kind": "ConfigMap", "metadata": {"name": "a"}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "other"}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": 1}}),
        json!({"metadata": {"name": "a", "resourceVersion": "5"}}),
    ] {
        let outcome = refused(
            &server,
            Method::POST,
            path,
            "application/json",
            &object.to_string(),
        )
        .await;
        assert_eq!(outcome.0, 400, "{object}: {outcome:?}");
    }
}

#[tokio::test]
async fn every_problem_of_an_object_is_named_at_once() {
    let server = TestServer::start().await;
    let object = json!({"metadata": {"name": "Not_A_Name", "labels": {"a": "not a value"}}, "data": {"..": "x"}});
    let path = "/api/v1/namespaces/default/configmaps";
    let (code, reason, message) = refused(
        &server,
        Method::POST,
        path,
        "application/json",
        &object.to_string(),
    )
    .await;
    assert_eq!((code, reason.as_str()), (422, "Invalid"));
    for field in ["metadata.name", "metadata.labels", "data[..]"] {
        assert!(message.contains(field), "{field} is not in {message}");
    }
}

fn definition(version: Value) -> Value {
    json!({
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [version],
        },
    })
}

#[tokio::test]
async fn a_definition_that_needs_what_is_not_modelled_is_refused_with_the_field() {
    let server = TestServer::start().await;
    let schema = json!({"openAPIV3Schema": {"type": "object"}});
    let version = json!({"name": "v1", "served": true, "storage": true, "schema": schema});
    let mut scale = definition(version.clone());
    scale["spec"]["versions"][0]["subresources"] =
        json!({"scale": {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n"}});
    let mut webhook = definition(version.clone());
    webhook["spec"]["conversion"] = json!({"strategy": "Webhook"});
    let mut rules = definition(version);
    rules["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["x-kubernetes-validations"] =
        json!([{"rule": "true"}]);
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    for (object, field) in [
        (scale, "subresources.scale"),
        (webhook, "conversion.strategy"),
        (rules, "x-kubernetes-validations"),
    ] {
        let (code, _, message) = refused(
            &server,
            Method::POST,
            path,
            "application/json",
            &object.to_string(),
        )
        .await;
        assert_eq!(code, 422, "{message}");
        assert!(message.contains(field), "{field} is not in {message}");
    }
}

#[tokio::test]
async fn a_custom_resource_takes_no_strategic_merge_patch() {
    let server = TestServer::start().await;
    let version = json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}});
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let request = Request::post(path)
        .body(definition(version).to_string().into_bytes())
        .unwrap();
    server
        .client()
        .await
        .request::<Value>(request)
        .await
        .unwrap();
    let path = "/apis/example.com/v1/namespaces/default/widgets/a";
    let outcome = refused(
        &server,
        Method::PATCH,
        path,
        "application/strategic-merge-patch+json",
        "{}",
    )
    .await;
    assert_eq!(outcome.0, 415);
}
