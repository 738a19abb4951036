//! Writing push secrets.

use std::collections::BTreeMap;

use credentials::cluster::{FIELD_MANAGER, SecretChange, SecretError, apply_push_secret};
use credentials::{AuthEntry, DockerConfig};
use kube::api::{Patch, PatchParams};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::server::{NAMESPACE, Server};

fn config(keys: &[&str]) -> DockerConfig {
    let mut config = DockerConfig::new();
    for key in keys {
        config.insert(*key, AuthEntry::login("robot", &"hunter2".into()));
    }
    config
}

fn labels() -> BTreeMap<String, String> {
    [("owner".to_owned(), "konflux-local".to_owned())].into()
}

async fn apply(server: &Server, config: &DockerConfig) -> Result<SecretChange, SecretError> {
    apply_push_secret(&server.client, NAMESPACE, "regcred", config, &labels()).await
}

async fn refused(server: &Server) -> (SecretError, String) {
    let before = server.secrets().get("regcred").await.unwrap();
    let error = apply(server, &config(&["quay.io"])).await.unwrap_err();
    let after = server.secrets().get("regcred").await.unwrap();
    assert!(
        before == after,
        "what is refused must stay as it was: {error}"
    );
    let text = error.to_string();
    assert!(!format!("{text}{error:?}").contains("hunter2"));
    (error, text)
}

fn docker_config_json(auths: &Value) -> Value {
    json!({
        "metadata": {"name": "regcred"},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": json!({"auths": auths}).to_string()},
    })
}

async fn entries(server: &Server) -> Vec<String> {
    let secret = server.secrets().get("regcred").await.unwrap();
    let data = secret.data.unwrap();
    let config = DockerConfig::parse(&data[".dockerconfigjson"].0).unwrap();
    config.entries().map(|(key, _)| key.to_owned()).collect()
}

#[tokio::test]
async fn a_new_secret_has_the_type_the_entries_and_the_labels() {
    let server = Server::start().await;
    let change = apply(&server, &config(&["quay.io/team"])).await.unwrap();
    assert_eq!(change, SecretChange::Created);
    let secret = server.secrets().get("regcred").await.unwrap();
    assert_eq!(
        secret.type_.as_deref(),
        Some("kubernetes.io/dockerconfigjson")
    );
    assert_eq!(secret.metadata.labels, Some(labels()));
    assert_eq!(entries(&server).await, ["quay.io/team"]);
}

#[tokio::test]
async fn the_same_again_writes_nothing_and_more_is_added_without_losing_the_labels() {
    let server = Server::start().await;
    apply(&server, &config(&["quay.io"])).await.unwrap();
    let before = server.secrets().get("regcred").await.unwrap();
    let again = apply(&server, &config(&["quay.io"])).await.unwrap();
    assert_eq!(again, SecretChange::Unchanged);
    let after = server.secrets().get("regcred").await.unwrap();
    assert_eq!(
        before.metadata.resource_version,
        after.metadata.resource_version
    );

    for _ in 0..2 {
        let mut more = config(&["ghcr.io"]);
        let other = SecretString::from("another");
        more.insert("quay.io", AuthEntry::login("robot", &other));
        let change = apply(&server, &more).await.unwrap();
        let SecretChange::Updated(changes) = change else {
            assert_eq!(change, SecretChange::Unchanged, "the second time");
            break;
        };
        assert_eq!(
            (changes.added, changes.changed),
            (vec!["ghcr.io".to_owned()], vec!["quay.io".to_owned()])
        );
    }
    let secret = server.secrets().get("regcred").await.unwrap();
    assert_eq!(secret.metadata.labels, Some(labels()));
    let third = apply(&server, &config(&["docker.io"])).await.unwrap();
    assert!(matches!(third, SecretChange::Updated(_)));
    assert_eq!(entries(&server).await, ["docker.io", "ghcr.io", "quay.io"]);
    let secret = server.secrets().get("regcred").await.unwrap();
    assert_eq!(secret.metadata.labels, Some(labels()));
}

#[tokio::test]
async fn entries_that_a_person_made_stay_and_so_does_whose_secret_it_is() {
    for person in ["kubectl-create", "kubectl-client-side-apply", "oc"] {
        let server = Server::start().await;
        let secret = docker_config_json(&json!({"ghcr.io": {"auth": "YTpi"}}));
        server.create_secret(person, secret).await;
        let change = apply(&server, &config(&["quay.io"])).await.unwrap();
        let SecretChange::Updated(changes) = change else {
            panic!("{change:?}")
        };
        assert_eq!(changes.kept, ["ghcr.io"]);
        assert_eq!(entries(&server).await, ["ghcr.io", "quay.io"]);
        let secret = server.secrets().get("regcred").await.unwrap();
        assert_eq!(secret.metadata.labels, None, "it is not ours to delete");
    }
}

#[tokio::test]
async fn what_a_person_applied_server_side_is_merged_too() {
    let server = Server::start().await;
    let mut secret = docker_config_json(&json!({"ghcr.io": {"auth": "YTpi"}}));
    secret["apiVersion"] = json!("v1");
    secret["kind"] = json!("Secret");
    server
        .secrets()
        .patch(
            "regcred",
            &PatchParams::apply("kubectl"),
            &Patch::Apply(&secret),
        )
        .await
        .unwrap();
    apply(&server, &config(&["quay.io"])).await.unwrap();
    assert_eq!(entries(&server).await, ["ghcr.io", "quay.io"]);
}

#[tokio::test]
async fn a_secret_of_another_type_is_left_alone() {
    let server = Server::start().await;
    let opaque =
        json!({"metadata": {"name": "regcred"}, "type": "Opaque", "stringData": {"a": "b"}});
    server.create_secret("kubectl-create", opaque).await;
    let (error, text) = refused(&server).await;
    assert!(matches!(error, SecretError::OtherType { found, .. } if found == "Opaque"));
    insta::assert_snapshot!(text, @"Secret user-ns1/regcred exists with type `Opaque`, and a push secret needs `kubernetes.io/dockerconfigjson`; it was not changed: choose another name, or delete it if nobody needs it");
}

#[tokio::test]
async fn a_secret_that_a_controller_writes_is_left_alone() {
    let server = Server::start().await;
    server
        .create_secret("external-secrets", docker_config_json(&json!({})))
        .await;
    let (error, text) = refused(&server).await;
    assert!(matches!(error, SecretError::ManagedElsewhere { .. }));
    insta::assert_snapshot!(text, @"Secret user-ns1/regcred is written by the field manager `external-secrets`, which would undo the change or lose its own entries; it was not changed: choose another name, and link both Secrets");
}

#[tokio::test]
async fn a_secret_with_a_controlling_owner_is_left_alone() {
    let server = Server::start().await;
    let mut secret = docker_config_json(&json!({}));
    secret["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "ImageRepository", "name": "application",
        "uid": "5f4b1f2e-8b1e-4c43-9c3e-0a4f3c4c7a10", "controller": true,
    }]);
    server.create_secret("kubectl-create", secret).await;
    let (_, text) = refused(&server).await;
    assert!(
        text.contains("the controller of ImageRepository `application`"),
        "{text}"
    );
}

#[tokio::test]
async fn a_manager_that_owns_only_labels_stands_in_nobodys_way() {
    let server = Server::start().await;
    server
        .create_secret("kubectl-create", docker_config_json(&json!({})))
        .await;
    let labels =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"labels": {"team": "a"}}});
    server
        .secrets()
        .patch(
            "regcred",
            &PatchParams::apply("labeller"),
            &Patch::Apply(&labels),
        )
        .await
        .unwrap();
    apply(&server, &config(&["quay.io"])).await.unwrap();
    let secret = server.secrets().get("regcred").await.unwrap();
    assert_eq!(secret.metadata.labels.unwrap()["team"], "a");
}

#[tokio::test]
async fn an_immutable_secret_is_refused_and_one_that_holds_everything_is_not() {
    let server = Server::start().await;
    let mut secret = docker_config_json(&json!({"ghcr.io": {"auth": "cm9ib3Q6aHVudGVyMg=="}}));
    secret["immutable"] = json!(true);
    server.create_secret("kubectl-create", secret).await;
    let (error, _) = refused(&server).await;
    assert!(matches!(error, SecretError::Immutable { .. }));
    let unchanged = apply(&server, &config(&["ghcr.io"])).await.unwrap();
    assert_eq!(unchanged, SecretChange::Unchanged);
}

#[tokio::test]
async fn a_secret_whose_content_is_no_docker_config_is_refused() {
    let server = Server::start().await;
    let mut secret = docker_config_json(&json!({}));
    secret["stringData"][".dockerconfigjson"] = json!(r#"{"auths": ["hunter2"]}"#);
    server.create_secret("kubectl-create", secret).await;
    let (error, _) = refused(&server).await;
    assert!(matches!(error, SecretError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn more_than_kubernetes_allows_is_refused_before_it_is_sent() {
    let server = Server::start().await;
    let mut large = DockerConfig::new();
    let password = SecretString::from("x".repeat(800 * 1024));
    large.insert("quay.io", AuthEntry::login("robot", &password));
    let error = apply(&server, &large).await.unwrap_err();
    assert!(
        matches!(error, SecretError::TooLarge { size, .. } if size > 1024 * 1024),
        "{error}"
    );
    assert!(server.secrets().get_opt("regcred").await.unwrap().is_none());

    // What else the Secret holds counts too.
    let mut secret = docker_config_json(&json!({}));
    secret["stringData"]["other"] = json!("x".repeat(1024 * 1024 - 50));
    server.create_secret("kubectl-create", secret).await;
    let (error, _) = refused(&server).await;
    assert!(matches!(error, SecretError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn what_the_server_refuses_says_what_was_attempted() {
    let server = Server::start_empty().await;
    let error = apply(&server, &config(&["quay.io"])).await.unwrap_err();
    insta::assert_snapshot!(error, @r#"cannot create Secret user-ns1/regcred: namespaces "user-ns1" not found"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_at_once_none_loses_its_entry() {
    let server = Server::start().await;
    let keys = ["a.io", "b.io", "c.io", "d.io"];
    let all = keys.map(|key| {
        let client = server.client.clone();
        tokio::spawn(async move {
            apply_push_secret(&client, NAMESPACE, "regcred", &config(&[key]), &labels()).await
        })
    });
    let mut created = 0;
    for one in all {
        created += usize::from(one.await.unwrap().unwrap() == SecretChange::Created);
    }
    assert_eq!(created, 1);
    assert_eq!(entries(&server).await, keys);
    let secret = server.secrets().get("regcred").await.unwrap();
    let managers = secret.metadata.managed_fields.unwrap();
    assert!(
        managers
            .iter()
            .all(|entry| entry.manager.as_deref() == Some(FIELD_MANAGER))
    );
}
