//! `kubectl` commands that stay until something happens: logs, watches, waits, deletions.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::time::Duration;

use support::TestServer;
use support::kubectl::Kubectl;
use support::manifests::{POD, TENANT, server_with_widgets, widget};
use tokio::io::{AsyncBufReadExt as _, BufReader};

#[tokio::test]
async fn the_log_of_a_pod_is_the_file_of_its_container() {
    let server = TestServer::start().await;
    let kubectl = Kubectl::of(&server);
    kubectl.run_with_input(&["apply", "-f", "-"], POD).await;
    let folder = server.pod_logs_dir().join("default/p");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("main.log"), "one\ntwo\nthree\n").unwrap();
    assert_eq!(kubectl.run(&["logs", "p"]).await, "one\ntwo\nthree\n");
    assert_eq!(
        kubectl.run(&["logs", "p", "-c", "main", "--tail=2"]).await,
        "two\nthree\n"
    );
    let refused = kubectl.try_run(&["logs", "p", "-c", "other"], "").await;
    assert!(
        refused
            .stderr
            .contains("container other is not valid for pod p"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn following_a_log_ends_with_its_pod() {
    let server = TestServer::start().await;
    let kubectl = Kubectl::of(&server);
    kubectl.run_with_input(&["apply", "-f", "-"], POD).await;
    let folder = server.pod_logs_dir().join("default/p");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("main.log"), "one\n").unwrap();
    let mut following = kubectl.command(&["logs", "-f", "p"]).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("one"));
    std::fs::write(folder.join("main.log"), "one\ntwo\n").unwrap();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("two"));
    let client = server.client().await;
    let pods: kube::Api<k8s_openapi::api::core::v1::Pod> = kube::Api::namespaced(client, "default");
    let finished = kube::api::Patch::Merge(serde_json::json!({"status": {"phase": "Succeeded"}}));
    pods.patch_status("p", &Default::default(), &finished)
        .await
        .unwrap();
    assert_eq!(lines.next_line().await.unwrap(), None);
}

#[tokio::test]
async fn get_watches() {
    let server = TestServer::start().await;
    let kubectl = Kubectl::of(&server);
    let mut watching = kubectl
        .command(&["get", "configmaps", "-w", "--no-headers"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    assert!(
        lines
            .next_line()
            .await
            .unwrap()
            .unwrap()
            .starts_with("kube-root-ca.crt")
    );
    kubectl
        .run(&["create", "configmap", "new", "--from-literal=a=b"])
        .await;
    assert!(lines.next_line().await.unwrap().unwrap().starts_with("new"));
}

#[tokio::test]
async fn wait_ends_when_the_condition_comes_true() {
    let (server, kubectl) = server_with_widgets().await;
    kubectl
        .run_with_input(&["apply", "-f", "-"], &widget(1))
        .await;
    let waiting = kubectl
        .command(&["wait", "--for=condition=Ready", "wd/a", "--timeout=20s"])
        .spawn()
        .unwrap();
    let resource = kube::api::ApiResource::from_gvk(&kube::api::GroupVersionKind::gvk(
        "example.com",
        "v1",
        "Widget",
    ));
    let widgets: kube::Api<kube::api::DynamicObject> =
        kube::Api::default_namespaced_with(server.client().await, &resource);
    let ready = kube::api::Patch::Merge(
        serde_json::json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}),
    );
    widgets
        .patch_status("a", &Default::default(), &ready)
        .await
        .unwrap();
    let output = tokio::time::timeout(Duration::from_secs(20), waiting.wait_with_output())
        .await
        .unwrap()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn deleting_a_namespace_returns_when_it_is_gone() {
    let server = TestServer::start().await;
    let kubectl = Kubectl::of(&server);
    kubectl.run_with_input(&["apply", "-f", "-"], TENANT).await;
    kubectl.run(&["delete", "namespace", "tenant"]).await;
    let gone = kubectl.try_run(&["get", "namespace", "tenant"], "").await;
    assert!(
        gone.stderr.contains("namespaces \"tenant\" not found"),
        "{gone:?}"
    );
}
