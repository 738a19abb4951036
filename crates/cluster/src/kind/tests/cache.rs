//! The image cache.

use futures::FutureExt as _;
use serde_json::json;

use super::fake_engine::FakeEngine;
use super::faults::at_every_call;
use crate::kind::EngineError;
use crate::kind::image_cache::{CacheState, IMAGE, ImageCache, ImageCacheError};
use crate::kind::network::{NetworkFate, NetworkRecord};

fn states(status: &[crate::kind::image_cache::CacheStatus]) -> Vec<&CacheState> {
    status.iter().map(|status| &status.state).collect()
}

#[tokio::test]
async fn the_cache_is_made_once_connected_once_and_serves() {
    let folder = tempfile::tempdir().unwrap();
    let engine = FakeEngine::healthy();
    let cache = ImageCache::at(&engine.client, folder.path().join("cache"));
    let (mirrors, changed) = cache.ensure().await.unwrap();
    assert_eq!(
        changed,
        [
            "quay.io",
            "docker.io",
            "ghcr.io",
            "gcr.io",
            "registry.k8s.io"
        ]
    );
    assert_eq!(mirrors[1].server, "https://registry-1.docker.io");
    assert_eq!(
        mirrors[1].endpoint,
        "https://konflux-local-cache-docker-io:5000"
    );
    assert_eq!(
        states(&cache.status().await.unwrap()),
        [&CacheState::NotAttached; 5]
    );
    engine.add_network("n", &[]);
    assert!(cache.attach().await.unwrap());
    assert!(!cache.attach().await.unwrap());
    assert_eq!(
        states(&cache.status().await.unwrap()),
        [&CacheState::Serving; 5]
    );
    let (again, changed) = cache.ensure().await.unwrap();
    assert!(changed.is_empty());
    assert_eq!(again, mirrors);
    let state = engine.state();
    assert_eq!(state.images, [IMAGE]);
    let container = &state.containers["konflux-local-cache-quay-io"];
    let made = json!({"Config": container["Config"], "HostConfig": container["HostConfig"]});
    insta::with_settings!({filters => vec![("revision\": \"[0-9a-f]{64}", "revision\": \"[digest]")]}, {
        insta::assert_json_snapshot!(made);
    });
}

#[tokio::test]
async fn the_key_reaches_the_container_in_an_archive_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let engine = FakeEngine::healthy();
    ImageCache::at(&engine.client, folder.path())
        .ensure()
        .await
        .unwrap();
    let state = engine.state();
    assert!(!format!("{:?}", state.containers).contains("PRIVATE KEY"));
    let (_, archive) = &state.archives[0];
    let mut archive = tar::Archive::new(archive.as_slice());
    let files: Vec<(String, u32)> = archive
        .entries()
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            (path, entry.header().mode().unwrap())
        })
        .collect();
    assert_eq!(
        files,
        [
            ("konflux-local/server.crt".to_owned(), 0o644),
            ("konflux-local/server.key".to_owned(), 0o600)
        ]
    );
}

#[tokio::test]
async fn a_container_of_ours_that_is_out_of_date_is_replaced_and_its_volume_stays() {
    let folder = tempfile::tempdir().unwrap();
    let engine = FakeEngine::healthy();
    let cache = ImageCache::at(&engine.client, folder.path());
    cache.ensure().await.unwrap();
    let (_, changed) = cache
        .clone()
        .image("example.org/registry:3")
        .ensure()
        .await
        .unwrap();
    assert_eq!(changed.len(), 5);
    let calls = engine.state().calls.clone();
    assert!(
        calls
            .iter()
            .any(|call| call == "DELETE /containers/konflux-local-cache-quay-io")
    );
    assert!(!calls.iter().any(|call| call.starts_with("DELETE /volumes")));
}

#[tokio::test]
async fn a_container_that_stopped_or_was_never_started_is_started_with_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let engine = FakeEngine::healthy();
    let cache = ImageCache::at(&engine.client, folder.path());
    cache.ensure().await.unwrap();
    for status in ["created", "exited"] {
        let name = "konflux-local-cache-ghcr-io";
        engine.state().containers.get_mut(name).unwrap()["State"]["Status"] = json!(status);
        engine.state().archives.clear();
        let seen = cache.status().await.unwrap();
        assert_eq!(seen[2].state, CacheState::Stopped(status.to_owned()));
        assert_eq!(cache.ensure().await.unwrap().1, ["ghcr.io"]);
        assert_eq!(engine.state().archives.len(), 1);
    }
}

#[tokio::test]
async fn what_others_made_under_our_names_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let name = "konflux-local-cache-quay-io";
    let engine = FakeEngine::healthy();
    let theirs =
        json!({"Id": "x", "Name": name, "Config": {"Labels": {}}, "State": {"Status": "exited"}});
    engine
        .state()
        .containers
        .insert(name.to_owned(), theirs.clone());
    let cache = ImageCache::at(&engine.client, folder.path());
    let error = cache.ensure().await.unwrap_err();
    assert!(matches!(
        &error,
        ImageCacheError::Engine(EngineError::NotOurs {
            object: "container",
            ..
        })
    ));
    assert!(error.to_string().contains("it was not touched"), "{error}");
    assert_eq!(engine.state().containers[name], theirs);
    engine.state().containers.clear();
    engine.state().volumes.get_mut(name).unwrap()["Labels"] = json!({});
    let error = cache.ensure().await.unwrap_err();
    assert!(
        error.to_string().contains("there is a volume of that name"),
        "{error}"
    );
}

#[tokio::test]
async fn offline_a_missing_image_is_named_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let engine = FakeEngine::healthy();
    let error = ImageCache::at(&engine.client, folder.path())
        .offline()
        .ensure()
        .await
        .unwrap_err();
    assert!(matches!(error, ImageCacheError::ImageMissing { .. }));
    assert!(error.to_string().contains(IMAGE), "{error}");
    assert!(engine.state().containers.is_empty() && engine.state().volumes.is_empty());
}

#[tokio::test]
async fn offline_the_caches_serve_what_they_hold_and_ask_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let engine = FakeEngine::healthy();
    engine.state().images.push(IMAGE.to_owned());
    let cache = ImageCache::at(&engine.client, folder.path());
    let (mirrors, _) = cache.clone().offline().ensure().await.unwrap();
    assert!(
        mirrors
            .iter()
            .all(|mirror| mirror.server == mirror.endpoint)
    );
    let variables =
        engine.state().containers["konflux-local-cache-quay-io"]["Config"]["Env"].clone();
    assert!(!variables.to_string().contains("REMOTEURL"), "{variables}");
    let (_, changed) = cache.ensure().await.unwrap();
    assert_eq!(changed.len(), 5);
}

#[tokio::test]
async fn a_removed_cache_leaves_nothing_and_the_network_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let engine = FakeEngine::healthy();
    let cache = ImageCache::at(&engine.client, folder.path().join("cache"));
    cache.ensure().await.unwrap();
    engine.add_node("konflux", "control-plane", &json!({}));
    let record = NetworkRecord::at(folder.path().join("network.json"));
    record.note(&engine.client).await.unwrap();
    engine.add_network("n", &[]);
    let removed = cache.remove(&record).await.unwrap();
    assert_eq!((removed.containers.len(), removed.volumes.len()), (5, 5));
    assert_eq!(removed.network, NetworkFate::Removed);
    assert_eq!(engine.state().containers.len(), 1);
    assert!(!folder.path().join("cache").exists());
    let again = cache.remove(&record).await.unwrap();
    assert!(again.containers.is_empty() && again.network == NetworkFate::Absent);
    assert_eq!(
        states(&cache.status().await.unwrap()),
        [&CacheState::Absent; 5]
    );
}

#[tokio::test]
async fn an_engine_that_goes_wrong_at_any_call_of_the_cache_is_told() {
    at_every_call(
        |engine| engine.add_network("n", &[]),
        |engine| {
            async move {
                let folder = tempfile::tempdir().unwrap();
                let cache = ImageCache::at(&engine.client, folder.path().join("cache"));
                let words = |error: ImageCacheError| error.to_string();
                cache.ensure().await.map_err(words)?;
                cache.attach().await.map_err(words)?;
                cache.status().await.map_err(words)?;
                let record = NetworkRecord::at(folder.path().join("record.json"));
                cache.remove(&record).await.map_err(words)?;
                Ok(())
            }
            .boxed()
        },
    )
    .await;
}

#[tokio::test]
async fn a_cache_without_a_usable_folder_says_so() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let engine = FakeEngine::healthy();
    let error = ImageCache::at(&engine.client, file.path())
        .ensure()
        .await
        .unwrap_err();
    assert!(matches!(error, ImageCacheError::Certificate(_)), "{error}");
    let record = NetworkRecord::at(file.path().with_extension("none"));
    let error = ImageCache::at(&engine.client, file.path())
        .remove(&record)
        .await
        .unwrap_err();
    assert!(matches!(error, ImageCacheError::File { .. }), "{error}");
}
