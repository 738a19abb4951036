//! What goes into a push secret, how it is merged, and what a person is told who has no credentials.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use credentials::{
    AuthEntry, Credential, DockerConfig, Found, Origin, PushConfigError, advice, tekton,
};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};

fn found(scope: &str, username: &str, password: &str) -> Found {
    Found {
        credential: Credential {
            username: username.to_owned(),
            password: password.into(),
            identity_token: None,
            registry_token: None,
        },
        origin: Origin::Entry {
            path: PathBuf::from("auth.json"),
            key: scope.to_owned(),
        },
        scope: scope.to_owned(),
    }
}

fn keys(config: &DockerConfig) -> Vec<&str> {
    config.entries().map(|(key, _)| key).collect()
}

/// The config as the steps get it, after it went through a Secret and Tekton.
fn through_tekton(config: &DockerConfig) -> DockerConfig {
    let text = config.to_json().expose_secret().as_bytes().to_vec();
    let secret = Secret {
        type_: Some("kubernetes.io/dockerconfigjson".to_owned()),
        data: Some([(".dockerconfigjson".to_owned(), ByteString(text))].into()),
        ..Secret::default()
    };
    tekton::docker_config(&[secret]).unwrap().unwrap()
}

#[test]
fn only_what_was_found_is_in_it_and_the_steps_get_its_auth() {
    let config = DockerConfig::for_push([&found("quay.io/team", "robot", "pass:word")]).unwrap();
    assert_eq!(keys(&config), ["quay.io/team"]);
    let passed = through_tekton(&config);
    let auth = passed.get("quay.io/team").unwrap().auth.as_ref().unwrap();
    assert_eq!(auth.expose_secret(), "cm9ib3Q6cGFzczp3b3Jk");
}

#[test]
fn docker_hub_is_there_under_both_its_names() {
    let config = DockerConfig::for_push([&found("docker.io", "robot", "a")]).unwrap();
    assert_eq!(keys(&config), ["docker.io", "https://index.docker.io/v1/"]);
    let parts = [
        found("docker.io/team", "robot", "a"),
        found("docker.io", "person", "b"),
    ];
    let config = DockerConfig::for_push(&parts).unwrap();
    assert_eq!(
        keys(&config),
        ["docker.io", "docker.io/team", "https://index.docker.io/v1/"]
    );
    let under_address = config.get("https://index.docker.io/v1/").unwrap();
    let credential = under_address.credential().unwrap().unwrap();
    assert_eq!(
        credential.username, "person",
        "the credential of all of Docker Hub"
    );
}

#[test]
fn the_same_credential_may_be_found_twice_but_not_two_for_one_scope() {
    let one = found("quay.io", "robot", "a");
    assert_eq!(
        keys(&DockerConfig::for_push([&one, &one]).unwrap()),
        ["quay.io"]
    );
    let other = found("quay.io", "robot", "b");
    assert!(matches!(
        DockerConfig::for_push([&one, &other]),
        Err(PushConfigError::Contradiction { .. })
    ));
}

#[test]
fn a_token_without_a_password_is_refused_because_tekton_drops_it() {
    let mut token = found("quay.io", "", "");
    token.credential.identity_token = Some("hunter2".into());
    let error = DockerConfig::for_push([&token]).unwrap_err();
    insta::assert_snapshot!(error, @"the credential for quay.io (entry `quay.io` of auth.json) has an `identitytoken` but no password, and Tekton passes only user names and passwords to the steps of a pipeline; log in with a user name and a password or access token, for example those of a robot account");
    token.credential.registry_token = Some("hunter2".into());
    let error = DockerConfig::for_push([&token]).unwrap_err();
    assert!(
        matches!(&error, PushConfigError::TokenOnly { token, .. } if token.contains("registrytoken"))
    );
    assert!(!format!("{error}{error:?}").contains("hunter2"));
}

#[test]
fn a_colon_in_a_user_name_is_refused_because_auth_cannot_say_it() {
    let error = DockerConfig::for_push([&found("quay.io", "a:b", "c")]).unwrap_err();
    assert!(matches!(error, PushConfigError::ColonInUserName { .. }));
}

#[test]
fn a_merge_tells_what_it_did_and_replaces_exactly_the_same_keys() {
    let text = br#"{"auths": {"quay.io": {"auth": "YTpi"}, "https://quay.io": {"auth": "YTpi"}, "ghcr.io": {"auth": "YTpi", "x": 1}}, "credsStore": "pass"}"#;
    let existing = DockerConfig::parse(text).unwrap();
    let mut new = DockerConfig::new();
    for key in ["quay.io", "docker.io"] {
        new.insert(key, AuthEntry::login("robot", &"pw".into()));
    }
    let (merged, changes) = existing.merged_with(&new);
    assert_eq!(changes.added, ["docker.io"]);
    assert_eq!(changes.changed, ["quay.io"]);
    assert_eq!(changes.kept, ["ghcr.io", "https://quay.io"]);
    assert!(!changes.is_nothing());
    let json = merged.to_json();
    assert!(json.expose_secret().contains(r#""credsStore": "pass""#));
    assert!(json.expose_secret().contains(r#""x": 1"#));
}

#[test]
fn advice_is_for_the_registry_that_was_asked_for() {
    let all = [
        "quay.io/team/application",
        "index.docker.io/library/busybox",
        "registry.example.com:5000/a",
    ];
    insta::assert_snapshot!(all.map(advice).join("\n"), @r"
    To get credentials for quay.io:
      1. On https://quay.io open your user's Account Settings and choose `Generate Encrypted Password`.
      2. Enter your login password, choose `Docker Configuration` and download `<your-username>-auth.json`.
      3. Run this command again with `--auth-file <your-username>-auth.json`.

    To get credentials for Docker Hub (docker.io):
      1. On https://hub.docker.com open Account Settings, Security and create an access token that may read and write.
      2. Run `podman login docker.io` with your user name, and the token in place of the password.
      3. Run this command again: it finds what the login wrote.

    To get credentials for registry.example.com:5000:
      1. Run `podman login registry.example.com:5000` or `docker login registry.example.com:5000` with an account that may push;
         the registry's own documentation says how to obtain a robot account or access token for it.
      2. Run this command again: it finds what the login wrote.
    ");
}

/// Entries by key; few keys, so that configs meet.
fn entries() -> impl Strategy<Value = BTreeMap<String, (String, String)>> {
    let key = "(https://)?[abc]\\.io(/[ab])?";
    proptest::collection::btree_map(key, ("[a-z]{1,4}", "[ -~]{1,8}"), 0..6)
}

fn config(entries: &BTreeMap<String, (String, String)>) -> DockerConfig {
    let mut config = DockerConfig::new();
    for (key, (username, password)) in entries {
        let password = SecretString::from(password.clone());
        config.insert(key.clone(), AuthEntry::login(username, &password));
    }
    config
}

fn text(config: &DockerConfig) -> String {
    config.to_json().expose_secret().to_owned()
}

proptest! {
    #[test]
    fn a_merge_is_the_new_entries_over_the_old_ones_and_nothing_else(old in entries(), new in entries()) {
        let (merged, changes) = config(&old).merged_with(&config(&new));
        let mut expected = old.clone();
        expected.extend(new.clone());
        prop_assert_eq!(text(&merged), text(&config(&expected)));
        let set = |keys: &[String]| keys.iter().cloned().collect::<BTreeSet<String>>();
        let (added, changed, kept) = (set(&changes.added), set(&changes.changed), set(&changes.kept));
        prop_assert!(added.iter().all(|key| !old.contains_key(key) && new.contains_key(key)));
        prop_assert!(changed.iter().all(|key| old.contains_key(key) && old[key] != new[key]));
        prop_assert!(kept.iter().all(|key| expected[key] == old[key]));
        prop_assert_eq!(added.len() + changed.len() + kept.len(), expected.len());
    }

    #[test]
    fn merging_twice_changes_nothing_and_json_brings_it_back(old in entries(), new in entries()) {
        let (once, _) = config(&old).merged_with(&config(&new));
        let (twice, changes) = once.merged_with(&config(&new));
        prop_assert!(changes.is_nothing());
        prop_assert_eq!(text(&twice), text(&once));
        let read = DockerConfig::parse(text(&once).as_bytes()).unwrap();
        let (again, changes) = read.merged_with(&once);
        prop_assert!(changes.is_nothing());
        prop_assert_eq!(text(&again), text(&once));
    }
}
