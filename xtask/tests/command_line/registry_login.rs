//! A deployment whose registry asks for a login.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::{Ran, Sandbox};

const WITH_LOGIN: &[&str] = &["deploy-local", "--registry-auth", "htpasswd"];

#[test]
fn a_registry_with_a_login_refuses_strangers_and_its_auth_file_opens_it() {
    let sandbox = Sandbox::new();
    let ran = deploy(&sandbox, WITH_LOGIN);
    let record = sandbox.json("deployment.json");
    let auth_file = sandbox.deployment().join("auth.json");
    assert_eq!(
        record["registry"]["authFile"],
        auth_file.display().to_string()
    );
    let hint = format!("--authfile {}", auth_file.display());
    assert!(ran.stderr.contains("asks for a login") && ran.stderr.contains(&hint));
    let status = sandbox.run(&["status"]);
    assert_eq!(status.code, Some(0), "{}", status.stdout);
    assert!(status.stdout.contains(&hint), "{}", status.stdout);
    let stranger = skopeo(&sandbox, &["--no-creds"]);
    assert_ne!(stranger.code, Some(0));
    assert!(stranger.stderr.contains("unauthorized"), "{stranger:?}");
    let known = skopeo(&sandbox, &["--authfile", auth_file.to_str().unwrap()]);
    assert_eq!(known.code, Some(0), "{known:?}");
}

#[test]
fn a_second_deploy_with_a_login_changes_nothing_and_a_restart_keeps_the_accounts() {
    let sandbox = Sandbox::new();
    deploy(&sandbox, WITH_LOGIN);
    let files = ["auth.json", "data/registry-access/htpasswd"];
    let read = || files.map(|file| std::fs::read(sandbox.deployment().join(file)).unwrap());
    let before = read();
    let again = deploy(&sandbox, WITH_LOGIN);
    assert!(
        again.stderr.contains("nothing was changed"),
        "{}",
        again.stderr
    );
    sandbox.kill_cluster();
    // Nobody says it again, and it stays as it was.
    let restarted = deploy(&sandbox, &["deploy-local"]);
    for step in ["registry-accounts", "tenant-credentials", "registry-proof"] {
        let line = format!("unchanged  {step}");
        assert!(restarted.stderr.contains(&line), "{}", restarted.stderr);
    }
    assert_eq!(read(), before);
}

#[test]
fn a_running_registry_keeps_its_setting_and_the_difference_is_listed() {
    let sandbox = Sandbox::new();
    sandbox.deploy();
    let ran = deploy(&sandbox, WITH_LOGIN);
    let difference = "the registry asks for no login and REGISTRY_AUTH asks for htpasswd";
    assert!(ran.stderr.contains(difference), "{}", ran.stderr);
    assert!(!sandbox.deployment().join("auth.json").exists());
    // A stopped one takes what is asked, in both directions.
    sandbox.kill_cluster();
    deploy(&sandbox, WITH_LOGIN);
    assert!(sandbox.deployment().join("auth.json").exists());
    sandbox.kill_cluster();
    let ran = deploy(&sandbox, &["deploy-local", "--registry-auth", "none"]);
    assert!(ran.stderr.contains("no login"), "{}", ran.stderr);
    assert!(!sandbox.deployment().join("auth.json").exists());
    assert!(!sandbox.deployment().join("data/registry-access").exists());
    assert_eq!(skopeo(&sandbox, &["--no-creds"]).code, Some(0));
}

#[test]
fn every_tenant_has_a_secret_that_is_linked_and_can_push_to_its_own_repositories_only() {
    let sandbox = Sandbox::new();
    deploy(&sandbox, WITH_LOGIN);
    let linked = sandbox.kubectl(&[
        "get",
        "serviceaccount",
        "release-pipeline",
        "-n",
        "managed-ns1",
        "-o",
        "jsonpath={.secrets[*].name}",
    ]);
    assert_eq!(linked.stdout, "konflux-local-registry");
    let labelled = sandbox.kubectl(&[
        "get",
        "secrets",
        "-A",
        "-l",
        "build.konflux-ci.dev/common-secret=true",
        "-o",
        "jsonpath={.items[*].metadata.namespace}",
    ]);
    assert_eq!(labelled.stdout, "managed-ns1 managed-ns2 user-ns1 user-ns2");
    let rules = std::fs::read_to_string(sandbox.deployment().join("data/registry-access/rules"));
    let rules = rules.unwrap();
    for rule in [
        "admin pull,push *",
        "user-ns1 pull,push user-ns1",
        "managed-ns1 pull,push released",
        "managed-ns1 pull *",
    ] {
        assert!(rules.lines().any(|line| line == rule), "{rules}");
    }
    assert!(!rules.contains("user-ns1 pull *"), "{rules}");
}

#[test]
fn a_word_that_is_no_kind_of_login_is_refused_before_anything_is_created() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["deploy-local", "--registry-auth", "token"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(
        ran.stderr,
        "error: REGISTRY_AUTH from argument --registry-auth must be none, htpasswd, not \"token\"\n"
    );
    assert!(!sandbox.state().exists());
}

#[test]
fn passwords_lie_where_only_their_owner_can_read_and_are_never_printed() {
    let sandbox = Sandbox::new();
    let ran = deploy(&sandbox, WITH_LOGIN);
    let (auth, record) = (sandbox.json("auth.json"), sandbox.json("deployment.json"));
    let host = record["registry"]["inClusterHost"].as_str().unwrap();
    let auth = auth["auths"][host]["auth"].as_str().unwrap().to_owned();
    for path in [
        "auth.json",
        "data/registry-access/htpasswd",
        "data/registry-access/rules",
    ] {
        let metadata = std::fs::metadata(sandbox.deployment().join(path)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{path}");
    }
    for path in [
        "deployment.json",
        "events.jsonl",
        "embedded.log",
        "kubeconfig",
    ] {
        let content = std::fs::read_to_string(sandbox.deployment().join(path)).unwrap();
        assert!(!content.contains(&auth), "{path}");
    }
    let status = sandbox.run(&["status", "--output", "json"]);
    for text in [ran.stdout, ran.stderr, status.stdout, status.stderr] {
        assert!(!text.contains(&auth), "{text}");
    }
}

fn deploy(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let ran = sandbox.run(arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran
}

/// Looks at the image that proves the registry.
fn skopeo(sandbox: &Sandbox, login: &[&str]) -> Ran {
    let image = format!(
        "docker://localhost:{}/konflux-local/registry-proof:latest",
        sandbox.registry_port()
    );
    let output = Command::new("skopeo")
        .arg("inspect")
        .args(login)
        .arg("--cert-dir")
        .arg(sandbox.deployment())
        .arg(image)
        .env("HOME", sandbox.folder())
        .output()
        .expect("skopeo must be on PATH (Debian: apt-get install skopeo)");
    Ran::from(output)
}
