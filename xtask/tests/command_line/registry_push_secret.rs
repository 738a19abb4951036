//! `registry push-secret`: credentials for the builds of a component.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use cluster::registry_access::RepositoryRight;
use rustix::process::{Pid, Signal, kill_process};

use crate::registry_support::HOST;
use crate::support::Sandbox;

const FOR_SAMPLE: &[&str] = &[
    "push-secret",
    "--namespace",
    "user-ns1",
    "--component",
    "sample-component",
    "--wait",
];
const ACCOUNT: &str = "serviceaccount/build-pipeline-sample-component";

fn push_secret(sandbox: &Sandbox, more: &[&str]) -> crate::support::Ran {
    sandbox.registry(&[FOR_SAMPLE, more].concat())
}

fn builder(sandbox: &Sandbox) -> String {
    sandbox.robot("builder", &[RepositoryRight::push("user-ns1")])
}

#[test]
fn a_component_gets_only_what_it_needs_and_a_second_run_changes_nothing() {
    let sandbox = Sandbox::with_registry_login();
    builder(&sandbox);
    let file = sandbox.auth_file(&[(HOST, "builder"), ("quay.io", "somebody-else")]);
    let first = push_secret(&sandbox, &["--auth-file", &file]);
    first.expect(
        0,
        &[
            "cluster: deployment konflux (embedded",
            "pull and push granted with the login of `builder`",
            "created    Secret user-ns1/regcred",
            "linked     to ServiceAccount user-ns1/build-pipeline-sample-component (secrets)",
            "use entry `registry-service.kind-registry.svc.cluster.local` of Secret `regcred`",
        ],
    );
    assert!(first.stderr.starts_with("cluster: "), "{}", first.stderr);
    assert_eq!(first.stdout, "");
    let kind = sandbox.field("user-ns1", "secret/regcred", ".type");
    assert_eq!(kind, "kubernetes.io/dockerconfigjson");
    let content = sandbox.kubectl_done(&[
        "get",
        "secret",
        "regcred",
        "-n",
        "user-ns1",
        "-o",
        r#"go-template={{index .data ".dockerconfigjson" | base64decode}}"#,
    ]);
    assert!(content.contains(HOST) && !content.contains("quay.io"));
    let versions = || {
        ["secret/regcred", ACCOUNT]
            .map(|object| sandbox.field("user-ns1", object, ".metadata.resourceVersion"))
    };
    let before = versions();
    push_secret(&sandbox, &["--auth-file", &file]).expect(
        0,
        &[
            "unchanged  Secret",
            "unchanged  ServiceAccount",
            "nothing was changed",
        ],
    );
    assert_eq!(versions(), before);
    push_secret(&sandbox, &["--auth-file", &file, "--pull"])
        .expect(0, &["unchanged  Secret", "(imagePullSecrets)"]);
    assert_eq!(
        sandbox.field("user-ns1", ACCOUNT, ".imagePullSecrets[*].name"),
        "regcred"
    );
}

#[test]
fn credentials_that_may_not_push_are_refused_before_anything_is_written() {
    let sandbox = Sandbox::with_registry_login();
    let file = sandbox.robot("reader", &[RepositoryRight::pull("user-ns1")]);
    let refused = push_secret(&sandbox, &["--auth-file", &file]);
    refused.expect(
        1,
        &[
            "push refused: ",
            "user reader may not push in repository user-ns1/sample-component",
            "to do: ",
            "nothing was changed in the cluster",
        ],
    );
    let file = sandbox.auth_file(&[(HOST, "nobody")]);
    let refused = push_secret(&sandbox, &["--auth-file", &file]);
    refused.expect(
        1,
        &[
            "refuses user `nobody` or its password (401)",
            "nothing was changed in the cluster",
        ],
    );
    assert!(!sandbox.has("user-ns1", "secret/regcred"));
}

#[test]
fn a_login_that_another_component_uses_is_not_replaced() {
    let sandbox = Sandbox::with_registry_login();
    let first = std::fs::read_to_string(builder(&sandbox)).unwrap();
    let first = sandbox.file("first.json", &first);
    push_secret(&sandbox, &["--auth-file", &first]).expect(0, &["created    Secret"]);
    sandbox.kubectl_done(&["create", "serviceaccount", "neighbour", "-n", "user-ns1"]);
    let link = r#"{"secrets": [{"name": "regcred"}]}"#;
    sandbox.kubectl_done(&[
        "patch",
        "serviceaccount",
        "neighbour",
        "-n",
        "user-ns1",
        "--type=merge",
        "-p",
        link,
    ]);
    let other = sandbox.robot("other", &[RepositoryRight::push("user-ns1")]);
    push_secret(&sandbox, &["--auth-file", &other]).expect(
        1,
        &[
            "Secret user-ns1/regcred has the login of `builder`",
            "which neighbour uses too and would lose",
            "--secret NAME",
            "nothing was changed in the cluster",
        ],
    );
    // The same user is a rotation, and another Secret takes nothing from anybody.
    push_secret(&sandbox, &["--auth-file", &first]).expect(0, &["nothing was changed"]);
    let own = ["--auth-file", &other, "--secret", "konflux-local-registry"];
    push_secret(&sandbox, &own).expect(1, &["is the deployment's own", "--secret"]);
}

#[test]
fn who_has_no_credentials_is_told_where_they_were_looked_for_and_how_to_get_them() {
    let sandbox = Sandbox::with_registry_login();
    let own = push_secret(&sandbox, &[]);
    own.expect(
        3,
        &[
            "no credentials for",
            "(docker login): no such file",
            "Run `cargo xtask registry login`",
        ],
    );
    for (registry, words) in [
        ("quay.io/team", "Generate Encrypted Password"),
        ("docker.io/team", "create an access token"),
        (
            "registry.example/team",
            "Run `podman login registry.example` or `docker login registry.example`",
        ),
    ] {
        // No test asks a registry of somebody else: this proxy is not there.
        let arguments = [FOR_SAMPLE, &["--registry", registry]].concat();
        let mut command = sandbox.registry_command(&arguments);
        let ran = command
            .env("ALL_PROXY", "http://127.0.0.1:1")
            .output()
            .unwrap();
        crate::support::Ran::from(ran).expect(
            3,
            &[
                words,
                "which is not below",
                "nothing was changed in the cluster",
            ],
        );
    }
    let missing = push_secret(&sandbox, &["--auth-file", "none.json"]);
    missing.expect(2, &["none.json does not exist"]);
    let damaged = sandbox.file("damaged.json", "{\"auths\": ");
    push_secret(&sandbox, &["--auth-file", &damaged]).expect(1, &["not valid JSON (line 1"]);
    assert!(!sandbox.has("user-ns1", "secret/regcred"));
}

#[test]
fn a_secret_that_is_something_else_is_not_touched() {
    let sandbox = Sandbox::with_registry_login();
    let file = builder(&sandbox);
    sandbox.kubectl_done(&[
        "create",
        "secret",
        "generic",
        "regcred",
        "-n",
        "user-ns1",
        "--from-literal=a=b",
    ]);
    let linked = sandbox.field("user-ns1", "serviceaccount/default", ".secrets[*].name");
    push_secret(&sandbox, &["--auth-file", &file]).expect(
        1,
        &[
            "exists with type `Opaque`",
            "it was not changed: choose another name",
        ],
    );
    assert_eq!(
        sandbox.field("user-ns1", "secret/regcred", ".data.a"),
        "Yg=="
    );
    assert_eq!(
        sandbox.field("user-ns1", "serviceaccount/default", ".secrets[*].name"),
        linked
    );
    push_secret(&sandbox, &["--auth-file", &file, "--secret", "mine"])
        .expect(0, &["created    Secret user-ns1/mine"]);
}

#[test]
fn a_service_account_that_is_not_there_is_explained_or_waited_for_and_an_interrupt_leaves_nothing()
{
    let sandbox = Sandbox::with_registry_login();
    let file = builder(&sandbox);
    let place = format!("{HOST}/user-ns1");
    let arguments = [
        "push-secret",
        "--namespace",
        "user-ns1",
        "--component",
        "later",
        "--registry",
        &place,
        "--auth-file",
        &file,
    ];
    sandbox.registry(&arguments).expect(
        1,
        &[
            "note: Component later does not exist yet",
            "ServiceAccount user-ns1/build-pipeline-later does not exist; build-service creates it",
            "with --wait this command waits for it",
            "nothing was changed in the cluster",
        ],
    );
    for (signal, word) in [(Signal::INT, "interrupted"), (Signal::TERM, "terminated")] {
        let mut child = sandbox
            .registry_command(&[&arguments[..], &["--wait"]].concat())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map(Result::unwrap);
        assert!(
            lines
                .any(|line| line.starts_with("waiting    for ServiceAccount build-pipeline-later"))
        );
        kill_process(Pid::from_child(&child), signal).unwrap();
        let rest: Vec<String> = lines.collect();
        assert_eq!(
            rest,
            [format!("error: {word}; nothing was changed in the cluster")]
        );
        assert_eq!(child.wait().unwrap().code(), Some(1));
    }
    assert!(!sandbox.has("user-ns1", "secret/regcred"));
    // Waited for, it is served when it comes.
    let child = sandbox
        .registry_command(&[&arguments[..], &["--wait"]].concat())
        .spawn()
        .unwrap();
    sandbox.kubectl_done(&[
        "create",
        "serviceaccount",
        "build-pipeline-later",
        "-n",
        "user-ns1",
    ]);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
    assert_eq!(
        sandbox.field(
            "user-ns1",
            "serviceaccount/build-pipeline-later",
            ".secrets[*].name"
        ),
        "regcred"
    );
}

#[test]
fn a_secret_that_beats_the_new_one_and_cannot_push_is_named() {
    let sandbox = Sandbox::with_registry_login();
    sandbox.robot("reader", &[RepositoryRight::pull("user-ns1")]);
    let file = builder(&sandbox);
    // Another entry, for a longer part of the repository's name, with an account that may only read.
    let other = sandbox.file(
        "other.json",
        &format!(
            r#"{{"auths": {{"{HOST}/user-ns1": {{"auth": "{}"}}}}}}"#,
            "cmVhZGVyOnMzY3JldC12YWx1ZS1vZi1hLXRlc3Q=",
        ),
    );
    push_secret(&sandbox, &["--auth-file", &file]).expect(0, &[]);
    let content = format!("--from-file=.dockerconfigjson={other}");
    sandbox.kubectl_done(&[
        "create",
        "secret",
        "generic",
        "other",
        "-n",
        "user-ns1",
        "--type=kubernetes.io/dockerconfigjson",
        &content,
    ]);
    sandbox.kubectl_done(&[
        "patch",
        ACCOUNT,
        "-n",
        "user-ns1",
        "--type=json",
        "-p",
        r#"[{"op": "add", "path": "/secrets/-", "value": {"name": "other"}}]"#,
    ]);
    push_secret(&sandbox, &["--auth-file", &file]).expect(
        1,
        &[
            "of Secret `other`, which does not work",
            "of Secret `regcred`: another key is more specific",
            "push refused",
            "unlink or mend the Secret that is named above",
            "nothing was changed in the cluster",
        ],
    );
}

/// Another component of the application, its builder's ServiceAccount, and the Secret linked to it.
fn neighbour(sandbox: &Sandbox) {
    let component = sandbox.kubectl_done(&[
        "get",
        "component",
        "sample-component",
        "-n",
        "user-ns1",
        "-o",
        "json",
    ]);
    let mut component: serde_json::Value = serde_json::from_str(&component).unwrap();
    component["metadata"] = serde_json::json!({"name": "neighbour", "namespace": "user-ns1"});
    component["spec"]["componentName"] = "neighbour".into();
    component["spec"]["containerImage"] = format!("{HOST}/user-ns1/neighbour").into();
    let component = sandbox.file("component.json", &component.to_string());
    sandbox.kubectl_done(&["create", "-f", &component]);
    let arguments = [
        "push-secret",
        "--namespace",
        "user-ns1",
        "--component",
        "neighbour",
        "--wait",
        "--auth-file",
        &sandbox.auth_file(&[(HOST, "builder")]),
    ];
    sandbox.registry(&arguments).expect(0, &["done"]);
}

#[test]
fn what_a_neighbour_can_do_is_not_taken_by_a_longer_key_and_a_rotation_tells_who_gets_it() {
    let sandbox = Sandbox::with_registry_login();
    builder(&sandbox);
    neighbour(&sandbox);
    let versions = || {
        ["secret/regcred", ACCOUNT]
            .map(|object| sandbox.field("user-ns1", object, ".metadata.resourceVersion"))
    };
    let before = versions();
    // Good for this component; as the more specific key, also used by the neighbour, for whom it is of no use.
    sandbox.robot(
        "narrow",
        &[RepositoryRight::push("user-ns1/sample-component")],
    );
    let narrow = sandbox.auth_file(&[(&format!("{HOST}/user-ns1"), "narrow")]);
    push_secret(&sandbox, &["--auth-file", &narrow]).expect(
        1,
        &[
            "pull and push granted with the login of `narrow`",
            "ServiceAccount build-pipeline-neighbour would lose what works now: to push at",
            "user narrow may not",
            "a Secret of their own with --secret NAME",
            "nothing was changed in the cluster",
        ],
    );
    assert_eq!(versions(), before);
    push_secret(&sandbox, &["--auth-file", &narrow, "--secret", "mine"])
        .expect(0, &["created    Secret user-ns1/mine"]);
    // Another user for the same key is good for both, and the neighbour's owner learns of it.
    let wide = sandbox.robot("wide", &[RepositoryRight::push("user-ns1")]);
    let arguments = [
        "push-secret",
        "--namespace",
        "user-ns1",
        "--component",
        "neighbour",
        "--secret",
        "regcred",
        "--auth-file",
        &wide,
    ];
    sandbox.registry(&arguments).expect(
        0,
        &["changed    Secret user-ns1/regcred: changed registry-service"],
    );
    builder(&sandbox);
    let link = r#"{"secrets": [{"name": "regcred"}]}"#;
    sandbox.kubectl_done(&[
        "patch",
        ACCOUNT,
        "-n",
        "user-ns1",
        "--type=merge",
        "-p",
        link,
    ]);
    let back = sandbox.auth_file(&[(HOST, "builder")]);
    push_secret(&sandbox, &["--auth-file", &back]).expect(
        0,
        &["affects    pipelines of build-pipeline-neighbour use the new login of `builder`"],
    );
}

#[test]
fn a_login_that_works_for_nobody_any_more_protects_nothing() {
    let sandbox = Sandbox::with_registry_login();
    let file = builder(&sandbox);
    neighbour(&sandbox);
    push_secret(&sandbox, &["--auth-file", &file]).expect(0, &[]);
    // Revoked: both components' builds are refused from now on.
    sandbox.robot("builder", &[]);
    sandbox.robot(
        "narrow",
        &[RepositoryRight::push("user-ns1/sample-component")],
    );
    let narrow = sandbox.auth_file(&[(HOST, "narrow")]);
    push_secret(&sandbox, &["--auth-file", &narrow]).expect(
        0,
        &["changed    Secret user-ns1/regcred: changed registry-service"],
    );
}

#[test]
fn the_outside_address_of_the_registry_becomes_the_name_that_pipelines_know() {
    let sandbox = Sandbox::with_registry_login();
    let file = builder(&sandbox);
    let place = format!("localhost:{}/user-ns1", sandbox.registry_port());
    push_secret(&sandbox, &["--auth-file", &file, "--registry", &place]).expect(
        0,
        &[
            "pipelines know it as registry-service.kind-registry.svc.cluster.local",
            "with entries for registry-service.kind-registry.svc.cluster.local",
        ],
    );
}

#[test]
fn a_registry_that_asks_for_no_login_needs_no_secret() {
    let sandbox = Sandbox::new();
    sandbox.deploy();
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/samples");
    sandbox.kubectl_done(&["apply", "-f", samples]);
    push_secret(&sandbox, &[]).expect(0, &["granted without a login", "no Secret is needed"]);
    assert!(!sandbox.has("user-ns1", "secret/regcred"));
}
