//! Watches: what they start with, what they tell, and how they end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{
    Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use kube::runtime::{WatchStreamExt as _, watcher};
use serde_json::json;
use support::TestServer;

fn config_map(name: &str, labels: serde_json::Value) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name, "labels": labels}})).unwrap()
}

fn seen(event: WatchEvent<ConfigMap>) -> String {
    let name = |object: &ConfigMap| object.metadata.name.clone().unwrap_or_default();
    match event {
        WatchEvent::Added(object) => format!("added {}", name(&object)),
        WatchEvent::Modified(object) => format!("modified {}", name(&object)),
        WatchEvent::Deleted(object) => format!("deleted {}", name(&object)),
        WatchEvent::Bookmark(_) => "bookmark".to_owned(),
        WatchEvent::Error(status) => format!("error {}", status.code),
    }
}

async fn revision(api: &Api<ConfigMap>) -> String {
    api.list(&ListParams::default())
        .await
        .unwrap()
        .metadata
        .resource_version
        .unwrap()
}

#[tokio::test]
async fn a_watch_from_a_revision_tells_everything_after_it_in_order() {
    let server = TestServer::start().await;
    let api: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
    let revision = revision(&api).await;
    api.create(&PostParams::default(), &config_map("a", json!({})))
        .await
        .unwrap();
    let patch = Patch::Merge(json!({"data": {"x": "y"}}));
    api.patch("a", &PatchParams::default(), &patch)
        .await
        .unwrap();
    api.delete("a", &DeleteParams::default()).await.unwrap();
    let events = api
        .watch(&WatchParams::default(), &revision)
        .await
        .unwrap()
        .take(3)
        .map_ok(seen);
    assert_eq!(
        events.try_collect::<Vec<_>>().await.unwrap(),
        ["added a", "modified a", "deleted a"]
    );
}

#[tokio::test]
async fn an_object_that_leaves_the_selection_is_deleted_for_the_watch_and_added_when_it_comes_back()
{
    let server = TestServer::start().await;
    let api: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
    let revision = revision(&api).await;
    api.create(
        &PostParams::default(),
        &config_map("other", json!({"team": "b"})),
    )
    .await
    .unwrap();
    api.create(
        &PostParams::default(),
        &config_map("mine", json!({"team": "a"})),
    )
    .await
    .unwrap();
    for team in ["b", "a"] {
        let patch = Patch::Merge(json!({"metadata": {"labels": {"team": team}}}));
        api.patch("mine", &PatchParams::default(), &patch)
            .await
            .unwrap();
    }
    let parameters = WatchParams::default().labels("team=a");
    let events = api
        .watch(&parameters, &revision)
        .await
        .unwrap()
        .take(3)
        .map_ok(seen);
    assert_eq!(
        events.try_collect::<Vec<_>>().await.unwrap(),
        ["added mine", "deleted mine", "added mine"]
    );
}

#[tokio::test]
async fn a_watch_of_one_name_tells_of_no_other() {
    let server = TestServer::start().await;
    let api: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
    let revision = revision(&api).await;
    for name in ["a", "b"] {
        api.create(&PostParams::default(), &config_map(name, json!({})))
            .await
            .unwrap();
    }
    let parameters = WatchParams::default().fields("metadata.name=b");
    let mut events = api
        .watch(&parameters, &revision)
        .await
        .unwrap()
        .map_ok(seen)
        .boxed();
    assert_eq!(events.next().await.unwrap().unwrap(), "added b");
}

#[tokio::test]
async fn a_watch_ends_at_its_own_time() {
    let server = TestServer::start().await;
    let api: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
    let revision = revision(&api).await;
    let events = api
        .watch(&WatchParams::default().timeout(1), &revision)
        .await
        .unwrap();
    assert_eq!(events.count().await, 0);
}

#[tokio::test]
async fn a_watch_from_before_a_restart_is_gone() {
    let mut server = TestServer::start().await;
    let api: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
    let before = revision(&api).await;
    api.create(&PostParams::default(), &config_map("a", json!({})))
        .await
        .unwrap();
    server.restart().await;
    let api: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
    let outcome = match api.watch(&WatchParams::default(), &before).await {
        Err(kube::Error::Api(status)) => status.code,
        Err(error) => panic!("{error}"),
        Ok(events) => match events.boxed().next().await {
            Some(Ok(WatchEvent::Error(status))) => status.code,
            other => panic!("{other:?}"),
        },
    };
    assert_eq!(outcome, 410);
}

#[tokio::test]
async fn a_watcher_survives_a_restart_of_its_resource_versions() {
    let mut server = TestServer::start().await;
    let api: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
    api.create(&PostParams::default(), &config_map("a", json!({})))
        .await
        .unwrap();
    server.restart().await;
    let api: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
    let mut objects = watcher(api, watcher::Config::default().fields("metadata.name=a"))
        .applied_objects()
        .boxed();
    assert_eq!(
        objects
            .next()
            .await
            .unwrap()
            .unwrap()
            .metadata
            .name
            .as_deref(),
        Some("a")
    );
}

#[tokio::test]
async fn a_streaming_list_ends_with_a_bookmark_that_says_so() {
    let server = TestServer::start().await;
    let api: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
    api.create(&PostParams::default(), &config_map("a", json!({})))
        .await
        .unwrap();
    let config = watcher::Config::default()
        .streaming_lists()
        .fields("metadata.name=a");
    let mut events = watcher(api, config).boxed();
    let mut seen = Vec::new();
    while seen.last() != Some(&"done") {
        seen.push(match events.next().await.unwrap().unwrap() {
            watcher::Event::Init => "start",
            watcher::Event::InitApply(_) => "object",
            watcher::Event::InitDone => "done",
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(seen, ["start", "object", "done"]);
}

#[tokio::test]
async fn a_watch_of_all_namespaces_sees_each_of_them() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let all: Api<ConfigMap> = Api::all(client.clone());
    let revision = revision(&all).await;
    for namespace in ["default", "kube-public"] {
        let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
        api.create(&PostParams::default(), &config_map(namespace, json!({})))
            .await
            .unwrap();
    }
    let events = all
        .watch(&WatchParams::default(), &revision)
        .await
        .unwrap()
        .take(2)
        .map_ok(seen);
    assert_eq!(
        events.try_collect::<Vec<_>>().await.unwrap(),
        ["added default", "added kube-public"]
    );
}
