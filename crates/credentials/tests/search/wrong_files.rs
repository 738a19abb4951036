//! Files that are damaged, or something else than a docker config.

use credentials::{EntryProblem, FileError, FindError, LookupError, ParseError};

use crate::computer::Computer;

async fn parse_error(content: &str) -> ParseError {
    let computer = Computer::new();
    let file = computer.file("auth.json", content);
    match computer.find_in(&file, "quay.io/a").await.unwrap_err() {
        FindError::File(FileError::Parse { source, path }) => {
            assert_eq!(path, file);
            source
        }
        other => panic!("expected a file that is no docker config, got {other}"),
    }
}

#[tokio::test]
async fn what_is_not_a_docker_config_is_called_by_its_name() {
    let secret = ParseError::KubernetesObject {
        kind: "Secret".to_owned(),
    };
    let list = ParseError::WrongType {
        member: "top level".to_owned(),
        expected: "an object",
    };
    let cases = [
        ("", ParseError::Empty),
        (" \n", ParseError::Empty),
        ("[]", list),
        (
            "apiVersion: v1\nkind: Secret\ndata:\n  .dockerconfigjson: e30=\n",
            secret.clone(),
        ),
        (
            r#"{"apiVersion": "v1", "kind": "Secret", "data": {".dockerconfigjson": "e30="}}"#,
            secret,
        ),
        ("eyJhdXRo\ncyI6IHt9fQ==\n", ParseError::StillBase64),
        (
            r#"{"quay.io": {"auth": "YTpi", "email": "a@example.com"}}"#,
            ParseError::LegacyShape,
        ),
        ("{", ParseError::NotJson { line: 1, column: 1 }),
    ];
    for (content, expected) in cases {
        assert_eq!(parse_error(content).await, expected, "{content}");
    }
}

#[tokio::test]
async fn what_is_said_about_them_names_the_way_out() {
    let mut said = Vec::new();
    for content in [
        "",
        "kind: Secret",
        "e30=",
        r#"{"quay.io": {"auth": "YTpi"}}"#,
    ] {
        said.push(parse_error(content).await.to_string());
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    the file is empty, which is not a docker config; log in again to have it written, or delete it
    this is a Kubernetes Secret, not a docker config; take the config out of a Secret with: kubectl get secret NAME -n NAMESPACE -o jsonpath='{.data.\.dockerconfigjson}' | base64 -d > auth.json
    this is a docker config in base64; decode it first: base64 -d
    this is a docker config of the wrong version: it has the shape of the old .dockercfg, with registries at the top level; put `{"auths": ` before it and `}` after it, or log in again
    "#);
}

#[tokio::test]
async fn a_config_without_entries_is_one() {
    let computer = Computer::new();
    computer.file("home/.docker/config.json", r#"{"HttpHeaders": {"X": "y"}}"#);
    assert!(matches!(
        computer.find("quay.io/a").await,
        Err(FindError::NotFound(_))
    ));
}

#[tokio::test]
async fn a_damaged_entry_is_named_with_its_file_and_a_later_file_does_not_hide_it() {
    let computer = Computer::new();
    let damaged = computer.file(
        "runtime/containers/auth.json",
        r#"{"auths": {"quay.io": {"auth": "%%%"}, "other.example": {"auth": "YTpi"}}}"#,
    );
    computer.logins("home/.docker/config.json", &[("quay.io", "docker")]);
    let error = computer.find("quay.io/a").await.unwrap_err();
    let expected = LookupError {
        key: "quay.io".to_owned(),
        problem: EntryProblem::AuthNotBase64,
    };
    assert!(
        matches!(&error, FindError::Entry { path, source } if *path == damaged && *source == expected),
        "{error}"
    );
    assert!(computer.find("other.example/a").await.is_ok());
}

#[tokio::test]
async fn helpers_of_the_wrong_type_are_named() {
    for (content, member) in [
        (r#"{"credsStore": ["hunter2"]}"#, "credsStore"),
        (r#"{"credHelpers": "hunter2"}"#, "credHelpers"),
        (
            r#"{"credHelpers": {"quay.io": 1}}"#,
            "credHelpers.\"quay.io\"",
        ),
    ] {
        let error = parse_error(content).await;
        assert!(
            matches!(&error, ParseError::WrongType { member: seen, .. } if seen == member),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_an_error_and_not_a_missing_one() {
    let computer = Computer::new();
    // A folder, because the tests may run as a user whom no permission stops.
    std::fs::create_dir_all(computer.path("runtime/containers/auth.json")).unwrap();
    let error = computer.find("quay.io/a").await.unwrap_err();
    assert!(
        matches!(error, FindError::File(FileError::Read { .. })),
        "{error}"
    );
}
