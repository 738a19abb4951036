//! `kubectl` as people use it. `KUBECTL` names another one than that on the `PATH`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::time::Duration;

use support::TestServer;
use support::kubectl::Kubectl;
use tokio::io::{AsyncBufReadExt as _, BufReader};

const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {kind: Widget, plural: widgets, singular: widget, shortNames: [wd]}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer, description: how big it is}}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
";

const TENANT: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: tenant}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: builder, namespace: tenant}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: tenant}
data: {colour: red}
";

async fn server_with_widgets() -> (TestServer, Kubectl) {
    let server = TestServer::start().await;
    let kubectl = Kubectl::of(&server);
    kubectl
        .run_with_input(&["apply", "-f", "-"], DEFINITION)
        .await;
    kubectl
        .run(&[
            "wait",
            "--for=condition=Established",
            "crd/widgets.example.com",
            "--timeout=10s",
        ])
        .await;
    (server, kubectl)
}

fn widget(size: u32) -> String {
    let metadata = r#"{"name": "a", "namespace": "default"}"#;
    format!(
        r#"{{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {metadata}, "spec": {{"size": {size}}}}}"#
    )
}

const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: p}
spec: {containers: [{name: main, image: i}]}
";

#[tokio::test]
async fn apply_creates_then_says_unchanged_then_configures() {
    let server = TestServer::start().await;
    let kubectl = Kubectl::of(&server);
    let created = kubectl.run_with_input(&["apply", "-f", "-"], TENANT).await;
    assert_eq!(
        created,
        "namespace/tenant created\nserviceaccount/builder created\nconfigmap/settings created\n"
    );
    let unchanged = kubectl.run_with_input(&["apply", "-f", "-"], TENANT).await;
    assert_eq!(
        unchanged,
        "namespace/tenant unchanged\nserviceaccount/builder unchanged\nconfigmap/settings unchanged\n"
    );
    let configured = kubectl
        .run_with_input(
            &["apply", "-f", "-"],
            &TENANT.replace("colour: red", "size: big"),
        )
        .await;
    assert!(
        configured.ends_with("configmap/settings configured\n"),
        "{configured}"
    );
    let data = kubectl
        .run(&[
            "get",
            "configmap",
            "settings",
            "-n",
            "tenant",
            "-o",
            "jsonpath={.data}",
        ])
        .await;
    assert_eq!(data, r#"{"size":"big"}"#);
}

#[tokio::test]
async fn server_side_apply_takes_over_from_client_side_apply() {
    let (_server, kubectl) = server_with_widgets().await;
    kubectl
        .run_with_input(&["apply", "-f", "-"], &widget(1))
        .await;
    kubectl
        .run_with_input(&["apply", "--server-side", "-f", "-"], &widget(2))
        .await;
    let refused = kubectl
        .try_run(
            &["apply", "--server-side", "--field-manager=other", "-f", "-"],
            &widget(3),
        )
        .await;
    assert!(
        !refused.success && refused.stderr.contains(".spec.size"),
        "{refused:?}"
    );
    let forced = [
        "apply",
        "--server-side",
        "--field-manager=other",
        "--force-conflicts",
        "-f",
        "-",
    ];
    kubectl.run_with_input(&forced, &widget(3)).await;
    assert_eq!(
        kubectl
            .run(&["get", "widget", "a", "-o", "jsonpath={.spec.size}"])
            .await,
        "3"
    );
}

#[tokio::test]
async fn get_shows_the_columns_of_the_kind() {
    let (_server, kubectl) = server_with_widgets().await;
    kubectl
        .run_with_input(&["apply", "-f", "-"], &widget(7))
        .await;
    assert_eq!(kubectl.run(&["get", "wd"]).await, "NAME   SIZE\na      7\n");
    let several = kubectl
        .run(&["get", "wd,serviceaccounts", "-A", "--no-headers"])
        .await;
    assert!(
        several.contains("widget.example.com/a") && several.contains("serviceaccount/default"),
        "{several}"
    );
    let yaml = kubectl.run(&["get", "wd", "a", "-o", "yaml"]).await;
    assert!(
        yaml.contains("size: 7") && yaml.contains("kind: Widget"),
        "{yaml}"
    );
}

#[tokio::test]
async fn labels_annotations_and_patches_change_objects() {
    let (_server, kubectl) = server_with_widgets().await;
    kubectl
        .run_with_input(&["apply", "-f", "-"], &widget(1))
        .await;
    kubectl.run(&["label", "wd", "a", "team=x"]).await;
    kubectl.run(&["annotate", "wd", "a", "note=y"]).await;
    kubectl
        .run(&[
            "patch",
            "wd",
            "a",
            "--type=merge",
            "-p",
            r#"{"spec":{"size":5}}"#,
        ])
        .await;
    kubectl
        .run(&[
            "patch",
            "wd",
            "a",
            "--type=json",
            "-p",
            r#"[{"op":"add","path":"/metadata/labels/more","value":"z"}]"#,
        ])
        .await;
    let template = "jsonpath={.metadata.labels.team}{.metadata.labels.more}{.metadata.annotations.note}{.spec.size}";
    assert_eq!(
        kubectl
            .run(&[
                "get",
                "wd",
                "-l",
                "team=x",
                "-o",
                &template.replace("{.", "{.items[0].")
            ])
            .await,
        "xzy5"
    );
}

#[tokio::test]
async fn a_secret_is_linked_to_a_service_account_by_a_strategic_merge_patch() {
    let server = TestServer::start().await;
    let kubectl = Kubectl::of(&server);
    for secret in ["first", "second"] {
        kubectl
            .run(&[
                "create",
                "secret",
                "docker-registry",
                secret,
                "--docker-server=r",
                "--docker-username=u",
                "--docker-password=p",
            ])
            .await;
        let patch = format!(r#"{{"secrets": [{{"name": "{secret}"}}]}}"#);
        kubectl
            .run(&["patch", "serviceaccount", "default", "-p", &patch])
            .await;
    }
    let linked = kubectl
        .run(&[
            "get",
            "serviceaccount",
            "default",
            "-o",
            "jsonpath={.secrets[*].name}",
        ])
        .await;
    assert_eq!(
        linked.split(' ').collect::<std::collections::BTreeSet<_>>(),
        ["first", "second"].into()
    );
}

#[tokio::test]
async fn objects_are_created_from_the_command_line() {
    let server = TestServer::start().await;
    let kubectl = Kubectl::of(&server);
    kubectl.run(&["create", "namespace", "tenant"]).await;
    for arguments in [
        &["create", "serviceaccount", "builder"][..],
        &[
            "create",
            "configmap",
            "settings",
            "--from-literal=colour=red",
        ],
        &["create", "role", "reader", "--verb=get", "--resource=pods"],
        &[
            "create",
            "rolebinding",
            "readers",
            "--role=reader",
            "--serviceaccount=tenant:builder",
        ],
    ] {
        kubectl.run(&[arguments, &["-n", "tenant"]].concat()).await;
    }
    let described = kubectl
        .run(&["describe", "rolebinding", "readers", "-n", "tenant"])
        .await;
    assert!(
        described.contains("reader") && described.contains("builder"),
        "{described}"
    );
    assert_eq!(
        kubectl.run(&["auth", "can-i", "get", "pods"]).await,
        "yes\n"
    );
}

#[tokio::test]
async fn a_misspelt_field_is_refused() {
    let (_server, kubectl) = server_with_widgets().await;
    let refused = kubectl
        .try_run(&["create", "-f", "-"], &widget(1).replace("size", "sise"))
        .await;
    let old_client = kubectl.version().await.starts_with("1.20");
    assert!(refused.success == old_client, "{refused:?}");
    assert!(
        old_client || refused.stderr.contains("spec.sise"),
        "{refused:?}"
    );
}

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

#[tokio::test]
async fn discovery_lists_built_in_and_custom_kinds() {
    let (_server, kubectl) = server_with_widgets().await;
    let resources = kubectl
        .run(&["api-resources", "--no-headers", "-o", "name"])
        .await;
    for resource in [
        "configmaps",
        "widgets.example.com",
        "roles.rbac.authorization.k8s.io",
    ] {
        assert!(
            resources.lines().any(|line| line == resource),
            "{resource} is not in {resources}"
        );
    }
    assert_eq!(kubectl.run(&["get", "--raw", "/readyz"]).await, "ok");
}

#[tokio::test]
async fn new_clients_explain_fields() {
    let (_server, kubectl) = server_with_widgets().await;
    if kubectl.version().await.starts_with("1.20") {
        // It needs the schemas of OpenAPI version 2, which are not served.
        return;
    }
    assert!(
        kubectl
            .run(&["explain", "widget.spec.size"])
            .await
            .contains("how big it is")
    );
    assert!(
        kubectl
            .run(&["explain", "configmap.data"])
            .await
            .contains("configuration data")
    );
}

#[tokio::test]
async fn a_dry_run_on_the_server_stores_nothing() {
    let server = TestServer::start().await;
    let kubectl = Kubectl::of(&server);
    let shown = kubectl
        .run(&["create", "configmap", "a", "--dry-run=server", "-o", "name"])
        .await;
    assert_eq!(shown, "configmap/a\n");
    assert!(
        !kubectl
            .try_run(&["get", "configmap", "a"], "")
            .await
            .success
    );
}
