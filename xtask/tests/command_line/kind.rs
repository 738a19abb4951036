//! `deploy-local --cluster kind`, as far as it goes without an engine.

use crate::support::{Ran, Sandbox};

/// On a host without programs and engine.
fn deploy(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let nothing = sandbox.folder().join("nothing");
    let arguments = [&["deploy-local", "--konflux", "stand-ins"], arguments].concat();
    let mut command = sandbox.command(&arguments);
    command
        .env_remove("REGISTRY_HOST_PORT")
        .env("PATH", &nothing)
        .env("DOCKER_HOST", format!("unix://{}", nothing.display()));
    Ran::from(command.output().unwrap())
}

#[test]
fn a_host_that_cannot_run_kind_is_judged_before_anything_is_touched() {
    let sandbox = Sandbox::new();
    let ran = deploy(&sandbox, &["--cluster", "kind", "--offline"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    for words in [
        "step host failed: cannot judge",
        "engine:",
        "kind:",
        "cargo xtask doctor",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    assert!(!sandbox.state().exists(), "nothing stays behind");
}

#[test]
fn the_plan_on_kind_is_printed_without_asking_the_host() {
    let sandbox = Sandbox::new();
    let ran = deploy(&sandbox, &["--cluster", "kind", "--dry-run"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stdout
            .contains("kind-cluster (after certificates, image-cache)")
    );
    assert!(!sandbox.state().exists());
}

#[test]
fn auto_says_why_it_is_not_kind() {
    let sandbox = Sandbox::new();
    let ran = deploy(&sandbox, &["--dry-run"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let words = "cluster: embedded (no Kind cluster can be had:";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
}

#[test]
fn a_kind_cluster_needs_a_name_that_kind_accepts() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&[
        "deploy-local",
        "--cluster",
        "kind",
        "--konflux",
        "stand-ins",
    ]);
    let ran = Ran::from(command.env("KIND_CLUSTER", "Not_A_Name").output().unwrap());
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("KIND_CLUSTER"), "{}", ran.stderr);
}
