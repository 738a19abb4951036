//! Credential helpers for all registries, which `registries.conf` names.

use credentials::{FindError, HelperError, Origin, RegistriesConfError, Search};

use crate::computer::Computer;

/// A helper whose user name says who it is and what it was asked for.
fn answering(name: &str) -> String {
    format!(r#"server=$(cat); printf '{{"Username": "{name} for %s", "Secret": "a"}}' "$server""#)
}

const NOTHING: &str = "cat >/dev/null; echo credentials not found in native keychain; exit 1";

/// A computer with helpers, a docker config, and a folder in place of `/etc/containers`.
fn computer() -> Computer {
    let mut computer = Computer::new();
    for name in ["one", "two"] {
        computer.helper(name, &answering(name));
    }
    computer.helper("empty", NOTHING);
    computer.helper("failing", "exit 1");
    computer.logins("home/.docker/config.json", &[("quay.io", "docker")]);
    computer.environment.containers_configuration = Some(computer.path("etc"));
    computer
}

fn conf(helpers: &str) -> String {
    format!("unqualified-search-registries = []\ncredential-helpers = [{helpers}]\n")
}

async fn user(computer: &Computer) -> String {
    let found = computer.find("quay.io/team/a").await.unwrap();
    found.credential.username
}

#[tokio::test]
async fn helpers_are_asked_for_the_registry_in_the_order_of_the_list() {
    for (helpers, expected) in [
        (r#""one", "two""#, "one for quay.io"),
        (r#""empty", "two""#, "two for quay.io"),
        (r#""failing", "two""#, "two for quay.io"),
        (r#""containers-auth.json", "one""#, "docker"),
        (r#""one", "containers-auth.json""#, "one for quay.io"),
        (r#""empty""#, "docker"),
        ("", "docker"),
    ] {
        let computer = computer();
        computer.file("etc/registries.conf", &conf(helpers));
        assert_eq!(user(&computer).await, expected, "{helpers}");
    }
}

#[tokio::test]
async fn a_helper_is_told_with_the_file_that_names_it() {
    let computer = computer();
    let path = computer.file("etc/registries.conf", &conf(r#""one""#));
    let found = computer.find("quay.io/team/a").await.unwrap();
    assert_eq!(found.scope, "quay.io");
    let (program, server) = ("docker-credential-one".to_owned(), "quay.io".to_owned());
    let origin = Origin::Helper {
        path,
        program,
        server,
    };
    assert_eq!(found.origin, origin);
}

#[tokio::test]
async fn the_users_file_takes_the_place_of_the_systems_and_drop_ins_come_last() {
    let computer = computer();
    computer.file("etc/registries.conf", &conf(r#""one""#));
    assert_eq!(user(&computer).await, "one for quay.io");
    computer.file("etc/registries.conf.d/10.conf", &conf(r#""empty""#));
    computer.file("etc/registries.conf.d/20.conf", &conf(r#""two""#));
    computer.file(
        "etc/registries.conf.d/30.conf",
        "unqualified-search-registries = []",
    );
    computer.file("etc/registries.conf.d/40.conf.off", &conf(r#""empty""#));
    assert_eq!(user(&computer).await, "two for quay.io");
    computer.file("home/.config/containers/registries.conf", &conf(r#""one""#));
    assert_eq!(user(&computer).await, "one for quay.io");
    computer.file(
        "home/.config/containers/registries.conf.d/a.conf",
        &conf(""),
    );
    assert_eq!(user(&computer).await, "docker");
}

#[tokio::test]
async fn a_variable_names_another_file_which_must_exist() {
    let mut computer = computer();
    computer.file("etc/registries.conf", &conf(r#""one""#));
    let named = computer.file("named.conf", &conf(r#""two""#));
    computer.environment.registries_conf = Some(named);
    assert_eq!(user(&computer).await, "two for quay.io");
    computer.environment.registries_conf = Some(computer.path("missing.conf"));
    let error = computer.find("quay.io/a").await.unwrap_err();
    assert!(matches!(
        error,
        FindError::RegistriesConf(RegistriesConfError::Read { .. })
    ));
}

#[tokio::test]
async fn a_named_docker_config_is_the_only_place() {
    let computer = computer();
    computer.file("etc/registries.conf", &conf(r#""one""#));
    let file = computer.logins("named.json", &[("quay.io", "named")]);
    let search = Search::new(Some(&file), &computer.environment);
    let found = search.find("quay.io/a").await.unwrap();
    assert_eq!(found.credential.username, "named");
}

#[tokio::test]
async fn where_nobody_has_a_credential_the_helpers_are_listed_or_the_first_failure_is_told() {
    let computer = computer();
    computer.file("etc/registries.conf", &conf(r#""empty""#));
    insta::assert_snapshot!(computer.failure("ghcr.io/a").await, @r"
    no credentials for ghcr.io/a were found; searched, in this order:
      /computer/etc/registries.conf (credential-helpers): docker-credential-empty has none for ghcr.io
      /computer/runtime/containers/auth.json (podman login, skopeo login): no such file
      /computer/home/.config/containers/auth.json (Podman's lasting credentials): no such file
      /computer/home/.docker/config.json (docker login): no entry for it, only for quay.io
      /computer/home/.dockercfg (Docker before 1.7): no such file
    ");
    computer.file("etc/registries.conf", &conf(r#""absent", "failing""#));
    let error = computer.find("ghcr.io/a").await.unwrap_err();
    assert!(
        matches!(
            &error,
            FindError::Helper {
                source: HelperError::NotOnPath { .. },
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_that_podman_refuses_is_an_error() {
    for content in ["credential-helpers = [", "credential-helpers = 'one'"] {
        let computer = computer();
        computer.file("etc/registries.conf", content);
        let error = computer.find("quay.io/a").await.unwrap_err();
        let shown = computer.shown(&error);
        assert!(
            shown.starts_with(
                "cannot use /computer/etc/registries.conf, which may name credential helpers: "
            ),
            "{shown}"
        );
    }
}
