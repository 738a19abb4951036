//! Redirections are followed where a server's identity can be verified, and a login stays with the host that it is for.

use deploy::sources::{Mirror, Origin, Problem, SourceError};
use secrecy::SecretString;

use crate::server::{Server, status};
use crate::world::{World, sentence, unpinned};

/// A server that sends everybody elsewhere.
async fn sending_to(world: &World, target: String) -> Server {
    Server::start(&world.authority, move |_| {
        status("302 Found", &format!("location: {target}\r\n"))
    })
    .await
}

#[tokio::test]
async fn a_redirection_to_another_host_is_followed_and_gets_no_login() {
    let world = World::new();
    let other = Server::giving(&world.authority, "release").await;
    let elsewhere = other.host.replace("localhost", "127.0.0.1");
    let server = sending_to(&world, format!("https://{elsewhere}/file?token=t0ken")).await;
    let address = SecretString::from(format!("https://ada:passw0rd@{}/files", server.host));
    let store = world
        .store()
        .origin(Origin::Mirror(Mirror::parse(&address).unwrap()));
    let fetched = store
        .get(&unpinned("tekton", "nowhere.invalid"))
        .await
        .unwrap();
    assert_eq!(fetched.content, b"release");
    let asked = &server.requests()[0];
    assert!(
        asked.starts_with("GET /files/tekton/v1/release.yaml ")
            && asked.contains("authorization: Basic "),
        "{asked}"
    );
    assert!(!other.requests()[0].contains("authorization"));
}

#[tokio::test]
async fn what_the_other_host_answers_is_said_with_its_name_and_without_its_token() {
    let world = World::new();
    let other = Server::start(&world.authority, |_| status("403 Forbidden", "")).await;
    let elsewhere = other.host.replace("localhost", "127.0.0.1");
    let server = sending_to(&world, format!("https://{elsewhere}/file?token=t0ken")).await;
    let error = sentence(world.store().get(&unpinned("tekton", &server.host)).await);
    assert!(
        error.contains("(127.0.0.1, to which it was redirected) answered 403"),
        "{error}"
    );
    assert!(!error.contains("t0ken"), "{error}");
}

#[tokio::test]
async fn a_redirection_to_a_server_that_cannot_be_verified_is_not_followed() {
    let world = World::new();
    for target in [
        "http://localhost:1/file?token=t0ken",
        "ftp://localhost/file",
    ] {
        let server = sending_to(&world, target.to_owned()).await;
        let error = world
            .store()
            .get(&unpinned("tekton", &server.host))
            .await
            .unwrap_err();
        let sentence = error.to_string();
        let SourceError::Download(error) = error else {
            panic!("{sentence}");
        };
        assert!(
            matches!(error.problem, Problem::Redirection(_)),
            "{sentence}"
        );
        assert!(!sentence.contains("t0ken"), "{sentence}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn redirections_in_a_circle_end() {
    let world = World::new();
    let server = sending_to(&world, "/releases/v1/release.yaml".to_owned()).await;
    let error = sentence(world.store().get(&unpinned("tekton", &server.host)).await);
    assert!(
        error.contains("its redirections were not followed: there are more than 5"),
        "{error}"
    );
}
