//! `probe trusted-artifact` at a registry that asks for a login.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod support;

use std::sync::Arc;

use axum::Router;
use registry::access::{Access, Htpasswd};
use registry::storage::Memory;
use support::{Server, Step};

/// `robot` and `reader` have the password `pass`; only `robot` may push, and only below `team`.
fn registry_with_login() -> Router {
    let hash = bcrypt::hash("pass", 4).unwrap();
    let users: Htpasswd = format!("robot:{hash}\nreader:{hash}\n").parse().unwrap();
    let rules = "robot pull,push team\nreader pull *\n".parse().unwrap();
    let options = registry::Options {
        access: Access::htpasswd(users).with_rules(rules),
        ..registry::Options::default()
    };
    registry::Registry::new(Arc::new(Memory::new()), options).router()
}

#[tokio::test]
async fn the_login_is_chosen_by_repository_and_its_lack_is_told() {
    let server = Server::start(registry_with_login()).await;
    let task = Step::trusting(&server).with_environment(
        oci::Endpoints::VARIABLE,
        &format!("registry.example={}", server.host),
    );
    task.write("source/file", "x");
    let create = "trusted-artifact create --ca-file ca.crt --store registry.example/team/app:v1.git A=source";
    let robot = "cm9ib3Q6cGFzcw==";
    let reader = "cmVhZGVyOnBhc3M=";
    let login = |auths: &str| {
        task.write(
            ".docker/config.json",
            &format!(r#"{{"auths": {{{auths}}}}}"#),
        )
    };

    task.probe_fails(create, "the trusted artifacts A were not stored in registry.example/team/app:v1.git, and no result was written").await;
    assert!(!task.path("A").exists());

    // A key of another repository, and one that only means this registry, do not count.
    login(&format!(
        r#""registry.example/other": {{"auth": "{robot}"}}, "https://registry.example": {{"auth": "{robot}"}}"#
    ));
    task.probe_fails(create, "the key `https://registry.example` of the docker config is not written as registry.example/team/app").await;

    // The longest prefix wins, though the shorter one could do it.
    login(&format!(
        r#""registry.example": {{"auth": "{robot}"}}, "registry.example/team": {{"auth": "{reader}"}}"#
    ));
    task.probe_fails(create, "denies it (403)").await;

    login(&format!(
        r#""registry.example": {{"auth": "{reader}"}}, "registry.example/team": {{"auth": "{robot}"}}"#
    ));
    let created = task.probe_succeeds(create).await;
    assert!(
        created
            .stderr
            .contains("using the login `registry.example/team` of the docker config"),
        "{}",
        created.stderr
    );
    let uri = task.read("A");

    // Another file of logins, by flag and by the variable of build-trusted-artifacts.
    login("");
    task.write(
        "auth.json",
        &format!(r#"{{"auths": {{"registry.example": {{"auth": "{reader}"}}}}}}"#),
    );
    task.probe_fails(
        &format!("trusted-artifact use --ca-file ca.crt {uri}=work"),
        "refuses the login (401)",
    )
    .await;
    task.probe_succeeds(&format!(
        "trusted-artifact use --ca-file ca.crt --auth-file auth.json {uri}=work"
    ))
    .await;
    let task = task.with_environment("AUTHFILE", "auth.json");
    task.probe_succeeds(&format!("trusted-artifact use --ca-file ca.crt {uri}=work"))
        .await;
}
