//! Servers that do not do what they should.

use std::sync::Mutex;
use std::time::Duration;

use deploy::sources::{DownloadOptions, Problem, SourceError, Telling};

use crate::server::{Answer, Server, status};
use crate::world::{World, sentence, unpinned};

/// The problem of a download that failed.
async fn problem(world: &World, server: &Server, options: DownloadOptions) -> Problem {
    let store = world.store().downloads(options);
    let error = store
        .get(&unpinned("tekton", &server.host))
        .await
        .unwrap_err();
    assert!(world.partial_files().is_empty());
    assert!(!world.lock().path().exists());
    match error {
        SourceError::Download(error) => error.problem,
        other => panic!("{other}"),
    }
}

fn truncated() -> Answer {
    Answer::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n0123456789".to_owned())
}

#[tokio::test]
async fn a_transfer_that_breaks_off_is_tried_again_and_then_named() {
    let world = World::new();
    let server = Server::start(&world.authority, |_| truncated()).await;
    let problem = problem(&world, &server, world.options()).await;
    assert!(
        matches!(problem, Problem::Broken { received: 10, .. }),
        "{problem}"
    );
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_server_that_recovers_is_used_and_the_second_attempt_is_told() {
    let world = World::new();
    let server = Server::start(&world.authority, |number| match number {
        1 => truncated(),
        _ => Answer::Content(b"release".to_vec()),
    })
    .await;
    let told = Mutex::new(Vec::new());
    let tell = |telling: Telling<'_>| {
        told.lock().unwrap().push(match telling {
            Telling::Fetching(url) => format!("fetching {url}"),
            Telling::Retrying(because) => format!("retrying: {because}"),
        });
    };
    let file = unpinned("tekton", &server.host);
    let fetched = world.store().get_telling(&file, &tell).await.unwrap();
    assert_eq!(fetched.content, b"release");
    let told = told.into_inner().unwrap();
    assert_eq!(told[0], format!("fetching {}", file.url));
    assert!(
        told[1].starts_with("retrying: cannot fetch https://")
            && told[1].contains("broke off after 10 bytes"),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_file_that_is_not_there_is_said_at_once_with_what_it_may_mean() {
    let world = World::new();
    let server = Server::start(&world.authority, |_| status("404 Not Found", "")).await;
    let file = unpinned("tekton", &server.host);
    let error = sentence(world.store().get(&file).await);
    assert_eq!(
        error,
        format!(
            "cannot fetch {}: the server answered 404; the release may have been moved or removed",
            file.url
        )
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_ill_is_asked_again() {
    let world = World::new();
    let server = Server::start(&world.authority, |_| status("503 Unavailable", "")).await;
    let problem = problem(&world, &server, world.options()).await;
    assert!(
        matches!(problem, Problem::Answer { status: 503, .. }),
        "{problem}"
    );
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_silent_server_is_given_up_at_the_limit() {
    let world = World::new();
    let server = Server::start(&world.authority, |_| Answer::Silence).await;
    let options = DownloadOptions {
        silence_limit: Duration::from_millis(100),
        attempts: 1,
        ..world.options()
    };
    let problem = problem(&world, &server, options).await;
    assert!(matches!(problem, Problem::Silent(_)), "{problem}");
}

#[tokio::test]
async fn a_file_that_is_too_large_is_not_taken_whether_its_length_is_told_or_not() {
    let world = World::new();
    let options = DownloadOptions {
        largest: 4,
        ..world.options()
    };
    let told = Server::giving(&world.authority, "release").await;
    let untold = Server::start(&world.authority, |_| {
        Answer::Bytes(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7\r\nrelease\r\n0\r\n\r\n"
                .to_owned(),
        )
    })
    .await;
    for server in [told, untold] {
        let problem = problem(&world, &server, options.clone()).await;
        assert!(
            matches!(problem, Problem::TooLarge { limit: 4 }),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn a_server_whose_identity_nobody_vouches_for_is_not_used() {
    let world = World::new();
    let stranger = World::new();
    let server = Server::giving(&stranger.authority, "release").await;
    let problem = problem(&world, &server, world.options()).await;
    assert!(
        matches!(&problem, Problem::Unreachable(reason) if reason.contains("certificate")),
        "{problem}"
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_with_what_to_do() {
    let world = World::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("localhost:{}", free.local_addr().unwrap().port());
    drop(free);
    let error = sentence(world.store().get(&unpinned("tekton", &host)).await);
    assert!(
        error.contains("cannot be reached") && error.contains("--sources DIR"),
        "{error}"
    );
}

#[tokio::test]
async fn options_that_cannot_be_used_are_said_before_anything_is_asked() {
    let world = World::new();
    let server = Server::giving(&world.authority, "release").await;
    let options = DownloadOptions {
        ca_certificates_pem: vec![
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec(),
        ],
        ..world.options()
    };
    let problem = problem(&world, &server, options).await;
    assert!(matches!(problem, Problem::Tls(_)), "{problem}");
}
