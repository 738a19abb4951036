//! The first use records the digest, and every later one checks it.

use deploy::sources::{Found, SourceError};

use crate::server::Server;
use crate::world::{World, digest, pinned, sentence, unpinned};

#[tokio::test]
async fn the_first_use_records_the_digest_and_the_second_needs_no_server() {
    let world = World::new();
    let server = Server::giving(&world.authority, "release").await;
    let file = unpinned("tekton", &server.host);
    let first = world.store().get(&file).await.unwrap();
    assert_eq!(first.content, b"release");
    assert_eq!((first.found, first.recorded), (Found::Network, true));
    assert_eq!(
        world.lock().digest("tekton", "v1").unwrap(),
        Some(digest("release"))
    );
    let second = world.store().get(&file).await.unwrap();
    assert_eq!(second.content, b"release");
    assert_eq!((second.found, second.recorded), (Found::Cache, false));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_release_that_changed_after_it_was_recorded_is_refused_and_both_digests_are_named() {
    let world = World::new();
    let before = Server::giving(&world.authority, "release").await;
    world
        .store()
        .get(&unpinned("tekton", &before.host))
        .await
        .unwrap();
    std::fs::remove_dir_all(world.folder.path().join("cache")).unwrap();
    let after = Server::giving(&world.authority, "another release").await;
    let error = sentence(world.store().get(&unpinned("tekton", &after.host)).await);
    let lock = world.lock().path().display().to_string();
    assert!(
        error.contains(&format!(
            "its digest is {}, and {lock} says {}",
            digest("another release"),
            digest("release")
        )) && error.contains(&format!("remove the entry from {lock} and run again")),
        "{error}"
    );
    assert!(!world.cache().path(&digest("another release")).exists());
}

#[tokio::test]
async fn a_pinned_digest_needs_no_record_and_a_wrong_content_is_never_used() {
    let world = World::new();
    let server = Server::giving(&world.authority, "release").await;
    let right = pinned("tekton", &server.host, "release");
    assert!(!world.store().get(&right).await.unwrap().recorded);
    assert!(!world.lock().path().exists());
    let wrong = pinned("tekton", &server.host, "what was released");
    let error = sentence(world.store().get(&wrong).await);
    assert!(
        error.contains(&digest("release").to_string())
            && error.contains(&format!(
                "fixtures/sources.toml says {}",
                digest("what was released")
            ))
            && error.contains("nothing of it was used"),
        "{error}"
    );
    assert!(world.partial_files().is_empty());
}

#[tokio::test]
async fn a_record_that_the_catalog_contradicts_is_said_before_anything_is_fetched() {
    let world = World::new();
    let server = Server::giving(&world.authority, "release").await;
    world
        .store()
        .get(&unpinned("tekton", &server.host))
        .await
        .unwrap();
    let other = pinned("tekton", &server.host, "other");
    let error = world.store().get(&other).await.unwrap_err();
    assert!(matches!(error, SourceError::Disagreement(_)), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_digest_that_cannot_be_recorded_is_an_error() {
    let world = World::new();
    let server = Server::giving(&world.authority, "release").await;
    let lock = deploy::sources::LockFile::at(world.folder.path().join("nowhere/sources.lock"));
    let store = deploy::sources::SourceStore::new(world.cache(), lock).downloads(world.options());
    let error = sentence(store.get(&unpinned("tekton", &server.host)).await);
    assert!(
        error.starts_with("cannot record the digest of tekton in"),
        "{error}"
    );
}

#[tokio::test]
async fn runs_at_the_same_time_share_cache_and_record() {
    let world = World::new();
    let server = Server::giving(&world.authority, "release").await;
    let names = ["a", "b", "c", "d", "e", "f"];
    let files: Vec<_> = names.map(|name| unpinned(name, &server.host)).to_vec();
    let stores: Vec<_> = (0..3).map(|_| world.store()).collect();
    let mut runs = Vec::new();
    for store in &stores {
        runs.extend(files.iter().map(|file| store.get(file)));
    }
    for fetched in futures::future::join_all(runs).await {
        assert_eq!(fetched.unwrap().content, b"release");
    }
    for name in names {
        assert_eq!(
            world.lock().digest(name, "v1").unwrap(),
            Some(digest("release"))
        );
    }
    assert!(world.partial_files().is_empty());
}

#[tokio::test]
async fn a_damaged_entry_of_the_cache_is_fetched_again() {
    let world = World::new();
    let server = Server::giving(&world.authority, "release").await;
    let file = unpinned("tekton", &server.host);
    world.store().get(&file).await.unwrap();
    let entry = world.cache().path(&digest("release"));
    std::fs::write(&entry, "relea").unwrap();
    let again = world.store().get(&file).await.unwrap();
    assert_eq!(
        (again.content.as_slice(), again.found),
        (&b"release"[..], Found::Network)
    );
    assert_eq!(std::fs::read(entry).unwrap(), b"release");
}
