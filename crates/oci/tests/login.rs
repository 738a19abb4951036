//! Authentication challenges and what they are answered with. The registries here are fakes.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod support;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use oci::{Credential, Error, ImageReference};
use support::server::Server;

type Known = Arc<Mutex<Vec<String>>>;

/// Serves `tags/list` after a check of the `Authorization` header, and a token server at `/token`; notes what it is asked.
fn asking_for_login(
    challenge: impl Fn(&str) -> String + Clone + Send + Sync + 'static,
    accepted: &'static str,
) -> (Router, Known) {
    let asked = Known::default();
    let notes = asked.clone();
    let router = Router::new().fallback(move |request: Request| {
        let (notes, challenge) = (notes.clone(), challenge.clone());
        async move {
            let text = |name| {
                request
                    .headers()
                    .get(name)
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or_default()
                    .to_owned()
            };
            let (host, authorization) = (text(header::HOST), text(header::AUTHORIZATION));
            let host = request.uri().authority().map_or(host, ToString::to_string);
            notes.lock().unwrap().push(format!(
                "{} {authorization}",
                request.uri().path_and_query().unwrap()
            ));
            if request.uri().path() == "/token" {
                return match authorization.as_str() {
                    "" | "Basic cm9ib3Q6cGFzcw==" => r#"{"token": "t0ken"}"#.into_response(),
                    _ => StatusCode::UNAUTHORIZED.into_response(),
                };
            }
            match authorization == accepted {
                true => r#"{"tags": ["v1"]}"#.into_response(),
                false => (
                    StatusCode::UNAUTHORIZED,
                    [(header::WWW_AUTHENTICATE, challenge(&host))],
                )
                    .into_response(),
            }
        }
    });
    (router, asked)
}

fn login(
    username: &'static str,
    password: &'static str,
) -> impl Fn(&ImageReference) -> Result<Option<Credential>, String> {
    move |_| {
        Ok(Some(Credential::Password {
            username: username.into(),
            password: password.into(),
        }))
    }
}

#[tokio::test]
async fn a_basic_challenge_is_answered_and_remembered() {
    let (router, asked) =
        asking_for_login(|_| "Basic realm=\"x\"".into(), "Basic cm9ib3Q6cGFzcw==");
    let server = Server::start(router).await;
    let client = server
        .client_builder()
        .credentials(login("robot", "pass"))
        .build()
        .unwrap();
    for _ in 0..2 {
        assert_eq!(client.tags(&server.image("a")).await.unwrap(), ["v1"]);
    }
    assert_eq!(asked.lock().unwrap().len(), 3, "one challenge, two answers");
}

#[tokio::test]
async fn a_bearer_challenge_fetches_a_token_for_the_scope() {
    let challenge = |host: &str| {
        format!("Bearer realm=\"https://{host}/token\",service=\"reg\",scope=\"repository:a:pull\"")
    };
    let (router, asked) = asking_for_login(challenge, "Bearer t0ken");
    let server = Server::start(router).await;
    let client = server
        .client_builder()
        .credentials(login("robot", "pass"))
        .build()
        .unwrap();
    assert_eq!(client.tags(&server.image("a")).await.unwrap(), ["v1"]);
    let asked = asked.lock().unwrap();
    assert_eq!(
        asked[1],
        "/token?service=reg&scope=repository%3Aa%3Apull Basic cm9ib3Q6cGFzcw=="
    );
}

#[tokio::test]
async fn without_a_credential_an_anonymous_token_is_tried() {
    let (router, _) = asking_for_login(
        |host| format!("Bearer realm=\"https://{host}/token\""),
        "Bearer t0ken",
    );
    let server = Server::start(router).await;
    assert_eq!(
        server.client().tags(&server.image("a")).await.unwrap(),
        ["v1"]
    );
}

#[tokio::test]
async fn a_refused_login_names_the_user_and_never_the_password() {
    for challenge in [
        |_: &str| "Basic realm=\"x\"".to_owned(),
        |host: &str| format!("Bearer realm=\"https://{host}/token\""),
    ] {
        let (router, _) = asking_for_login(challenge, "never");
        let server = Server::start(router).await;
        let client = server
            .client_builder()
            .credentials(login("robot", "hunter2"))
            .build()
            .unwrap();
        let error = client.tags(&server.image("a")).await.unwrap_err();
        assert!(matches!(error, Error::Unauthorized { .. }), "{error}");
        assert!(
            error.to_string().contains("`robot`")
                && !format!("{error:?} {error}").contains("hunter2"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn no_credential_and_a_failing_lookup_are_told_apart() {
    let (router, _) = asking_for_login(|_| "Basic realm=\"x\"".into(), "never");
    let server = Server::start(router).await;
    let error = server.client().tags(&server.image("a")).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no credential is known for localhost:"),
        "{error}"
    );
    let broken = |_: &ImageReference| Err("entry `x` is damaged".to_owned());
    let client = server.client_builder().credentials(broken).build().unwrap();
    assert!(
        matches!(client.tags(&server.image("a")).await, Err(Error::Credential { detail, .. }) if detail.contains("damaged"))
    );
}

#[tokio::test]
async fn a_password_is_never_sent_to_a_token_server_without_tls() {
    let (router, _) = asking_for_login(
        |_| "Bearer realm=\"http://127.0.0.1:1/token\"".into(),
        "never",
    );
    let server = Server::start(router).await;
    let client = server
        .client_builder()
        .credentials(login("robot", "pass"))
        .build()
        .unwrap();
    let error = client.tags(&server.image("a")).await.unwrap_err();
    assert!(
        matches!(&error, Error::Protocol { detail, .. } if detail.contains("not an https://")),
        "{error}"
    );
}
