//! Everything that can stand between a credential and a repository, with the text that a person reads. All servers here are fakes.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod support;

use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use oci::access::{AccessReport, Obstacle, Verdict};
use oci::{Client, ClientBuilder, Error};
use support::obstacles::{
    DAMAGED, IDENTITY, NOBODY, ROBOT, TOKEN, check, of_script, settings, table,
};
use support::raw::{self, Overrun};
use support::scripted::{Asked, allowed, error, scripted, token_for, unauthorized, upload_opened};
use support::server::{Server, certificates};

/// A client that trusts an authority which signed nothing here.
fn stranger() -> ClientBuilder {
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let name = rcgen::DnType::CommonName;
    authority.distinguished_name.push(name, "another authority");
    let key = rcgen::KeyPair::generate().unwrap();
    Client::builder().ca_certificate_pem(authority.self_signed(&key).unwrap().pem())
}

async fn on_the_way() -> Vec<(&'static str, AccessReport)> {
    let server = Server::start(scripted(allowed).0).await;
    let expired = Server::start_with(scripted(allowed).0, |certificate| {
        certificate.not_before = rcgen::date_time_ymd(2019, 1, 1);
        certificate.not_after = rcgen::date_time_ymd(2020, 1, 1);
    })
    .await;
    let same_name = Client::builder().ca_certificate_pem(certificates(|_| {}).0);
    let by_address = server.host.replace("localhost", "127.0.0.1");
    let closed = format!("127.0.0.1:{}", raw::closed_port());
    let overrun = Overrun::start().await;
    let plain = raw::answering(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await;
    let hangs_up = raw::answering(b"").await;
    let (talks_no_http, authority) = raw::hanging_up_after_the_handshake().await;
    // A TLS alert: handshake failure.
    let unwilling = raw::answering(&[21, 3, 3, 0, 2, 2, 40]).await;
    let refusing = raw::answering(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
    vec![
        (
            "the lookup fails",
            check(server.client_builder().credentials(DAMAGED), &server.host).await,
        ),
        (
            "the name does not resolve",
            check(server.client_builder().without_proxy(), "registry.invalid").await,
        ),
        (
            "nobody listens",
            check(server.client_builder(), &closed).await,
        ),
        (
            "no connection in time",
            check(
                server
                    .client_builder()
                    .connect_timeout(Duration::from_millis(50)),
                &overrun.host,
            )
            .await,
        ),
        (
            "the proxy refuses",
            check(
                server
                    .client_builder()
                    .proxy(format!("http://user:s3cret@{refusing}")),
                "registry.invalid",
            )
            .await,
        ),
        (
            "no way to the address",
            // TCP has no way to a multicast address, on any network.
            check(server.client_builder().without_proxy(), "224.0.0.1:443").await,
        ),
        (
            "it hangs up after the handshake",
            check(
                Client::builder().ca_certificate_pem(authority),
                &talks_no_http,
            )
            .await,
        ),
        (
            "it hangs up",
            check(server.client_builder(), &hangs_up).await,
        ),
        ("plain HTTP", check(server.client_builder(), &plain).await),
        (
            "another name",
            check(server.client_builder(), &by_address).await,
        ),
        ("unknown authority", check(stranger(), &server.host).await),
        ("replaced authority", check(same_name, &server.host).await),
        (
            "expired certificate",
            check(expired.client_builder(), &expired.host).await,
        ),
        (
            "no common TLS",
            check(server.client_builder(), &unwilling).await,
        ),
    ]
}

async fn at_the_door() -> Vec<(&'static str, AccessReport)> {
    vec![
        (
            "a login page",
            of_script(ROBOT, |_| {
                Html("<html><title>Sign in to Example</title>").into_response()
            })
            .await,
        ),
        (
            "a web site",
            of_script(ROBOT, |_| {
                (StatusCode::NOT_FOUND, Html("no")).into_response()
            })
            .await,
        ),
        (
            "no challenge",
            of_script(ROBOT, |_| {
                error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "no")
            })
            .await,
        ),
        (
            "wrong password",
            of_script(ROBOT, |_| unauthorized("Basic realm=\"fake\"")).await,
        ),
        (
            "wrong password at the token server",
            of_script(ROBOT, |asked| match asked.path.starts_with("/token") {
                true => error(
                    StatusCode::UNAUTHORIZED,
                    "UNAUTHORIZED",
                    "incorrect username or password",
                ),
                false => asked.bearer_challenge(),
            })
            .await,
        ),
        (
            "the token server forbids",
            of_script(ROBOT, |asked| match asked.path.starts_with("/token") {
                true => error(
                    StatusCode::FORBIDDEN,
                    "DENIED",
                    "requested access is denied",
                ),
                false => asked.bearer_challenge(),
            })
            .await,
        ),
        (
            "expired registry token",
            of_script(TOKEN, Asked::bearer_challenge).await,
        ),
        (
            "expired identity token",
            of_script(IDENTITY, |asked| match asked.path.starts_with("/token") {
                true => (StatusCode::BAD_REQUEST, r#"{"error": "invalid_grant"}"#).into_response(),
                false => asked.bearer_challenge(),
            })
            .await,
        ),
        (
            "no credential for Basic",
            of_script(NOBODY, |_| unauthorized("Basic realm=\"fake\"")).await,
        ),
        (
            "no credential for a token",
            of_script(NOBODY, |asked| match asked.path.starts_with("/token") {
                true => token_for(""),
                false => asked.bearer_challenge(),
            })
            .await,
        ),
        (
            "too many requests",
            of_script(ROBOT, |_| {
                let wait = [(header::RETRY_AFTER, "120")];
                (
                    wait,
                    error(
                        StatusCode::TOO_MANY_REQUESTS,
                        "TOOMANYREQUESTS",
                        "slow down",
                    ),
                )
                    .into_response()
            })
            .await,
        ),
        (
            "too many requests, until nobody knows when",
            of_script(ROBOT, |_| StatusCode::TOO_MANY_REQUESTS.into_response()).await,
        ),
        (
            "the registry fails",
            of_script(ROBOT, |_| StatusCode::SERVICE_UNAVAILABLE.into_response()).await,
        ),
    ]
}

/// Basic, and it takes the robot; pushes are answered by `push`.
fn with_login(asked: &Asked, push: fn() -> Response) -> Response {
    match asked.has_login() {
        false => unauthorized("Basic realm=\"fake\""),
        true if asked.method == "POST" => push(),
        true => allowed(asked),
    }
}

async fn in_the_repository() -> Vec<(&'static str, AccessReport)> {
    vec![
        (
            "no right to pull",
            of_script(ROBOT, |asked| match asked.has_login() {
                false => unauthorized("Basic realm=\"fake\""),
                true if asked.path == "/v2/" => allowed(asked),
                true => error(
                    StatusCode::FORBIDDEN,
                    "DENIED",
                    "requested access is denied",
                ),
            })
            .await,
        ),
        (
            "no right to pull, with no login asked for",
            of_script(ROBOT, |asked| match asked.path.as_str() {
                "/v2/" => allowed(asked),
                _ => error(
                    StatusCode::FORBIDDEN,
                    "DENIED",
                    "requested access is denied",
                ),
            })
            .await,
        ),
        (
            "no right to push",
            of_script(ROBOT, |asked| {
                with_login(asked, || {
                    error(
                        StatusCode::FORBIDDEN,
                        "DENIED",
                        "requested access is denied",
                    )
                })
            })
            .await,
        ),
        (
            "the token grants less",
            of_script(ROBOT, |asked| match asked.has_token() {
                _ if asked.path.starts_with("/token") => token_for("\"pull\""),
                true if asked.method != "POST" => allowed(asked),
                _ => asked.bearer_challenge(),
            })
            .await,
        ),
        (
            "the repository must exist",
            of_script(ROBOT, |asked| match asked.path.as_str() {
                "/v2/" => with_login(asked, upload_opened),
                _ => error(
                    StatusCode::NOT_FOUND,
                    "NAME_UNKNOWN",
                    "repository name not known to registry",
                ),
            })
            .await,
        ),
        (
            "the repository must exist, said as a smaller grant",
            of_script(ROBOT, |asked| match asked.has_token() {
                _ if asked.path.starts_with("/token") => token_for("\"pull\""),
                true if asked.method != "POST" && asked.path != "/v2/" => {
                    error(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "unknown")
                }
                _ => asked.bearer_challenge(),
            })
            .await,
        ),
        (
            "nothing is there, and the push is denied",
            of_script(ROBOT, |asked| match asked.has_login() {
                false => unauthorized("Basic realm=\"fake\""),
                true if asked.path == "/v2/" => allowed(asked),
                true if asked.method == "POST" => error(
                    StatusCode::FORBIDDEN,
                    "DENIED",
                    "requested access is denied",
                ),
                true => error(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "unknown"),
            })
            .await,
        ),
        (
            "a mirror",
            of_script(ROBOT, |asked| {
                with_login(asked, || {
                    error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "read only")
                })
            })
            .await,
        ),
        (
            "too many requests for a push",
            of_script(ROBOT, |asked| {
                with_login(asked, || {
                    let wait = [(header::RETRY_AFTER, "30")];
                    (wait, StatusCode::TOO_MANY_REQUESTS).into_response()
                })
            })
            .await,
        ),
    ]
}

#[tokio::test]
async fn every_obstacle_on_the_way_is_told_from_the_others() {
    let reports = on_the_way().await;
    settings().bind(|| insta::assert_snapshot!("on_the_way", table(&reports)));
}

#[tokio::test]
async fn every_obstacle_at_the_door_is_told_from_the_others() {
    let reports = at_the_door().await;
    settings().bind(|| insta::assert_snapshot!("at_the_door", table(&reports)));
}

#[tokio::test]
async fn every_obstacle_in_the_repository_is_told_from_the_others() {
    let reports = in_the_repository().await;
    settings().bind(|| insta::assert_snapshot!("in_the_repository", table(&reports)));
}

#[tokio::test]
async fn a_date_in_retry_after_is_as_good_as_seconds() {
    let report = of_script(ROBOT, |_| {
        let wait = [(header::RETRY_AFTER, "Sun, 31 Dec 2299 23:59:59 GMT")];
        (wait, StatusCode::TOO_MANY_REQUESTS).into_response()
    })
    .await;
    let Some(Obstacle::RateLimited {
        retry_after_seconds: Some(seconds),
        ..
    }) = report.obstacle
    else {
        panic!("{report}");
    };
    assert!(seconds > 24 * 60 * 60, "{seconds}");
}

#[tokio::test]
async fn as_json_an_obstacle_has_its_kind_its_words_and_its_remedy() {
    let report = of_script(ROBOT, |_| unauthorized("Basic realm=\"fake\"")).await;
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["obstacle"]["kind"], "wrong-password");
    assert_eq!(json["obstacle"]["username"], "robot");
    assert_eq!(json["credential"]["kind"], "password");
    let obstacle = report.obstacle.unwrap();
    assert_eq!(json["obstacle"]["message"], obstacle.to_string());
    assert_eq!(json["obstacle"]["remedy"], obstacle.remedy());
    let last = json["steps"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["step"], &last["outcome"]),
        (&"login".into(), &"failed".into())
    );
}

#[tokio::test]
async fn what_could_not_be_tried_is_not_called_refused() {
    let of = |reports: Vec<(&str, AccessReport)>| -> Vec<Verdict> {
        reports.iter().map(|(_, report)| report.verdict).collect()
    };
    assert!(
        of(on_the_way().await)
            .iter()
            .all(|verdict| *verdict == Verdict::Unknown)
    );
    let refused = of(in_the_repository().await);
    let (limited, refused) = refused.split_last().unwrap();
    assert!(refused.iter().all(|verdict| *verdict == Verdict::Refused));
    assert_eq!(
        *limited,
        Verdict::Unknown,
        "the rate limit says nothing about rights"
    );
}

/// The environment of a process cannot be changed safely: the test runs itself again.
#[test]
fn the_proxy_of_the_environment_is_named_without_its_login() {
    let name = "the_proxy_of_the_environment_is_named_without_its_login";
    let proxy = "http://user:s3cret@127.0.0.1:9";
    if std::env::var("HTTPS_PROXY").is_ok_and(|value| value == proxy) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let report = runtime.block_on(check(stranger(), "registry.invalid"));
        assert!(
            matches!(&report.obstacle, Some(Obstacle::Proxy { proxy, .. }) if proxy == "127.0.0.1:9"),
            "{report}"
        );
        return;
    }
    let again = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env("HTTPS_PROXY", proxy)
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(
        again.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[test]
fn what_is_no_proxy_is_refused_without_being_repeated() {
    let error = stranger()
        .proxy("http://user:s3cret@:bad:")
        .build()
        .unwrap_err();
    assert!(matches!(error, Error::ProxyAddress), "{error}");
    assert!(!format!("{error:?} {error}").contains("s3cret"));
}
