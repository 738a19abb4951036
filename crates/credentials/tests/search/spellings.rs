//! Entries that a person wrote in another form than Podman reads, and text that a terminal would obey.

use credentials::{DockerConfig, FindError};
use secrecy::ExposeSecret;

use crate::computer::Computer;

/// The user that is found for a repository with one entry, and its scope.
async fn found(key: &str, entry: &str, repository: &str) -> Option<(String, String)> {
    let computer = Computer::new();
    let text = format!(r#"{{"auths": {{"{key}": {entry}}}}}"#);
    let file = computer.file("auth.json", &text);
    let found = computer.find_in(&file, repository).await.ok()?;
    // What goes into a pipeline is what it reads there.
    let config = DockerConfig::for_push([&found]).unwrap();
    let read = config.lookup(repository).unwrap().unwrap();
    assert_eq!(read.username, found.credential.username);
    assert_eq!(read.password.expose_secret(), "b");
    Some((found.credential.username, found.scope))
}

#[tokio::test]
async fn what_a_person_evidently_meant_is_found_and_written_as_podman_reads_it() {
    let auth = r#"{"auth": "YTpi"}"#;
    let pair = r#"{"username": "a", "password": "b"}"#;
    let quay = "quay.io/team/application";
    for (key, entry, repository, scope) in [
        ("quay.io", pair, quay, "quay.io"),
        ("quay.io/", auth, quay, "quay.io"),
        ("Quay.IO/team/", auth, quay, "quay.io/team"),
        ("https://QUAY.io/v1/", pair, quay, "quay.io"),
        ("quay.io/v2/", auth, "quay.io/v2/a", "quay.io/v2"),
        (
            "index.docker.io/team",
            auth,
            "docker.io/team/a",
            "docker.io/team",
        ),
        (
            "docker.io/",
            auth,
            "registry-1.docker.io/team/a",
            "docker.io",
        ),
        (
            "registry-1.docker.io/team",
            auth,
            "registry-1.docker.io/team/a",
            "registry-1.docker.io/team",
        ),
    ] {
        let expected = Some(("a".to_owned(), scope.to_owned()));
        assert_eq!(found(key, entry, repository).await, expected, "{key}");
    }
    for key in ["quay.io/v1", "quay.io/v2", "quay.io/v2/", "quay.io/tea"] {
        assert_eq!(found(key, auth, quay).await, None, "{key}");
    }
}

#[tokio::test]
async fn what_podman_reads_comes_before_what_was_meant() {
    let computer = Computer::new();
    let entries = [("quay.io", "podman"), ("quay.io/team/", "meant")];
    let file = computer.logins("auth.json", &entries);
    let found = computer.find_in(&file, "quay.io/team/a").await.unwrap();
    assert_eq!(found.credential.username, "podman");
}

#[tokio::test]
async fn nothing_that_a_file_says_reaches_a_terminal_as_a_command() {
    let computer = Computer::new();
    let texts = [
        r#"{"auths": {"quay.io/\u001b[2J": {"auth": "%"}}}"#,
        r#"{"auths": {"other\u001b[2J": {"auth": "YTpi"}}}"#,
        r#"{"auths": {"quay.io/\u001b[2J": {}}}"#,
        r#"{"auths": {"quay.io/\u001b[2J": {"auth": 1}}}"#,
        r#"{"credHelpers": {"quay.io": "\u001b[2J"}}"#,
        r#"{"credsStore": "/\u001b[2J"}"#,
        r#"{"kind": "\u001b[2J", "apiVersion": "v1"}"#,
    ];
    for text in texts {
        let file = computer.file("auth.json", text);
        let error = computer.find_in(&file, "quay.io/\u{1b}[2J").await;
        let error: FindError = error.unwrap_err();
        let shown = error.to_string();
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
        assert!(shown.contains(r"\u{1b}[2J"), "{shown:?}");
    }
    let text = r#"{"auths": {"https://quay.io/\u001b[2J": {"auth": "YTpi"}}}"#;
    let file = computer.file("auth.json", text);
    let found = computer.find_in(&file, "quay.io/a").await.unwrap();
    assert!(
        found
            .origin
            .to_string()
            .starts_with(r"entry `https://quay.io/\u{1b}[2J` of ")
    );
}
