//! Whose the network is, and when it goes.

use futures::FutureExt as _;

use super::fake_engine::FakeEngine;
use super::faults::at_every_call;
use crate::kind::network::{NetworkError, NetworkFate, NetworkRecord};

fn record(folder: &tempfile::TempDir) -> NetworkRecord {
    NetworkRecord::at(folder.path().join("state/kind-network.json"))
}

#[tokio::test]
async fn a_network_that_was_made_because_of_us_goes_with_its_last_user() {
    let folder = tempfile::tempdir().unwrap();
    let engine = FakeEngine::healthy();
    record(&folder).note(&engine.client).await.unwrap();
    engine.add_network("ours", &["konflux-control-plane"]);
    record(&folder).note(&engine.client).await.unwrap();
    let fate = record(&folder)
        .remove_if_ours(&engine.client)
        .await
        .unwrap();
    assert_eq!(
        fate,
        NetworkFate::InUse(vec!["konflux-control-plane".to_owned()])
    );
    engine.add_network("ours", &[]);
    let fate = record(&folder)
        .remove_if_ours(&engine.client)
        .await
        .unwrap();
    assert_eq!(fate, NetworkFate::Removed);
    assert!(engine.state().networks.is_empty());
    let fate = record(&folder)
        .remove_if_ours(&engine.client)
        .await
        .unwrap();
    assert_eq!(fate, NetworkFate::Absent);
    assert!(!folder.path().join("state/kind-network.json").exists());
}

#[tokio::test]
async fn a_network_that_was_there_before_us_or_was_made_anew_by_others_stays() {
    let folder = tempfile::tempdir().unwrap();
    let engine = FakeEngine::healthy();
    engine.add_network("theirs", &[]);
    record(&folder).note(&engine.client).await.unwrap();
    let fate = record(&folder)
        .remove_if_ours(&engine.client)
        .await
        .unwrap();
    assert_eq!(fate, NetworkFate::NotOurs);

    engine.state().networks.clear();
    record(&folder).note(&engine.client).await.unwrap();
    engine.add_network("ours", &[]);
    record(&folder).note(&engine.client).await.unwrap();
    engine.add_network("made anew", &[]);
    let fate = record(&folder)
        .remove_if_ours(&engine.client)
        .await
        .unwrap();
    assert_eq!(fate, NetworkFate::NotOurs);
    assert_eq!(engine.state().networks.len(), 1);
}

#[tokio::test]
async fn a_run_that_was_killed_right_after_the_network_was_made_still_owns_it() {
    let folder = tempfile::tempdir().unwrap();
    let engine = FakeEngine::healthy();
    record(&folder).note(&engine.client).await.unwrap();
    engine.add_network("ours", &[]);
    let fate = record(&folder)
        .remove_if_ours(&engine.client)
        .await
        .unwrap();
    assert_eq!(fate, NetworkFate::Removed);
}

#[tokio::test]
async fn a_record_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("state/kind-network.json")).unwrap();
    let engine = FakeEngine::healthy();
    let error = record(&folder).note(&engine.client).await.unwrap_err();
    assert!(matches!(error, NetworkError::File { .. }));
    assert!(error.to_string().contains("kind-network.json"), "{error}");
}

#[tokio::test]
async fn an_engine_that_goes_wrong_leaves_the_record() {
    at_every_call(
        |engine| engine.add_network("ours", &[]),
        |engine| {
            async move {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("record.json");
                std::fs::write(&path, "{\"id\": null}").unwrap();
                let record = NetworkRecord::at(&path);
                let words = |error: NetworkError| error.to_string();
                record.note(&engine.client).await.map_err(words)?;
                let removed = record.remove_if_ours(&engine.client).await.map_err(words);
                assert_eq!(removed.is_err(), path.exists());
                removed.map(drop)
            }
            .boxed()
        },
    )
    .await;
}
