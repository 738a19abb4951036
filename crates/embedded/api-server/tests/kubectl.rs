//! `kubectl` as people use it on objects. `KUBECTL` names another one than that on the `PATH`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::TestServer;
use support::kubectl::Kubectl;
use support::manifests::{TENANT, server_with_widgets, widget};

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
