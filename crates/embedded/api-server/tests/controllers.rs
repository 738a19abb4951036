//! `kube`'s Controller, unchanged.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::runtime::Controller;
use kube::runtime::controller::Action;
use kube::runtime::wait::await_condition;
use kube::runtime::watcher;
use serde_json::json;
use support::TestServer;

/// Keeps a Secret of the same name for every ConfigMap, owned by it.
async fn reconcile(
    config_map: Arc<ConfigMap>,
    client: Arc<kube::Client>,
) -> Result<Action, kube::Error> {
    let name = config_map.metadata.name.clone().unwrap();
    let owner = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": config_map.metadata.uid, "controller": true,
    });
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "ownerReferences": [owner]},
        "stringData": config_map.data.clone().unwrap_or_default(),
    });
    let secrets: Api<Secret> = Api::namespaced((*client).clone(), "default");
    secrets
        .patch(
            &name,
            &PatchParams::apply("copier").force(),
            &Patch::Apply(secret),
        )
        .await?;
    Ok(Action::await_change())
}

#[tokio::test]
async fn a_controller_follows_its_objects_and_mends_what_it_owns() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let (config_maps, secrets) = (
        Api::<ConfigMap>::namespaced(client.clone(), "default"),
        Api::namespaced(client.clone(), "default"),
    );
    let running = tokio::spawn(
        Controller::new(
            config_maps.clone(),
            watcher::Config::default().labels("copy=yes"),
        )
        .owns(secrets.clone(), watcher::Config::default())
        .run(
            reconcile,
            |_, _, _| Action::requeue(Duration::from_millis(50)),
            Arc::new(client),
        )
        .for_each(|_| async {}),
    );
    let object =
        json!({"metadata": {"name": "a", "labels": {"copy": "yes"}}, "data": {"key": "one"}});
    config_maps
        .create(
            &PostParams::default(),
            &serde_json::from_value(object).unwrap(),
        )
        .await
        .unwrap();
    let holds = |value: &'static str| {
        move |secret: Option<&Secret>| {
            let data = secret
                .and_then(|secret| secret.data.as_ref())
                .and_then(|data| data.get("key"));
            data.is_some_and(|data| data.0 == value.as_bytes())
        }
    };
    await_condition(secrets.clone(), "a", holds("one"))
        .await
        .unwrap();
    let change = Patch::Merge(json!({"data": {"key": "two"}}));
    config_maps
        .patch("a", &PatchParams::default(), &change)
        .await
        .unwrap();
    await_condition(secrets.clone(), "a", holds("two"))
        .await
        .unwrap();
    secrets.delete("a", &Default::default()).await.unwrap();
    await_condition(secrets.clone(), "a", holds("two"))
        .await
        .unwrap();
    running.abort();
}
