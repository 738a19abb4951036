//! Reading linked Secrets as Tekton does.

use credentials::DockerConfig;
use credentials::cluster::{predict_push_secret, service_account_secrets};
use serde_json::json;

use crate::server::{NAMESPACE, Server};

#[tokio::test]
async fn secrets_come_in_the_order_of_the_service_account_and_missing_ones_by_name() {
    let server = Server::start().await;
    for (name, user) in [("a", "first"), ("b", "second")] {
        let config = json!({"auths": {"quay.io": {"auth": user}}}).to_string();
        let secret = json!({
            "metadata": {"name": name}, "type": "kubernetes.io/dockerconfigjson",
            "stringData": {".dockerconfigjson": config},
        });
        server.create_secret("kubectl-create", secret).await;
    }
    server
        .create_service_account("builder", &["b", "gone", "a", "b"])
        .await;
    let linked = service_account_secrets(&server.client, NAMESPACE, "builder")
        .await
        .unwrap();
    let names: Vec<_> = linked
        .existing()
        .iter()
        .filter_map(|secret| secret.metadata.name.as_deref())
        .collect();
    assert_eq!(names, ["b", "a"]);
    assert_eq!(linked.missing(), ["gone"]);
    let explanation = linked.explain("quay.io/team/application").unwrap();
    assert_eq!(explanation.winner.unwrap().secret, "a");
    assert!(linked.docker_config().unwrap().is_some());
    assert_eq!(
        format!("{linked:?}"),
        r#"LinkedSecrets { existing: [Some("b"), Some("a")], missing: ["gone"] }"#
    );
    // What is predicted is what Tekton would make of it: in the place where it is linked, or behind all others.
    let config = DockerConfig::parse(br#"{"auths": {"quay.io": {"auth": "bmV3OnA="}}}"#).unwrap();
    let winner = |name: &str| {
        let existing = linked.existing().iter();
        let mut existing = existing.filter(|secret| secret.metadata.name.as_deref() == Some(name));
        let secret = predict_push_secret(existing.next(), NAMESPACE, name, &config).unwrap();
        let predicted = linked.with(&secret);
        assert!(predicted.links(name) && !predicted.missing().contains(&name.to_owned()));
        let explanation = predicted.explain("quay.io/team/application").unwrap();
        explanation.winner.unwrap().secret
    };
    assert_eq!(winner("b"), "a");
    assert_eq!(winner("gone"), "a");
    assert_eq!(winner("a"), "a");
    assert_eq!(winner("new"), "new");
}
