//! How a docker config is read, searched and written.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

use std::os::unix::fs::PermissionsExt;

use credentials::{AuthEntry, DockerConfig, EntryProblem, FileError, ParseError};
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};

fn config(text: &str) -> DockerConfig {
    DockerConfig::parse(text.as_bytes()).unwrap()
}

/// A config whose entries have their own key as user name.
fn with_keys(keys: &[&str]) -> DockerConfig {
    let mut config = DockerConfig::new();
    for key in keys {
        config.insert(
            *key,
            AuthEntry::login(&key.replace(':', "_"), &"secret".into()),
        );
    }
    config
}

#[test]
fn the_longest_prefix_wins() {
    let config = with_keys(&["quay.io", "quay.io/team", "quay.io/team/application"]);
    assert_eq!(
        config.matching_key("quay.io/team/application"),
        Some("quay.io/team/application")
    );
    assert_eq!(
        config.matching_key("quay.io/team/another"),
        Some("quay.io/team")
    );
    assert_eq!(
        config.matching_key("quay.io/teamwork/application"),
        Some("quay.io")
    );
    assert_eq!(config.matching_key("docker.io/team/application"), None);
}

#[test]
fn a_port_is_part_of_the_registry() {
    let config = with_keys(&["localhost:5001"]);
    assert_eq!(
        config.matching_key("localhost:5001/a/b"),
        Some("localhost:5001")
    );
    assert_eq!(config.matching_key("localhost/a/b"), None);
    assert_eq!(config.matching_key("localhost:5002/a/b"), None);
}

#[test]
fn a_scheme_is_cut_off_and_otherwise_keys_are_compared_as_they_are_written() {
    let repository = "quay.io/team/application";
    for key in [
        "https://quay.io",
        "http://quay.io/",
        "https://quay.io/v1/",
        "https://quay.io/v2/",
    ] {
        assert_eq!(with_keys(&[key]).matching_key(repository), Some(key));
    }
    for key in [
        "quay.io/",
        "quay.io/v1",
        "quay.io/v2",
        "quay.io/v1/",
        "Quay.IO",
        "https://Quay.IO",
        "quay.io/team/",
    ] {
        assert_eq!(with_keys(&[key]).matching_key(repository), None, "{key}");
    }
    let both = with_keys(&["https://quay.io", "quay.io"]);
    assert_eq!(
        both.matching_key("quay.io/team"),
        Some("quay.io"),
        "the exact key wins"
    );
}

#[test]
fn an_organization_may_be_called_like_an_api_version() {
    let config = with_keys(&["quay.io/v2"]);
    assert_eq!(
        config.matching_key("quay.io/v2/application"),
        Some("quay.io/v2")
    );
    assert_eq!(config.matching_key("quay.io/team/application"), None);
}

#[test]
fn a_key_with_a_scheme_stands_for_its_whole_registry() {
    let config = with_keys(&["https://quay.io/v2/team", "http://ghcr.io/team"]);
    assert_eq!(
        config.matching_key("quay.io/other"),
        Some("https://quay.io/v2/team")
    );
    assert_eq!(
        config.matching_key("ghcr.io/other"),
        Some("http://ghcr.io/team")
    );
    let both = with_keys(&["https://quay.io/v2/team", "quay.io"]);
    assert_eq!(both.matching_key("quay.io/team/a"), Some("quay.io"));
}

#[test]
fn docker_hub_is_one_registry_under_all_its_names() {
    for key in [
        "docker.io",
        "https://index.docker.io/v1/",
        "registry-1.docker.io",
    ] {
        let config = with_keys(&[key]);
        for host in ["docker.io", "index.docker.io", "registry-1.docker.io"] {
            assert_eq!(
                config.matching_key(&format!("{host}/library/busybox")),
                Some(key)
            );
        }
    }
}

#[test]
fn auth_is_cut_at_its_first_colon_and_wins_over_the_pair() {
    let config = config(
        r#"{"auths": {"quay.io": {"auth": "cm9ib3Q6cGFzczp3b3Jk", "username": "other", "password": "other"}}}"#,
    );
    let credential = config.lookup("quay.io/a").unwrap().unwrap();
    assert_eq!(credential.username, "robot");
    assert_eq!(credential.password.expose_secret(), "pass:word");
}

#[test]
fn without_auth_an_entry_has_a_meaning_and_logs_nobody_in() {
    for (entry, username, token) in [
        (
            r#"{"auth": "", "username": "robot", "password": "pw"}"#,
            "robot",
            None,
        ),
        (r#"{"username": "robot", "password": "pw"}"#, "robot", None),
        (r#"{"identitytoken": "refresh"}"#, "", Some("refresh")),
    ] {
        let config = config(&format!(r#"{{"auths": {{"quay.io": {entry}}}}}"#));
        assert!(config.lookup("quay.io/a").unwrap().is_none(), "{entry}");
        let meant = config.get("quay.io").unwrap().credential();
        let meant = meant.unwrap().unwrap();
        assert_eq!(meant.username, username);
        let found = meant.identity_token.as_ref();
        assert_eq!(found.map(|token| token.expose_secret()), token);
    }
}

#[test]
fn auth_is_decoded_as_go_decodes_it() {
    for auth in [r"cm9ib3\nQ6cHc=\r\n", "cm9ib3Q6cHd=", "cm9ib3Q6AHB3AA=="] {
        let config = config(&format!(
            r#"{{"auths": {{"quay.io": {{"auth": "{auth}"}}}}}}"#
        ));
        let credential = config.lookup("quay.io/a").unwrap().unwrap();
        assert_eq!(credential.password.expose_secret(), "pw", "{auth}");
    }
    for auth in [" cm9ib3Q6cHc=", "cm9ib3Q6cHc"] {
        let config = config(&format!(
            r#"{{"auths": {{"quay.io": {{"auth": "{auth}"}}}}}}"#
        ));
        let error = config.lookup("quay.io/a").unwrap_err();
        assert_eq!(error.problem, EntryProblem::AuthNotBase64, "{auth}");
    }
}

#[test]
fn an_entry_without_anything_means_anonymous_access() {
    assert!(
        config(r#"{"auths": {"quay.io": {}}}"#)
            .lookup("quay.io/a")
            .unwrap()
            .is_none()
    );
    assert!(config("{}").lookup("quay.io/a").unwrap().is_none());
}

#[test]
fn a_damaged_entry_is_named_and_stands_in_nobody_elses_way() {
    let cases = [
        (r#"{"auth": "%%%"}"#, EntryProblem::AuthNotBase64),
        (r#"{"auth": "/////w=="}"#, EntryProblem::AuthNotText),
        (r#"{"auth": "cm9ib3Q="}"#, EntryProblem::AuthWithoutColon),
    ];
    for (entry, problem) in cases {
        let config = config(&format!(
            r#"{{"auths": {{"quay.io": {entry}, "other.example": {{"auth": "YTpi"}}}}}}"#
        ));
        let error = config.lookup("quay.io/a").unwrap_err();
        assert_eq!((error.key.as_str(), &error.problem), ("quay.io", &problem));
        assert!(config.lookup("other.example/a").unwrap().is_some());
    }
}

#[test]
fn half_a_login_is_told_by_the_half_that_is_missing() {
    for (entry, present, absent) in [
        (r#"{"username": "robot"}"#, "username", "password"),
        (r#"{"password": "pw"}"#, "password", "username"),
    ] {
        let config = config(&format!(r#"{{"auths": {{"quay.io": {entry}}}}}"#));
        let problem = config.get("quay.io").unwrap().credential().unwrap_err();
        assert_eq!(problem, EntryProblem::Incomplete { present, absent });
    }
}

#[test]
fn wrong_json_tells_where_and_never_what() {
    let error =
        DockerConfig::parse(b"{\"auths\": {\"quay.io\": {\"auth\": hunter2}}}").unwrap_err();
    assert_eq!(
        error,
        ParseError::NotJson {
            line: 1,
            column: 32
        }
    );
    let error =
        DockerConfig::parse(br#"{"auths": {"quay.io": {"password": ["hunter2"]}}}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the docker config's auths.\"quay.io\".password must be a string"
    );
    let error = DockerConfig::parse(b"[]").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the docker config's top level must be an object"
    );
}

#[test]
fn debug_output_has_no_secret() {
    let config = config(
        r#"{"auths": {"quay.io": {"auth": "hunter2", "password": "hunter2", "identitytoken": "hunter2", "registrytoken": "hunter2", "x": "hunter2"}},
            "HttpHeaders": {"Authorization": "hunter2"}}"#,
    );
    let shown = format!("{config:?}");
    assert!(shown.contains("quay.io") && shown.contains("HttpHeaders"));
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_file_is_written_whole_for_its_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(".docker/config.json");
    with_keys(&["quay.io"]).write_to(&path).unwrap();
    with_keys(&["quay.io", "docker.io"])
        .write_to(&path)
        .unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(DockerConfig::from_file(&path).unwrap().entries().count(), 2);
    let beside = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(beside, 1, "no temporary file stays");
}

#[test]
fn file_errors_name_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing.json");
    assert!(
        matches!(DockerConfig::from_file(&missing), Err(FileError::Read { path, .. }) if path == missing)
    );
    let broken = directory.path().join("broken.json");
    std::fs::write(&broken, "{").unwrap();
    assert!(
        matches!(DockerConfig::from_file(&broken), Err(FileError::Parse { path, .. }) if path == broken)
    );
    let below_a_file = broken.join("config.json");
    assert!(matches!(
        DockerConfig::new().write_to(&below_a_file),
        Err(FileError::Write { .. })
    ));
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(username in "[a-z+]{1,12}", password in "[ -~]{1,40}", key in "[a-z.]{1,20}(/[a-z]{1,8}){0,2}") {
        let mut written = DockerConfig::parse(br#"{"credsStore": "desktop"}"#).unwrap();
        written.insert(key.clone(), AuthEntry::login(&username, &SecretString::from(password.clone())));
        let read = DockerConfig::parse(written.to_json().expose_secret().as_bytes()).unwrap();
        let (again, once) = (read.to_json(), written.to_json());
        prop_assert_eq!(again.expose_secret(), once.expose_secret());
        let credential = read.get(&key).unwrap().credential().unwrap().unwrap();
        prop_assert_eq!(credential.username, username);
        prop_assert_eq!(credential.password.expose_secret(), password.as_str());
        prop_assert!(read.to_json().expose_secret().contains("credsStore"));
    }

    #[test]
    fn any_text_is_read_or_refused_without_panic(text in "\\PC{0,80}") {
        if let Ok(config) = DockerConfig::parse(text.as_bytes()) {
            let _ = config.lookup(&text);
        }
    }
}
