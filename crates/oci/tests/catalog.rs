//! The repositories of a registry, where it lists them. The registries here are fakes.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod support;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use oci::{Credential, Error, ImageReference, Repositories};
use support::scripted::{Asked, error, scripted, token_for, unauthorized};
use support::server::Server;

type Script = fn(&Asked) -> Response;

fn robot(_: &ImageReference) -> Result<Option<Credential>, String> {
    Ok(Some(Credential::Password {
        username: "robot".into(),
        password: "pass".into(),
    }))
}

async fn repositories(script: Script) -> Result<Repositories, Error> {
    let server = Server::start(scripted(script).0).await;
    let client = server.client_builder().credentials(robot).build().unwrap();
    client.repositories(&server.host).await
}

#[tokio::test]
async fn all_pages_are_read() {
    let listed = repositories(|asked| match asked.path.as_str() {
        "/v2/_catalog" => {
            let next = [(header::LINK, "</v2/_catalog?last=a&n=1>; rel=\"next\"")];
            (next, r#"{"repositories": ["a"]}"#).into_response()
        }
        _ => r#"{"repositories": ["b/c"]}"#.into_response(),
    })
    .await;
    let names = vec!["a".to_owned(), "b/c".to_owned()];
    assert_eq!(listed.unwrap(), Repositories::Listed { names });
}

#[tokio::test]
async fn the_token_is_asked_for_the_catalog() {
    let listed = repositories(|asked| match asked.has_token() {
        true => r#"{"repositories": []}"#.into_response(),
        false if asked.path.starts_with("/token") => {
            assert!(
                asked.path.contains("scope=registry%3Acatalog%3A*"),
                "{}",
                asked.path
            );
            token_for("")
        }
        false => asked.bearer_challenge(),
    })
    .await;
    assert_eq!(listed.unwrap(), Repositories::Listed { names: vec![] });
}

#[tokio::test]
async fn a_registry_without_the_list_says_so_and_is_no_failure() {
    let scripts: [(u16, Script); 4] = [
        (404, |_| StatusCode::NOT_FOUND.into_response()),
        (405, |_| StatusCode::METHOD_NOT_ALLOWED.into_response()),
        (403, |_| {
            error(StatusCode::FORBIDDEN, "DENIED", "not for you")
        }),
        (401, |asked| match asked.path.starts_with("/token") {
            true => token_for(""),
            false => asked.bearer_challenge(),
        }),
    ];
    for (expected, script) in scripts {
        let found = repositories(script).await.unwrap();
        assert!(
            matches!(found, Repositories::NotOffered { status, .. } if status == expected),
            "{found:?}"
        );
    }
}

#[tokio::test]
async fn a_wrong_password_is_an_error_that_names_the_registry() {
    let error = repositories(|_| unauthorized("Basic realm=\"fake\""))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Unauthorized { place, .. } if place.starts_with("localhost:") && !place.contains('/')),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_no_host_is_refused() {
    let server = Server::registry().await;
    let error = server
        .client()
        .repositories("not a host")
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Reference(_)), "{error}");
}
