//! `registry check`: what credentials can do, on this computer and in a pipeline.

use cluster::registry_access::RepositoryRight;
use serde_json::Value;

use crate::registry_support::HOST;
use crate::support::{Ran, Sandbox};

const AS_RELEASER: &[&str] = &[
    "--namespace",
    "managed-ns1",
    "--service-account",
    "release-pipeline",
];

#[test]
fn one_refusal_among_several_is_told_as_a_document_and_by_the_exit_code() {
    let sandbox = Sandbox::with_registry_login();
    let file = sandbox.robot(
        "builder",
        &[RepositoryRight::push("team"), RepositoryRight::pull("base")],
    );
    let (own, base) = (format!("{HOST}/team/app:v1"), format!("{HOST}/base"));
    let ran = sandbox.registry(&[
        "check",
        &own,
        &base,
        "--auth-file",
        &file,
        "--output",
        "json",
    ]);
    ran.expect(1, &[]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["checks"][0]["verdict"], "granted");
    assert_eq!(
        document["checks"][0]["repository"],
        format!("{HOST}/team/app")
    );
    assert_eq!(document["checks"][1]["verdict"], "refused");
    assert_eq!(document["checks"][1]["proven"]["pull"], true);
    let obstacle = document["checks"][1]["obstacle"]["message"].as_str();
    assert!(
        obstacle.unwrap().contains("user builder may not push"),
        "{document}"
    );
    sandbox
        .registry(&["check", &own, "--auth-file", &file])
        .expect(0, &[]);
    // Nothing is left behind.
    assert!(!sandbox.registry(&["list"]).stdout.contains("team"));
}

#[test]
fn of_a_registry_alone_it_is_told_whether_it_takes_the_login() {
    let sandbox = Sandbox::with_registry_login();
    let outside = format!("localhost:{}", sandbox.registry_port());
    let ends = |ran: &Ran, code: i32, words: &str| {
        ran.expect(code, &[]);
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    };
    // No right anywhere, and a login all the same.
    let file = sandbox.robot("newcomer", &[]);
    let with = |place: &str| sandbox.registry(&["check", place, "--auth-file", &file]);
    ends(&with(HOST), 0, "the login works");
    let file = sandbox.auth_file(&[(HOST, "nobody"), (&outside, "newcomer")]);
    let with = |place: &str| sandbox.registry(&["check", place, "--auth-file", &file]);
    ends(&with(HOST), 1, "login refused: ");
    ends(&with(&format!("{outside}/")), 0, "the login works");
    let nothing = sandbox.registry(&["check", &outside]);
    ends(&nothing, 1, "Run `cargo xtask registry login`");
    ends(
        &sandbox.registry(&[&["check", HOST], AS_RELEASER].concat()),
        0,
        "of Secret `konflux-local-registry`",
    );
}

#[test]
fn a_service_account_is_judged_by_exactly_what_its_pipelines_get() {
    let sandbox = Sandbox::with_registry_login();
    let place = format!("{HOST}/released/app");
    let check = || sandbox.registry(&[&["check", &place], AS_RELEASER].concat());
    let ran = check();
    ran.expect(0, &["cluster: deployment konflux"]);
    assert!(
        ran.stdout.contains("of Secret `konflux-local-registry`"),
        "{}",
        ran.stdout
    );
    sandbox.kubectl_done(&[
        "create",
        "secret",
        "generic",
        "broken",
        "-n",
        "managed-ns1",
        "--type=kubernetes.io/dockerconfigjson",
        r#"--from-literal=.dockerconfigjson={"auths": 7}"#,
    ]);
    sandbox.kubectl_done(&[
        "patch",
        "serviceaccount",
        "release-pipeline",
        "-n",
        "managed-ns1",
        "--type=json",
        "-p",
        r#"[{"op": "add", "path": "/secrets/-", "value": {"name": "broken"}}]"#,
    ]);
    let ran = check();
    ran.expect(1, &[]);
    assert!(
        ran.stdout
            .contains("Tekton then gives the steps no registry credentials at all"),
        "{}",
        ran.stdout
    );
    sandbox.kubectl_done(&["delete", "secret", "broken", "-n", "managed-ns1"]);
    let ran = check();
    ran.expect(0, &[]);
    assert!(
        ran.stdout
            .contains("Secret `broken`: it is linked and does not exist"),
        "{}",
        ran.stdout
    );
    let absent = sandbox.registry(&[
        "check",
        &place,
        "--namespace",
        "managed-ns1",
        "--service-account",
        "absent",
    ]);
    absent.expect(1, &["ServiceAccount managed-ns1/absent does not exist"]);
}

#[test]
fn a_registry_that_is_down_is_not_taken_for_one_that_refuses() {
    let sandbox = Sandbox::with_registry_login();
    let file = sandbox.robot("builder", &[RepositoryRight::push("team")]);
    sandbox.kill_cluster();
    let ran = sandbox.registry(&["check", &format!("{HOST}/team/app"), "--auth-file", &file]);
    ran.expect(1, &[]);
    assert!(
        ran.stdout.contains("could not be tried") && ran.stdout.contains("refused the connection"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_registry_whose_authority_is_unknown_is_trusted_by_ca_file_only() {
    let sandbox = Sandbox::with_registry_login();
    let port = sandbox.registry_port();
    let file = sandbox.robot("builder", &[RepositoryRight::push("team")]);
    let place = format!("localhost:{port}/team/app");
    let logins = sandbox.auth_file(&[(&format!("localhost:{port}"), "builder")]);
    // Seen from another state folder it is a stranger's registry.
    let stranger = |more: &[&str]| {
        let mut command = sandbox.registry_command(&["check", &place, "--auth-file", &logins]);
        let command = command
            .args(more)
            .env("KONFLUX_LOCAL_STATE_DIR", sandbox.folder().join("other"));
        Ran::from(command.output().unwrap())
    };
    let ran = stranger(&[]);
    ran.expect(1, &[]);
    assert!(
        ran.stdout.contains("which is not trusted here"),
        "{}",
        ran.stdout
    );
    let authority = sandbox.deployment().join("ca.crt");
    stranger(&["--ca-file", authority.to_str().unwrap()]).expect(0, &[]);
    stranger(&["--ca-file", &file]).expect(2, &["cannot be used as a certificate authority"]);
    stranger(&["--ca-file", "none.pem"])
        .expect(2, &["cannot read the certificate authority none.pem"]);
}

#[test]
fn what_is_no_repository_is_wrong_use() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["check"][..],
        &["check", "quay"],
        &["check", "https://quay.io/team/app"],
        &["check", "quay.io/Team"],
        &["check", "quay.io/team/app", "--namespace", "user-ns1"],
        &["check", "quay.io/team/app", "--service-account", "default"],
        &[
            "check",
            "quay.io/team/app",
            "--namespace",
            "../x",
            "--service-account",
            "default",
        ],
        &[
            "push-secret",
            "--namespace",
            "user-ns1",
            "--component",
            "A b",
        ],
        &[
            "push-secret",
            "--namespace",
            "user-ns1",
            "--component",
            "a",
            "--registry",
            "quay.io/team/app:v1",
        ],
        &[
            "push-secret",
            "--namespace",
            "user-ns1",
            "--component",
            "a",
            "--name",
            "b",
            "--context",
            "c",
        ],
    ] {
        sandbox.registry(arguments).expect(2, &["error: "]);
    }
    assert!(!sandbox.state().exists());
}
