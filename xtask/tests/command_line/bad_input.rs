//! What a person gets for wrong use, wrong settings and a host that lacks something: a sentence and the documented code.

use std::fs;
use std::net::TcpListener;

use crate::support::{Ran, Sandbox};

#[test]
fn an_unknown_setting_in_the_file_is_answered_with_line_and_neighbour() {
    let sandbox = Sandbox::new();
    fs::write(
        sandbox.folder().join("deploy-local.env"),
        "# mine\nREGISTRY_PORT=5002\n",
    )
    .unwrap();
    let ran = sandbox.run(&["deploy-local"]);
    assert_eq!(ran.code, Some(2));
    let expected = "error: deploy-local.env, line 2: `REGISTRY_PORT` is no setting; did you mean `REGISTRY_HOST_PORT`?\n";
    assert_eq!(ran.stderr, expected);
    assert!(!sandbox.state().exists());
}

#[test]
fn a_settings_file_that_was_asked_for_must_exist() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["deploy-local", "--env-file", "none.env"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.starts_with("error: cannot read none.env:"),
        "{}",
        ran.stderr
    );
}

#[test]
fn half_of_the_quay_settings_is_refused_before_anything_is_created_and_the_token_is_not_shown() {
    let sandbox = Sandbox::new();
    let ran = sandbox
        .command(&["deploy-local"])
        .env("QUAY_TOKEN", "s3cret-value")
        .output()
        .unwrap();
    let ran = Ran::from(ran);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("QUAY_ORGANIZATION is not"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("s3cret-value"));
    assert!(!sandbox.state().exists());
}

#[test]
fn a_cluster_asked_for_by_name_is_never_replaced() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["deploy-local", "--cluster", "kind"]);
    assert_eq!(ran.code, Some(2));
    let operator = "--konflux operator is not supported by this version";
    assert!(ran.stderr.contains(operator), "{}", ran.stderr);
    assert!(ran.stderr.contains("use --konflux stand-ins"));
    let ran = sandbox.run(&["deploy-local", "--konflux", "operator"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains(operator), "{}", ran.stderr);
    assert!(!sandbox.state().exists());
}

#[test]
fn an_option_of_another_cluster_is_refused() {
    let sandbox = Sandbox::new();
    for (option, cluster) in [
        (&["--recreate"][..], "kind"),
        (&["--context", "x"][..], "existing"),
    ] {
        let ran = sandbox.run(&[&["deploy-local"], option].concat());
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        let words = format!("is for --cluster {cluster}, and this is the embedded cluster");
        assert!(ran.stderr.contains(&words), "{}", ran.stderr);
    }
    assert!(!sandbox.state().exists());
}

#[test]
fn sources_that_nothing_reads_are_told() {
    let sandbox = Sandbox::new();
    let plan = ["deploy-local", "--cluster", "embedded", "--dry-run"];
    let ran = sandbox.run(&[&plan[..], &["--sources", "."]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("note: --sources has no effect"),
        "{}",
        ran.stderr
    );
    assert!(!sandbox.run(&plan).stderr.contains("--sources"));
}

#[test]
fn a_taken_port_is_named_with_its_owner_and_two_ways_out() {
    let sandbox = Sandbox::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let ran = Ran::from(
        sandbox
            .command(&["deploy-local"])
            .env("REGISTRY_HOST_PORT", &port)
            .output()
            .unwrap(),
    );
    assert_eq!(ran.code, Some(3));
    assert!(
        ran.stderr
            .contains(&format!("taken by process {}", std::process::id())),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("stop that process, or choose another port with REGISTRY_HOST_PORT"),
        "{}",
        ran.stderr
    );
    assert!(!sandbox.state().exists(), "nothing may stay behind");
}

#[test]
fn a_state_folder_that_cannot_be_written_gets_a_sentence() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.state(), "a file where a folder should be").unwrap();
    let ran = sandbox.run(&["deploy-local"]);
    assert_eq!(ran.code, Some(3));
    assert!(
        ran.stderr
            .contains("set KONFLUX_LOCAL_STATE_DIR to a folder that is"),
        "{}",
        ran.stderr
    );
}

#[test]
fn status_and_conformance_say_which_deployment_is_missing_and_destroy_has_nothing_to_do() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["status"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("there is no deployment called konflux"),
        "{}",
        ran.stderr
    );
    let ran = sandbox.run(&["destroy", "--name", "other"]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(
        ran.stderr,
        "there is no deployment called other; nothing to destroy\n"
    );
    let ran = sandbox.run(&["status", "--name", "../escape"]);
    assert_eq!(ran.code, Some(2));
    assert!(!sandbox.state().exists());
}

#[test]
fn a_damaged_record_is_never_taken_for_an_absent_deployment() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.deployment()).unwrap();
    fs::write(sandbox.deployment().join("deployment.json"), "{").unwrap();
    for command in ["deploy-local", "status"] {
        let ran = sandbox.run(&[command]);
        assert_eq!(ran.code, Some(1), "{command}");
        assert!(
            ran.stderr.contains("is not a deployment record"),
            "{}",
            ran.stderr
        );
    }
    assert_eq!(sandbox.run(&["destroy"]).code, Some(0));
    assert!(!sandbox.state().exists());
}

#[test]
fn an_external_registry_that_konflux_cannot_use_is_refused_before_anything_is_made() {
    let sandbox = Sandbox::new();
    let ran = sandbox
        .command(&["conformance"])
        .env("CONFORMANCE_REGISTRY", "localhost:5000/team")
        .output()
        .unwrap();
    let ran = Ran::from(ran);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("CONFORMANCE_REGISTRY is `localhost:5000/team`, and Konflux's controllers"),
        "{}",
        ran.stderr
    );
    assert!(!sandbox.state().exists());
}
