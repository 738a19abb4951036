//! A deployment from nothing to nothing, through everything that can happen to it in between.

mod interruption;

use std::thread;
use std::time::Duration;

use crate::support::{Ran, Sandbox};

#[test]
fn a_second_deploy_changes_nothing_and_says_so() {
    let sandbox = Sandbox::new();
    let first = sandbox.deploy();
    assert!(
        first.stderr.contains("deployment konflux is ready"),
        "{}",
        first.stderr
    );
    let (pid, record) = (sandbox.pid(), sandbox.json("deployment.json"));
    let versions = resource_versions(&sandbox);
    let second = sandbox.deploy();
    assert!(
        second
            .stderr
            .contains("was ready already; nothing was changed"),
        "{}",
        second.stderr
    );
    assert_eq!(sandbox.pid(), pid);
    assert_eq!(sandbox.json("deployment.json"), record);
    assert_eq!(resource_versions(&sandbox), versions);
}

#[test]
fn a_reader_that_went_away_ends_no_command() {
    // As after `| head` has read what it wanted.
    let nobody = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    let sandbox = Sandbox::new();
    for arguments in [
        &["deploy-local", "--dry-run"][..],
        &["deploy-local"],
        &["status"],
        &["status", "--output", "json"],
        &["registry", "list"],
        &["destroy"],
    ] {
        let mut command = sandbox.command(arguments);
        let ended = command.stdout(nobody()).stderr(nobody()).status().unwrap();
        assert_eq!(ended.code(), Some(0), "{arguments:?}");
    }
    assert!(!sandbox.deployment().exists());
}

#[test]
fn behind_a_proxy_what_is_on_loopback_is_reached_without_it() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["deploy-local"][..],
        &["registry", "list"],
        &["status"],
        &["destroy"],
    ] {
        let mut command = sandbox.command(arguments);
        for variable in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
            // Nobody answers there: the discard service.
            command.env(variable, "http://127.0.0.1:9");
        }
        let ran = Ran::from(command.output().unwrap());
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn a_killed_cluster_comes_back_with_everything_it_had() {
    let sandbox = Sandbox::new();
    sandbox.deploy();
    let port = sandbox.registry_port();
    assert_eq!(
        sandbox
            .kubectl(&["create", "configmap", "mine", "--from-literal=a=1"])
            .code,
        Some(0)
    );
    sandbox.kill_cluster();
    let status = sandbox.run(&["status"]);
    assert_eq!(status.code, Some(1));
    assert!(
        status
            .stdout
            .contains("it does not run; `cargo xtask deploy-local` starts it on its data"),
        "{}",
        status.stdout
    );
    let again = sandbox.deploy();
    assert!(
        again.stderr.contains("started as process"),
        "{}",
        again.stderr
    );
    assert!(
        again.stderr.contains("unchanged  tenants"),
        "{}",
        again.stderr
    );
    assert!(
        again.stderr.contains("unchanged  registry-proof"),
        "{}",
        again.stderr
    );
    assert_eq!(sandbox.registry_port(), port);
    assert_eq!(
        sandbox
            .kubectl(&["get", "configmap", "mine", "-o", "jsonpath={.data.a}"])
            .stdout,
        "1"
    );
    assert_eq!(sandbox.run(&["status"]).code, Some(0));
}

#[test]
fn a_deploy_killed_at_any_moment_is_completed_by_the_next_and_removed_by_destroy() {
    for milliseconds in [1, 10, 25, 50, 100, 200, 400] {
        let sandbox = Sandbox::new();
        let mut child = sandbox.start(&["deploy-local"]);
        thread::sleep(Duration::from_millis(milliseconds)); // the moment of the kill is what this test varies
        child.kill().unwrap();
        child.wait().unwrap();
        if milliseconds % 2 == 0 {
            sandbox.deploy();
            assert_eq!(
                sandbox.run(&["status"]).code,
                Some(0),
                "killed after {milliseconds} ms"
            );
        }
        let destroyed = sandbox.run(&["destroy"]);
        assert_eq!(destroyed.code, Some(0), "{}", destroyed.stderr);
        assert!(
            !sandbox.state().exists(),
            "killed after {milliseconds} ms, destroy left something"
        );
    }
}

#[test]
fn two_commands_at_once_take_turns() {
    let sandbox = Sandbox::new();
    let first = sandbox.start(&["deploy-local"]);
    let second = sandbox.start(&["deploy-local"]);
    let outcomes = [first, second].map(|child| Ran::from(child.wait_with_output().unwrap()));
    assert!(
        outcomes.iter().all(|ran| ran.code == Some(0)),
        "{outcomes:?}"
    );
    let waited = outcomes
        .iter()
        .filter(|ran| ran.stderr.contains("waiting: `deploy-local` (process"))
        .count();
    assert!(waited <= 1, "{outcomes:?}");
    let unchanged = outcomes
        .iter()
        .filter(|ran| ran.stderr.contains("nothing was changed"))
        .count();
    assert_eq!(unchanged, 1, "{outcomes:?}");
}

#[test]
fn printed_commands_name_the_deployment_they_are_about() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["deploy-local", "--name", "other"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("cargo xtask destroy --name other"),
        "{}",
        ran.stderr
    );
    assert_eq!(sandbox.run(&["destroy", "--name", "other"]).code, Some(0));
    assert!(!sandbox.state().exists());
}

#[test]
fn a_deployment_in_use_is_not_destroyed_underneath_its_user() {
    let sandbox = Sandbox::new();
    sandbox.deploy();
    let directory =
        cluster::StateRoot::at(sandbox.state()).deployment(&cluster::DeploymentName::default());
    let in_use = directory.try_lock_shared("conformance").unwrap();
    let destroy = sandbox.start(&["destroy"]);
    assert_eq!(sandbox.run(&["status"]).code, Some(0));
    drop(in_use);
    let ran = Ran::from(destroy.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!sandbox.state().exists());
}

#[test]
fn destroy_leaves_no_process_and_no_file() {
    let sandbox = Sandbox::new();
    sandbox.deploy();
    let pid = sandbox.pid();
    let ran = sandbox.run(&["destroy"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr.contains(&format!("ended process {pid}")),
        "{}",
        ran.stderr
    );
    assert!(!sandbox.state().exists());
    assert!(!std::path::Path::new(&format!("/proc/{pid}/exe")).exists());
}

#[test]
fn secrets_lie_where_only_their_owner_can_read() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    sandbox.deploy();
    let mode = |path: &str| {
        std::fs::metadata(sandbox.deployment().join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("kubeconfig"), 0o600);
    assert_eq!(mode("data"), 0o700);
    assert_eq!(mode("data/pki/admin.key"), 0o600);
}

#[test]
fn a_dry_run_prints_the_plan_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["deploy-local", "--dry-run"]);
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stdout.contains("embedded-cluster") && ran.stdout.contains("(after certificates)"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("at most 30 s; run again: "),
        "{}",
        ran.stdout
    );
    assert!(!sandbox.state().exists());
}

#[test]
fn a_dry_run_for_programs_is_the_plan_as_one_json_document() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["deploy-local", "--dry-run", "--output", "json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let cluster = &document["steps"][1];
    assert_eq!(cluster["step"], "embedded-cluster");
    assert_eq!(cluster["needs"], serde_json::json!(["certificates"]));
    assert_eq!(cluster["limitSeconds"], 30);
    assert_eq!(cluster["again"], "keeps");
    assert!(!sandbox.state().exists());
}

#[test]
fn every_run_leaves_a_page_that_shows_where_its_time_went() {
    let sandbox = Sandbox::new();
    sandbox.deploy();
    let page = || std::fs::read_to_string(sandbox.deployment().join("timings.html")).unwrap();
    assert!(page().contains("certificates → embedded-cluster"));
    sandbox.deploy();
    assert!(page().contains("steps found everything as it should be"));
}

#[test]
fn results_for_programs_are_one_json_document() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["deploy-local", "--output", "json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["record"]["cluster"], "embedded");
    assert_eq!(document["record"]["complete"], true);
    let status: serde_json::Value =
        serde_json::from_str(&sandbox.run(&["status", "--output", "json"]).stdout).unwrap();
    assert_eq!(status["record"], document["record"]);
}

#[test]
fn a_registry_port_that_differs_is_listed_and_not_moved() {
    let sandbox = Sandbox::new();
    sandbox.deploy();
    let port = sandbox.registry_port();
    let other = if port == 5999 { "5998" } else { "5999" };
    let ran = Ran::from(
        sandbox
            .command(&["deploy-local"])
            .env("REGISTRY_HOST_PORT", other)
            .output()
            .unwrap(),
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr.contains(&format!(
            "the registry listens on port {port} and REGISTRY_HOST_PORT asks for {other}"
        )),
        "{}",
        ran.stderr
    );
    assert_eq!(sandbox.registry_port(), port);
}

/// Every object that `deploy-local` applies, with the version that any change would move.
fn resource_versions(sandbox: &Sandbox) -> String {
    let kinds = "namespaces,serviceaccounts,rolebindings,clusterroles,configmaps,customresourcedefinitions,pipelines";
    let columns = "-o=custom-columns=KIND:.kind,NS:.metadata.namespace,NAME:.metadata.name,VERSION:.metadata.resourceVersion";
    let ran = sandbox.kubectl(&["get", kinds, "-A", columns]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stdout
}
