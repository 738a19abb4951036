//! Linking Secrets.

use credentials::cluster::{LinkAs, LinkChange, LinkError, link_secret};
use k8s_openapi::api::core::v1::ServiceAccount;

use crate::server::{NAMESPACE, Server};

const ACCOUNT: &str = "build-pipeline-application";

fn links(account: &ServiceAccount) -> (Vec<String>, Vec<String>) {
    let secrets = account.secrets.iter().flatten();
    let image_pull_secrets = account.image_pull_secrets.iter().flatten();
    (
        secrets.filter_map(|link| link.name.clone()).collect(),
        image_pull_secrets.map(|link| link.name.clone()).collect(),
    )
}

#[tokio::test]
async fn a_link_comes_last_and_everything_else_stays() {
    let server = Server::start().await;
    server
        .create_service_account(ACCOUNT, &["first", "second"])
        .await;
    let change = link_secret(&server.client, NAMESPACE, ACCOUNT, "regcred", LinkAs::BOTH)
        .await
        .unwrap();
    let expected = LinkChange {
        added_to_secrets: true,
        added_to_image_pull_secrets: true,
        other_secrets: vec!["first".to_owned(), "second".to_owned()],
    };
    assert_eq!(change, expected);
    let account = server.service_accounts().get(ACCOUNT).await.unwrap();
    let expected = (
        vec![
            "first".to_owned(),
            "second".to_owned(),
            "regcred".to_owned(),
        ],
        vec!["pull".to_owned(), "regcred".to_owned()],
    );
    assert_eq!(links(&account), expected);
    assert_eq!(account.metadata.annotations.unwrap()["kept"], "yes");
}

#[tokio::test]
async fn without_pull_the_other_list_is_not_touched_and_the_second_time_nothing_is() {
    let server = Server::start().await;
    server.create_service_account(ACCOUNT, &[]).await;
    let link = || {
        link_secret(
            &server.client,
            NAMESPACE,
            ACCOUNT,
            "regcred",
            LinkAs::SECRETS,
        )
    };
    assert!(link().await.unwrap().added_to_secrets);
    let before = server.service_accounts().get(ACCOUNT).await.unwrap();
    assert_eq!(
        links(&before),
        (vec!["regcred".to_owned()], vec!["pull".to_owned()])
    );
    assert!(link().await.unwrap().is_nothing());
    let after = server.service_accounts().get(ACCOUNT).await.unwrap();
    assert_eq!(
        before.metadata.resource_version,
        after.metadata.resource_version
    );
}

#[tokio::test]
async fn a_missing_service_account_says_who_creates_it() {
    let server = Server::start().await;
    let mut said = Vec::new();
    for name in [ACCOUNT, "release-pipeline"] {
        let error = link_secret(&server.client, NAMESPACE, name, "regcred", LinkAs::SECRETS)
            .await
            .unwrap_err();
        assert!(matches!(error, LinkError::NoServiceAccount { .. }));
        said.push(error.to_string());
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    ServiceAccount user-ns1/build-pipeline-application does not exist; build-service creates it when the Component `application` is onboarded: look at `kubectl get component application` and at the log of build-service, or wait for it
    ServiceAccount user-ns1/release-pipeline does not exist; whoever set up the namespace creates it, for a release together with the ReleasePlanAdmission that names it: kubectl create serviceaccount release-pipeline
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_links_at_once_none_is_lost() {
    let server = Server::start().await;
    server.create_service_account(ACCOUNT, &["first"]).await;
    let names = ["a", "b", "c", "d"];
    let all = names.map(|name| {
        let client = server.client.clone();
        tokio::spawn(async move {
            link_secret(&client, NAMESPACE, ACCOUNT, name, LinkAs::SECRETS).await
        })
    });
    for one in all {
        one.await.unwrap().unwrap();
    }
    let account = server.service_accounts().get(ACCOUNT).await.unwrap();
    let (mut secrets, _) = links(&account);
    secrets.sort();
    assert_eq!(secrets, ["a", "b", "c", "d", "first"]);
}
