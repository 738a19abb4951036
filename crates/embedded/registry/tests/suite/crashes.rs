//! What survives the end of the process, and what is cleaned up after it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use registry::storage::{Directory, Durability, OpenError, Storage as _};
use registry::{Reference, RepositoryName};
use serde_json::json;

use crate::support::client::Client;
use crate::support::content::{IMAGE_INDEX, noise, sha256};
use crate::support::program::Program;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9_and_the_rest_is_cleaned_up() {
    let data = tempfile::tempdir().unwrap();
    let server = Program::start(data.path()).await;
    let killed = Arc::new(AtomicBool::new(false));
    let pushers = (0..4).map(|number| {
        tokio::spawn(push_until_killed(
            server.url.clone(),
            number,
            killed.clone(),
        ))
    });
    let pushers: Vec<_> = pushers.collect();
    let unfinished = open_upload(&server.url).await;
    let client = reqwest::Client::new();
    client
        .patch(format!("{}{unfinished}", server.url))
        .body(noise(1, 2_000_000))
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap();
    // One more push after that, so that the kill falls into the middle of things.
    push(&server.url, "last", 0).await.unwrap();
    killed.store(true, Ordering::Relaxed);
    server.kill().await;
    let mut acknowledged = vec![("last".to_owned(), 0)];
    for pusher in pushers {
        acknowledged.extend(pusher.await.unwrap());
    }
    let uploads = || {
        std::fs::read_dir(data.path().join("uploads"))
            .unwrap()
            .count()
    };
    assert!(
        uploads() > 0,
        "the unfinished upload should have left a file"
    );

    let server = Program::start(data.path()).await;
    assert_eq!(uploads(), 0);
    assert_eq!(
        client
            .get(format!("{}{unfinished}", server.url))
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
    for (repository, number) in acknowledged {
        let manifest = manifest(&repository, number);
        let path = format!("{}/v2/{repository}/manifests/v{number}", server.url);
        let pulled = client
            .get(path)
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        assert_eq!(pulled, manifest, "{repository}:v{number}");
        let blob = format!(
            "{}/v2/{repository}/blobs/{}",
            server.url,
            sha256(&content(number))
        );
        assert_eq!(
            client
                .get(blob)
                .send()
                .await
                .unwrap()
                .bytes()
                .await
                .unwrap(),
            content(number)
        );
    }
    server.kill().await;
}

#[tokio::test]
async fn content_that_no_repository_has_is_removed_at_open() {
    let data = tempfile::tempdir().unwrap();
    drop(Directory::open(data.path()).unwrap());
    let orphan = data
        .path()
        .join("content/sha256")
        .join(sha256(b"orphan").encoded());
    std::fs::write(&orphan, b"orphan").unwrap();
    Directory::open(data.path()).unwrap();
    assert!(!orphan.exists());
}

#[tokio::test]
async fn deleted_content_leaves_the_disk_when_the_last_repository_lets_go() {
    let data = tempfile::tempdir().unwrap();
    let client = Client::new(Arc::new(Directory::open(data.path()).unwrap()));
    let digest = sha256(b"shared");
    for repository in ["a", "b"] {
        client
            .push_blob(repository, &digest, b"shared")
            .await
            .expect(201);
    }
    // Small content has its files at the latest when the directory is closed.
    drop(client);
    let client = Client::new(Arc::new(Directory::open(data.path()).unwrap()));
    let shared = data.path().join("content/sha256").join(digest.encoded());
    assert_eq!(
        std::os::unix::fs::MetadataExt::nlink(&std::fs::metadata(&shared).unwrap()),
        3
    );
    client
        .delete(&format!("/v2/a/blobs/{digest}"))
        .await
        .expect(202);
    assert!(shared.exists());
    client
        .delete(&format!("/v2/b/blobs/{digest}"))
        .await
        .expect(202);
    assert!(!shared.exists());
}

#[tokio::test]
async fn a_link_in_place_of_a_repository_is_not_followed() {
    let (data, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let digest = sha256(b"content");
    let client = Client::new(Arc::new(Directory::open(outside.path()).unwrap()));
    client
        .push_blob("real", &digest, b"content")
        .await
        .expect(201);
    drop(client);
    let repository = outside.path().join("repositories/real");
    let before = std::fs::read_dir(&repository).unwrap().count();

    let client = Client::new(Arc::new(Directory::open(data.path()).unwrap()));
    std::os::unix::fs::symlink(&repository, data.path().join("repositories/link")).unwrap();
    client
        .get(&format!("/v2/link/blobs/{digest}"))
        .await
        .expect(500);
    client
        .push_blob("link", &sha256(b"more"), b"more")
        .await
        .expect(500);
    let mount = format!("/v2/other/blobs/uploads/?mount={digest}&from=link");
    client.post(&mount).await.expect(500);
    let names = client.get("/v2/_catalog").await.expect(200).json();
    assert_eq!(names, json!({ "repositories": [] }));
    assert_eq!(std::fs::read_dir(&repository).unwrap().count(), before);
    assert!(
        !data
            .path()
            .join("content/sha256")
            .join(digest.encoded())
            .exists()
    );
}

#[tokio::test]
async fn half_a_journal_line_is_forgotten_and_a_damaged_one_is_reported() {
    let data = tempfile::tempdir().unwrap();
    push_index(data.path(), "v1", Durability::PowerLoss).await;
    let journal = data.path().join("repositories/app/journal.jsonl");
    let whole = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, [&whole[..], b"{\"deleteTag\":\"v"].concat()).unwrap();
    push_index(data.path(), "v2", Durability::ProcessEnd).await;
    assert_eq!(tags(data.path()).await.unwrap(), ["v1", "v2"]);

    std::fs::write(&journal, [b"{\"deleteTag\":\n", &whole[..]].concat()).unwrap();
    let error = tags(data.path()).await.unwrap_err();
    assert!(
        error.contains("journal.jsonl is damaged: line 1"),
        "{error}"
    );
}

#[tokio::test]
async fn a_journal_does_not_grow_with_changes_that_cancel_out() {
    let data = tempfile::tempdir().unwrap();
    let client = Client::new(Arc::new(Directory::open(data.path()).unwrap()));
    let index =
        json!({ "schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": [] }).to_string();
    for _ in 0..1500 {
        client
            .push_manifest("/v2/app/manifests/v1", IMAGE_INDEX, index.as_bytes())
            .await
            .expect(201);
    }
    drop(client);
    let journal =
        std::fs::read_to_string(data.path().join("repositories/app/journal.jsonl")).unwrap();
    assert!(
        journal.lines().count() < 1100,
        "{} lines",
        journal.lines().count()
    );
    assert_eq!(tags(data.path()).await.unwrap(), ["v1"]);
}

#[tokio::test]
async fn a_directory_belongs_to_one_process_at_a_time() {
    let data = tempfile::tempdir().unwrap();
    let first = Directory::open(data.path()).unwrap();
    assert!(
        matches!(Directory::open(data.path()), Err(OpenError::InUse(path)) if path == data.path())
    );
    drop(first);
    Directory::open(data.path()).unwrap();

    let file = data.path().join("file");
    std::fs::write(&file, b"").unwrap();
    assert!(matches!(Directory::open(&file), Err(OpenError::Storage(_))));
}

async fn push_index(data: &Path, tag: &str, durability: Durability) {
    let client = Client::new(Arc::new(Directory::open_with(data, durability).unwrap()));
    let index =
        json!({ "schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": [] }).to_string();
    let path = format!("/v2/app/manifests/{tag}");
    client
        .push_manifest(&path, IMAGE_INDEX, index.as_bytes())
        .await
        .expect(201);
}

/// The tags of repository `app`, each of which must resolve; or why they cannot be listed.
async fn tags(data: &Path) -> Result<Vec<String>, String> {
    let storage = Directory::open(data).map_err(|error| error.to_string())?;
    let repository: RepositoryName = "app".parse().unwrap();
    let page = storage
        .tags(&repository, None, 100)
        .await
        .map_err(|error| error.to_string())?
        .unwrap();
    for tag in &page.tags {
        storage
            .manifest(&repository, &Reference::Tag(tag.clone()))
            .await
            .unwrap()
            .unwrap();
    }
    Ok(page.tags.iter().map(ToString::to_string).collect())
}

fn content(number: usize) -> Vec<u8> {
    noise(number as u64, 1000 + number)
}

fn manifest(repository: &str, number: usize) -> String {
    json!({ "schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": [], "annotations": { repository: number.to_string() } }).to_string()
}

async fn open_upload(url: &str) -> String {
    let answer = reqwest::Client::new()
        .post(format!("{url}/v2/app/blobs/uploads/"))
        .send()
        .await
        .unwrap();
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// Pushes a blob and a tagged manifest.
async fn push(url: &str, repository: &str, number: usize) -> Result<(), reqwest::Error> {
    let client = reqwest::Client::new();
    let blob = content(number);
    let path = format!(
        "{url}/v2/{repository}/blobs/uploads/?digest={}",
        sha256(&blob)
    );
    client
        .post(path)
        .body(blob)
        .send()
        .await?
        .error_for_status()?;
    let path = format!("{url}/v2/{repository}/manifests/v{number}");
    let request = client
        .put(path)
        .header("content-type", IMAGE_INDEX)
        .body(manifest(repository, number));
    request.send().await?.error_for_status()?;
    Ok(())
}

/// Pushes until the registry is gone. Returns what was acknowledged.
async fn push_until_killed(
    url: String,
    pusher: usize,
    killed: Arc<AtomicBool>,
) -> Vec<(String, usize)> {
    let repository = format!("team/app{pusher}");
    let mut acknowledged = Vec::new();
    for number in 0.. {
        match push(&url, &repository, number).await {
            Ok(()) => acknowledged.push((repository.clone(), number)),
            Err(error) => {
                assert!(killed.load(Ordering::Relaxed), "{error}");
                break;
            }
        }
    }
    acknowledged
}
