//! Which cluster the commands change, and what happens when there is none, or one that says no.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use crate::support::{Ran, Sandbox};

const FOR_ANY: &[&str] = &[
    "push-secret",
    "--namespace",
    "user-ns1",
    "--component",
    "sample-component",
];

/// A kubeconfig with a context for each server, the first one current.
fn kubeconfig(sandbox: &Sandbox, servers: &[(&str, &str)]) -> String {
    let mut text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {}\n",
        servers[0].0
    );
    let list = |title: &str, item: &dyn Fn(&str, &str) -> String| {
        let items: String = servers
            .iter()
            .map(|(name, server)| item(name, server))
            .collect();
        format!("{title}:\n{items}")
    };
    text += &list("clusters", &|name, server| {
        format!("- name: {name}\n  cluster: {{server: '{server}'}}\n")
    });
    text += &list("contexts", &|name, _| {
        format!("- name: {name}\n  context: {{cluster: {name}, user: {name}}}\n")
    });
    text += &list("users", &|name, _| {
        format!("- name: {name}\n  user: {{token: a-token-of-a-test}}\n")
    });
    sandbox.file("kubeconfig.yaml", &text)
}

fn run_with(sandbox: &Sandbox, kubeconfig: &str, more: &[&str]) -> Ran {
    let mut command = sandbox.registry_command(&[FOR_ANY, more].concat());
    Ran::from(command.env("KUBECONFIG", kubeconfig).output().unwrap())
}

/// A server that answers every request with this status; its URL.
fn server(code: u16, reason: &'static str, message: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            let body = format!(
                r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{message}","reason":"{reason}","code":{code}}}"#
            );
            let head = format!(
                "HTTP/1.1 {code} {reason}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            // A client that is gone needs no answer.
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    url
}

#[test]
fn without_a_deployment_and_a_kubeconfig_the_host_lacks_a_cluster() {
    let sandbox = Sandbox::new();
    sandbox.registry(FOR_ANY).expect(
        3,
        &[
            "no cluster is known",
            ".kube/config does not exist",
            "`cargo xtask deploy-local` makes a deployment",
        ],
    );
    run_with(&sandbox, "/absent/kubeconfig", &[]).expect(3, &["/absent/kubeconfig does not exist"]);
    let damaged = sandbox.file("damaged.yaml", "{");
    run_with(&sandbox, &damaged, &[]).expect(3, &["the kubeconfig cannot be used"]);
    sandbox
        .registry(&[FOR_ANY, &["--name", "other"]].concat())
        .expect(2, &["there is no deployment called other"]);
    assert!(!sandbox.state().exists());
}

#[test]
fn the_deployment_comes_first_and_a_context_that_is_named_wins() {
    let sandbox = Sandbox::new();
    let forbidding = server(403, "Forbidden", "the user may not do that");
    let file = kubeconfig(
        &sandbox,
        &[("first", "https://127.0.0.1:1"), ("second", &forbidding)],
    );
    run_with(&sandbox, &file, &[]).expect(
        1,
        &[
            "cluster: context first of the kubeconfig (https://127.0.0.1:1",
            "cannot read namespace user-ns1",
            "Connection refused",
        ],
    );
    sandbox.deploy();
    run_with(&sandbox, &file, &[]).expect(1, &["cluster: deployment konflux"]);
    run_with(&sandbox, &file, &["--context", "second"])
        .expect(1, &["cluster: context second of the kubeconfig"]);
    run_with(&sandbox, &file, &["--context", "third"]).expect(
        2,
        &["the kubeconfig has no context `third`; it has first, second"],
    );
}

#[test]
fn a_refusal_of_the_api_server_is_told_in_its_words() {
    let sandbox = Sandbox::new();
    let forbidding = server(
        403,
        "Forbidden",
        "components is forbidden: user u cannot get resource components",
    );
    let file = kubeconfig(&sandbox, &[("ci", &forbidding)]);
    // Who may not look at namespaces may still work in one.
    let ran = run_with(&sandbox, &file, &[]);
    ran.expect(1, &["cannot read Component user-ns1/sample-component: components is forbidden: user u cannot get"]);
    assert!(!ran.stderr.contains("a-token-of-a-test"), "{}", ran.stderr);
    let stranger = server(401, "Unauthorized", "Unauthorized");
    let file = kubeconfig(&sandbox, &[("ci", &stranger)]);
    run_with(&sandbox, &file, &[]).expect(1, &["cannot read namespace user-ns1: Unauthorized"]);
}

#[test]
fn a_deployment_that_was_only_begun_is_not_passed_over_for_another_cluster() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.deployment()).unwrap();
    let file = kubeconfig(&sandbox, &[("production", "https://127.0.0.1:1")]);
    run_with(&sandbox, &file, &[]).expect(
        1,
        &[
            "deployment konflux was begun and has no cluster yet",
            "--context chooses a cluster",
        ],
    );
}

#[test]
fn namespaces_and_components_that_are_not_there_are_named() {
    let sandbox = Sandbox::new();
    sandbox.deploy();
    sandbox
        .registry(&["push-secret", "--namespace", "absent", "--component", "a"])
        .expect(1, &["namespace absent does not exist in this cluster"]);
    sandbox
        .registry(&["release-secret", "--namespace", "absent"])
        .expect(1, &["namespace absent does not exist in this cluster"]);
    sandbox
        .registry(&["push-secret", "--namespace", "user-ns1", "--component", "a"])
        .expect(
            1,
            &[
                "Component user-ns1/a does not exist",
                "say --registry HOST/PREFIX",
            ],
        );
    sandbox.kill_cluster();
    sandbox
        .registry(FOR_ANY)
        .expect(1, &["cannot read namespace user-ns1"]);
}
