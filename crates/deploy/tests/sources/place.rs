//! Sources from a directory, from a mirror, and without a network.

use std::fs;
use std::path::Path;

use deploy::sources::{Found, Mirror, Origin, SourceError, SourceFile};
use secrecy::SecretString;

use crate::server::{Server, status};
use crate::world::{World, digest, pinned, sentence, unpinned};

fn put(directory: &Path, file: &SourceFile, content: &str) {
    let path = directory.join(file.path());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

#[tokio::test]
async fn a_directory_of_sources_is_used_checked_and_recorded() {
    let world = World::new();
    let directory = world.folder.path().join("sources");
    let file = unpinned("tekton", "nowhere.invalid");
    put(&directory, &file, "release");
    let store = world.store().origin(Origin::Directory(directory.clone()));
    let fetched = store.get(&file).await.unwrap();
    assert_eq!((fetched.found, fetched.recorded), (Found::Directory, true));
    put(&directory, &file, "changed");
    let error = sentence(store.get(&file).await);
    assert!(
        error.contains(&digest("changed").to_string())
            && error.contains(&digest("release").to_string()),
        "{error}"
    );
}

#[tokio::test]
async fn everything_that_a_directory_lacks_is_listed_at_once_and_nothing_is_fetched() {
    let world = World::new();
    let server = Server::giving(&world.authority, "release").await;
    let directory = world.folder.path().join("sources");
    let files = ["a", "b", "c"].map(|name| unpinned(name, &server.host));
    put(&directory, &files[1], "release");
    let store = world.store().origin(Origin::Directory(directory.clone()));
    let files: Vec<&SourceFile> = files.iter().collect();
    let error = sentence(store.get_all(&files, &|_| {}).await);
    let url = format!("https://{}/releases/v1/release.yaml", server.host);
    let path = |name: &str| {
        directory
            .join(name)
            .join("v1/release.yaml")
            .display()
            .to_string()
    };
    assert_eq!(
        error,
        format!(
            "2 sources cannot be had without the network:\n  a v1: {} is not there; it is published at {url}\n  c v1: {} is not there; it is published at {url}",
            path("a"),
            path("c")
        )
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn offline_uses_what_is_cached_and_lists_what_is_missing_with_the_reason() {
    let world = World::new();
    let server = Server::giving(&world.authority, "release").await;
    let cached = unpinned("cached", &server.host);
    world.store().get(&cached).await.unwrap();
    let unknown = unpinned("unknown", &server.host);
    let absent = pinned("absent", &server.host, "something else");
    let offline = world.store().offline(true);
    assert_eq!(offline.get(&cached).await.unwrap().found, Found::Cache);
    let error = offline
        .check_offline(&[&cached, &unknown, &absent])
        .unwrap_err();
    let SourceError::Missing(missing) = error else {
        panic!("{error}");
    };
    assert_eq!(missing.len(), 2);
    assert!(
        missing[0].looked.contains("its digest is in neither"),
        "{missing:?}"
    );
    assert!(
        missing[1]
            .looked
            .contains(&format!("{} is not in the cache", digest("something else"))),
        "{missing:?}"
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn files_are_given_in_the_order_in_which_they_were_asked_for() {
    let world = World::new();
    let first = Server::giving(&world.authority, "first").await;
    let second = Server::giving(&world.authority, "second").await;
    let files = [unpinned("a", &first.host), unpinned("b", &second.host)];
    let store = world.store();
    let fetched = store
        .get_all(&[&files[0], &files[1]], &|_| {})
        .await
        .unwrap();
    let contents: Vec<&[u8]> = fetched
        .iter()
        .map(|fetched| fetched.content.as_slice())
        .collect();
    assert_eq!(contents, [b"first".as_slice(), b"second"]);
}

#[tokio::test]
async fn a_mirror_that_refuses_the_login_is_named_without_it() {
    let world = World::new();
    let server = Server::start(&world.authority, |_| status("401 Unauthorized", "")).await;
    let address = SecretString::from(format!("https://ada:passw0rd@{}/files", server.host));
    let mirror = Mirror::parse(&address).unwrap();
    let store = world.store().origin(Origin::Mirror(mirror));
    let error = sentence(store.get(&unpinned("tekton", "nowhere.invalid")).await);
    assert!(
        error.starts_with(&format!(
            "cannot fetch https://{}/files/tekton/v1/release.yaml",
            server.host
        )) && error.contains("a mirror that asks for a login takes it in its address"),
        "{error}"
    );
    assert!(!error.contains("passw0rd") && !format!("{store:?}").contains("passw0rd"));
}

#[tokio::test]
async fn a_directory_that_cannot_be_read_is_an_error_and_not_an_absence() {
    let world = World::new();
    let directory = world.folder.path().join("sources");
    let file = unpinned("tekton", "nowhere.invalid");
    fs::create_dir_all(directory.join(file.path())).unwrap();
    let store = world.store().origin(Origin::Directory(directory));
    assert!(matches!(
        store.get(&file).await,
        Err(SourceError::File { action: "read", .. })
    ));
}
