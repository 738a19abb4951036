//! Login, retries, TLS and addresses. The servers here are fakes that do one thing each.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use oci::{Client, ContentError, Descriptor, Error, ImageReference};
use support::images;
use support::server::Server;

/// Makes an answer that fails.
type Failure = fn() -> Response;

/// Answers `failure` the first `times` times.
fn failing(times: usize, failure: Failure) -> (Router, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    let router = Router::new().fallback(move || {
        let number = seen.fetch_add(1, Ordering::SeqCst);
        async move {
            if number < times {
                failure()
            } else {
                r#"{"tags": ["v1"]}"#.into_response()
            }
        }
    });
    (router, count)
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let failures: [Failure; 2] = [
        || StatusCode::SERVICE_UNAVAILABLE.into_response(),
        || (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "0")]).into_response(),
    ];
    for failure in failures {
        let (router, count) = failing(2, failure);
        let server = Server::start(router).await;
        assert_eq!(
            server.client().tags(&server.image("a")).await.unwrap(),
            ["v1"]
        );
        assert_eq!(count.load(Ordering::SeqCst), 3);
    }
}

#[tokio::test]
async fn what_stays_is_told_after_the_last_try_and_what_cannot_pass_at_once() {
    let cases: [(Failure, u16, usize); 3] = [
        (
            || (StatusCode::BAD_GATEWAY, "upstream gone").into_response(),
            502,
            3,
        ),
        (
            || {
                (
                    StatusCode::TOO_MANY_REQUESTS,
                    [(header::RETRY_AFTER, "3600")],
                )
                    .into_response()
            },
            429,
            1,
        ),
        (|| StatusCode::METHOD_NOT_ALLOWED.into_response(), 405, 1),
    ];
    for (failure, expected, tries) in cases {
        let (router, count) = failing(usize::MAX, failure);
        let server = Server::start(router).await;
        let error = server.client().tags(&server.image("a")).await.unwrap_err();
        assert!(
            matches!(error, Error::Status { status, .. } if status == expected),
            "{error}"
        );
        assert_eq!(count.load(Ordering::SeqCst), tries, "{error}");
    }
}

#[tokio::test]
async fn the_words_of_the_registry_are_in_the_error() {
    let (router, _) = failing(usize::MAX, || {
        (
            StatusCode::FORBIDDEN,
            r#"{"errors": [{"code": "DENIED", "message": "no push for you"}]}"#,
        )
            .into_response()
    });
    let server = Server::start(router).await;
    let error = server.client().tags(&server.image("a")).await.unwrap_err();
    assert!(
        matches!(&error, Error::Forbidden { detail, .. } if detail == "DENIED: no push for you"),
        "{error}"
    );
}

#[tokio::test]
async fn an_unknown_authority_is_refused_with_what_to_do() {
    let (server, same_name) = (Server::registry().await, Server::registry().await);
    let other_name = Client::builder().ca_certificate_pem(another_authority());
    for (client, remedy) in [
        (
            other_name.build().unwrap(),
            "pass the registry's CA certificate",
        ),
        (
            same_name.client(),
            "pass the registry's current CA certificate",
        ),
    ] {
        let error = client.tags(&server.image("a")).await.unwrap_err();
        assert!(
            matches!(&error, Error::Transport { cause, transient: false, .. } if cause.contains(remedy)),
            "{error}"
        );
    }
}

fn another_authority() -> String {
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    authority
        .distinguished_name
        .push(rcgen::DnType::CommonName, "another authority");
    authority
        .self_signed(&rcgen::KeyPair::generate().unwrap())
        .unwrap()
        .pem()
}

#[tokio::test]
async fn a_name_that_the_certificate_lacks_is_refused() {
    let server = Server::registry().await;
    let image: ImageReference = server
        .image("a")
        .to_string()
        .replace("localhost", "127.0.0.1")
        .parse()
        .unwrap();
    let error = server.client().tags(&image).await.unwrap_err();
    assert!(
        matches!(&error, Error::Transport { cause, .. } if cause.contains("does not carry this name")),
        "{error}"
    );
}

#[tokio::test]
async fn nobody_listening_is_told_with_the_address() {
    // The port was free a moment ago, and nobody is told of it.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let server = Server::registry().await;
    let image: ImageReference = format!("localhost:{port}/a").parse().unwrap();
    let error = server.client().tags(&image).await.unwrap_err();
    assert!(
        matches!(&error, Error::Transport { address, transient: true, .. } if *address == format!("localhost:{port}")),
        "{error}"
    );
}

#[test]
fn what_is_no_certificate_is_no_authority() {
    for pem in [
        "",
        "hello",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        assert!(
            matches!(
                Client::builder().ca_certificate_pem(pem).build(),
                Err(Error::Tls(_))
            ),
            "{pem}"
        );
    }
}

#[tokio::test]
async fn all_pages_of_a_list_are_read() {
    let router = Router::new().fallback(|request: Request| async move {
        let mut headers = HeaderMap::new();
        match request.uri().query() {
            None => {
                headers.insert(
                    header::LINK,
                    "</v2/a/tags/list?last=v1>; rel=\"next\"".parse().unwrap(),
                );
                (headers, r#"{"tags": ["v1"]}"#)
            }
            Some(_) => (headers, r#"{"tags": ["v2"]}"#),
        }
    });
    let server = Server::start(router).await;
    assert_eq!(
        server.client().tags(&server.image("a")).await.unwrap(),
        ["v1", "v2"]
    );
}

#[tokio::test]
async fn a_reference_without_tag_and_digest_names_no_manifest() {
    let server = Server::registry().await;
    let error = server
        .client()
        .manifest(&server.image("a"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::IncompleteReference { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_repository_that_nobody_pushed_to_has_no_tags() {
    let server = Server::registry().await;
    assert!(
        server
            .client()
            .tags(&server.image("nothing"))
            .await
            .unwrap()
            .is_empty()
    );
}

/// A registry of the time before the referrers API.
async fn without_referrers_api() -> Server {
    let storage = Arc::new(registry::storage::Memory::new());
    let router = registry::Registry::new(storage, registry::Options::default()).router();
    let old = axum::middleware::from_fn(
        |request: Request, next: axum::middleware::Next| async move {
            if request.uri().path().contains("/referrers/") {
                return StatusCode::NOT_FOUND.into_response();
            }
            let mut response = next.run(request).await;
            response.headers_mut().remove("oci-subject");
            response
        },
    );
    Server::start(router.layer(old)).await
}

#[tokio::test]
async fn without_the_referrers_api_the_fallback_tag_is_kept_up_to_date() {
    let server = without_referrers_api().await;
    let client = server.client();
    let image = images::one_platform("x");
    let tag = server.image("app:v1");
    client
        .push_layout(image.layout.directory(), &tag)
        .await
        .unwrap();
    let reports = ["one", "two"].map(|text| images::artifact(Some(&image.root), text));
    // Twice, so that nothing is listed twice.
    for report in reports.iter().chain(&reports) {
        client
            .push_layout(report.layout.directory(), &tag.without_tag_and_digest())
            .await
            .unwrap();
    }
    let listed = client.referrers(&tag, &image.root.digest).await.unwrap();
    assert_eq!(
        listed
            .iter()
            .map(|report| &report.digest)
            .collect::<Vec<_>>(),
        reports.each_ref().map(|report| &report.root.digest)
    );
    assert_eq!(
        listed[0].artifact_type.as_deref(),
        Some("application/vnd.example.report")
    );
}

#[tokio::test]
async fn a_blob_larger_than_allowed_is_not_read_into_memory() {
    let server = Server::registry().await;
    let descriptor = Descriptor::of("text/plain", b"four");
    let error = server
        .client()
        .blob_bytes(&server.image("a"), &descriptor, 3)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Content(ContentError::SizeMismatch {
                expected: 3,
                actual: 4,
                ..
            })
        ),
        "{error}"
    );
}

#[tokio::test]
async fn within_a_registry_blobs_are_mounted_and_not_sent_again() {
    let storage = Arc::new(registry::storage::Memory::new());
    let router = registry::Registry::new(storage, registry::Options::default()).router();
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let counting =
        axum::middleware::from_fn(move |request: Request, next: axum::middleware::Next| {
            let is_content =
                request.method() == "PUT" && request.uri().path().contains("/blobs/uploads/");
            count.fetch_add(usize::from(is_content), Ordering::SeqCst);
            next.run(request)
        });
    let server = Server::start(router.layer(counting)).await;
    let client = server.client();
    let image = images::one_platform("x");
    let (source, destination) = (server.image("a/app:v1"), server.image("b/app:v1"));
    client
        .push_layout(image.layout.directory(), &source)
        .await
        .unwrap();
    assert_eq!(
        sent.load(Ordering::SeqCst),
        3,
        "a configuration and two layers"
    );
    client.copy(&source, &destination).await.unwrap();
    assert_eq!(
        sent.load(Ordering::SeqCst),
        3,
        "nothing was sent for the copy"
    );
    assert_eq!(
        client.verify(&destination).await.unwrap().digest,
        image.root.digest
    );
}
