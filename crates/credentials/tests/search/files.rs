//! The files and their order.

use std::path::Path;

use credentials::{Environment, FindError, LocationSource, Origin, locations};

use crate::computer::Computer;

fn paths(auth_file: Option<&str>, variables: &[(&str, &str)]) -> Vec<String> {
    let environment = Environment::from_variables(variables.iter().copied());
    locations(auth_file.map(Path::new), &environment)
        .into_iter()
        .map(|location| location.path.display().to_string())
        .collect()
}

#[test]
fn the_usual_places_are_those_of_podman_and_then_those_of_docker() {
    let variables = [("HOME", "/home/a"), ("XDG_RUNTIME_DIR", "/run/user/1000")];
    assert_eq!(
        paths(None, &variables),
        [
            "/run/user/1000/containers/auth.json",
            "/home/a/.config/containers/auth.json",
            "/home/a/.docker/config.json",
            "/home/a/.dockercfg"
        ]
    );
}

#[test]
fn variables_move_the_places_and_empty_ones_do_not_count() {
    let variables = [
        ("HOME", "/home/a"),
        ("XDG_RUNTIME_DIR", ""),
        ("XDG_CONFIG_HOME", "/configuration"),
        ("DOCKER_CONFIG", ""),
        ("REGISTRY_AUTH_FILE", ""),
    ];
    let mut environment = Environment::from_variables(variables);
    environment.user_id = Some(1000);
    let found: Vec<String> = locations(None, &environment)
        .into_iter()
        .map(|location| location.path.display().to_string())
        .collect();
    assert_eq!(
        found,
        [
            "/run/containers/1000/auth.json",
            "/configuration/containers/auth.json",
            "/home/a/.docker/config.json",
            "/home/a/.dockercfg"
        ]
    );
}

#[test]
fn a_docker_config_in_the_environment_is_searched_alone() {
    let variables = [
        ("HOME", "/home/a"),
        ("XDG_RUNTIME_DIR", "/run/user/1000"),
        ("DOCKER_CONFIG", "/docker"),
    ];
    let found = locations(None, &Environment::from_variables(variables));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].path, Path::new("/docker/config.json"));
}

#[test]
fn the_environment_of_this_process_says_where_its_programs_and_its_home_are() {
    let environment = Environment::of_process();
    assert_eq!(environment.path, std::env::var_os("PATH"));
    assert!(environment.home.is_some());
    assert_eq!(environment.user_id.is_some(), cfg!(target_os = "linux"));
}

#[test]
fn where_podman_has_one_place_only_it_is_searched_once() {
    assert_eq!(
        paths(None, &[("HOME", "/home/a")]),
        [
            "/home/a/.config/containers/auth.json",
            "/home/a/.docker/config.json",
            "/home/a/.dockercfg"
        ]
    );
}

#[test]
fn a_named_file_is_the_only_one_and_the_argument_comes_before_the_variable() {
    let variables = [("HOME", "/home/a"), ("REGISTRY_AUTH_FILE", "/variable")];
    assert_eq!(paths(None, &variables), ["/variable"]);
    assert_eq!(paths(Some("/argument"), &variables), ["/argument"]);
}

#[tokio::test]
async fn the_first_file_with_an_entry_wins_however_general_it_is() {
    let computer = Computer::new();
    computer.logins("home/.docker/config.json", &[("quay.io/team", "docker")]);
    let first = computer.logins("runtime/containers/auth.json", &[("quay.io", "podman")]);
    let found = computer.find("quay.io/team/application").await.unwrap();
    assert_eq!(found.credential.username, "podman");
    assert_eq!(found.scope, "quay.io");
    let key = "quay.io".to_owned();
    assert_eq!(found.origin, Origin::Entry { path: first, key });
}

#[tokio::test]
async fn files_without_an_entry_and_with_an_empty_one_are_passed_over() {
    let computer = Computer::new();
    computer.logins("runtime/containers/auth.json", &[("ghcr.io", "other")]);
    computer.file(
        "home/.config/containers/auth.json",
        r#"{"auths": {"quay.io": {}}}"#,
    );
    computer.logins("home/.docker/config.json", &[("quay.io", "docker")]);
    let found = computer.find("quay.io/team/application").await.unwrap();
    assert_eq!(found.credential.username, "docker");
}

#[tokio::test]
async fn the_old_dockercfg_is_read_by_registry() {
    let computer = Computer::new();
    computer.file(
        "home/.dockercfg",
        r#"{"https://index.docker.io/v1/": {"auth": "b2xkOnNlY3JldA==", "email": "a@example.com"}}"#,
    );
    let found = computer.find("docker.io/library/busybox").await.unwrap();
    assert_eq!(found.credential.username, "old");
    assert_eq!(found.scope, "docker.io");
}

#[tokio::test]
async fn nothing_found_lists_every_place_and_what_is_there() {
    let computer = Computer::new();
    let keys = ["a.io", "b.io", "c.io", "d.io", "e.io", "f.io", "g.io"].map(|key| (key, "user"));
    computer.logins("runtime/containers/auth.json", &keys);
    computer.file(
        "home/.docker/config.json",
        r#"{"auths": {"quay.io": {}}, "credsStore": ""}"#,
    );
    computer.file("home/.dockercfg", "{}");
    insta::assert_snapshot!(computer.failure("quay.io/team/application").await, @r"
    no credentials for quay.io/team/application were found; searched, in this order:
      /computer/runtime/containers/auth.json (podman login, skopeo login): no entry for it, only for a.io, b.io, c.io, d.io, e.io and 2 others
      /computer/home/.config/containers/auth.json (Podman's lasting credentials): no such file
      /computer/home/.docker/config.json (docker login): entry `quay.io` holds no credential
      /computer/home/.dockercfg (Docker before 1.7): no entries
    ");
}

#[tokio::test]
async fn without_any_variable_there_is_no_place_and_that_is_said() {
    let mut computer = Computer::new();
    computer.environment = Environment::default();
    insta::assert_snapshot!(
        computer.failure("quay.io/a").await,
        @"no credentials for quay.io/a were found: neither HOME nor any other variable says where credentials are kept"
    );
}

#[tokio::test]
async fn a_named_file_must_exist() {
    let mut computer = Computer::new();
    computer.logins("runtime/containers/auth.json", &[("quay.io", "podman")]);
    let missing = computer.path("missing.json");
    let error = computer.find_in(&missing, "quay.io/a").await.unwrap_err();
    insta::assert_snapshot!(
        computer.shown(&error),
        @"the docker config /computer/missing.json does not exist (named by --auth-file); correct the path, or leave it out to search the usual places"
    );
    computer.environment.registry_auth_file = Some(missing);
    let error = computer.find("quay.io/a").await.unwrap_err();
    assert!(
        matches!(error, FindError::NamedFileMissing { location } if location.source == LocationSource::RegistryAuthFile)
    );
}
