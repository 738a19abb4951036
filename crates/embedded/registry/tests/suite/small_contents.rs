//! Small contents: acknowledged in a log, given files within a moment.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::StreamExt as _;
use registry::storage::{Directory, Durability, Storage};
use registry::{Algorithm, VerifiedDigest};
use serde_json::json;

use crate::support::client::Client;
use crate::support::content::sha256;

/// As the store has it: most bytes that wait in memory.
const WAITING_LIMIT: usize = 4 * 1024 * 1024;

/// Where a content of `app` lies once it has a file.
fn file(data: &Path, content: &[u8]) -> PathBuf {
    data.join("repositories/app/blobs/sha256")
        .join(sha256(content).encoded())
}

fn log_length(data: &Path) -> u64 {
    std::fs::metadata(data.join("small.log")).unwrap().len()
}

fn entry(content: &[u8]) -> Vec<u8> {
    let line = json!({ "repository": "app", "digest": sha256(content), "length": content.len() });
    [line.to_string().as_bytes(), b"\n", content].concat()
}

fn deletion(content: &[u8]) -> Vec<u8> {
    let line = json!({ "repository": "app", "digest": sha256(content), "length": null });
    format!("{line}\n").into_bytes()
}

/// A registry on what a process left behind that ended with this log.
async fn after_a_crash(data: &Path, log: &[Vec<u8>]) -> Client {
    let client = Client::new(Arc::new(Directory::open(data).unwrap()));
    client
        .push_blob("app", &sha256(b"there before"), b"there before")
        .await
        .expect(201);
    drop(client);
    std::fs::write(data.join("small.log"), log.concat()).unwrap();
    Client::new(Arc::new(Directory::open(data).unwrap()))
}

async fn status(client: &Client, content: &[u8]) -> u16 {
    let path = format!("/v2/app/blobs/{}", sha256(content));
    let answer = client.get(&path).await;
    if answer.status == 200 {
        assert_eq!(answer.body, content);
    }
    answer.status.as_u16()
}

#[tokio::test]
async fn what_is_in_the_log_is_there_after_a_crash_with_files_of_its_own() {
    let data = tempfile::tempdir().unwrap();
    let log = [entry(b"one"), entry(b""), entry(b"two\n{}\n")];
    let client = after_a_crash(data.path(), &log).await;
    let contents = [&b"one"[..], b"", b"two\n{}\n", b"there before"];
    for content in contents {
        assert_eq!(status(&client, content).await, 200, "{content:?}");
    }
    // At the latest when the directory is closed.
    drop(client);
    for content in contents {
        assert_eq!(std::fs::read(file(data.path(), content)).unwrap(), content);
    }
    assert_eq!(log_length(data.path()), 0);
}

#[tokio::test]
async fn what_was_deleted_does_not_come_back_from_the_log() {
    let data = tempfile::tempdir().unwrap();
    let log = [
        entry(b"one"),
        entry(b"two"),
        deletion(b"one"),
        deletion(b"two"),
        entry(b"two"),
    ];
    let client = after_a_crash(data.path(), &log).await;
    assert_eq!(status(&client, b"one").await, 404);
    assert_eq!(status(&client, b"two").await, 200);
}

#[tokio::test]
async fn an_entry_that_is_torn_or_damaged_is_not_believed() {
    let whole = entry(b"whole");
    let mut damaged = entry(b"damaged");
    *damaged.last_mut().unwrap() ^= 1;
    let torn = entry(b"torn");
    for end in [
        &torn[..torn.len() - 1],
        &torn[..10],
        &damaged,
        b"nonsense\n",
        b"\xff",
    ] {
        let data = tempfile::tempdir().unwrap();
        let client = after_a_crash(data.path(), &[whole.clone(), end.to_vec()]).await;
        assert_eq!(status(&client, b"whole").await, 200);
        assert_eq!(status(&client, b"torn").await, 404);
        assert_eq!(status(&client, b"damaged").await, 404);
    }
}

#[tokio::test]
async fn a_deletion_is_in_the_log_when_the_content_still_is() {
    let data = tempfile::tempdir().unwrap();
    let client = Client::new(Arc::new(Directory::open(data.path()).unwrap()));
    let path = format!("/v2/app/blobs/{}", sha256(b"gone"));
    // The log may be emptied at any moment. Seen with the content in it before and after the deletion, it was not emptied in between: the
    // deletion had to be written down.
    let limit = Instant::now() + Duration::from_secs(10);
    let log = loop {
        assert!(
            Instant::now() < limit,
            "the log was emptied at every attempt"
        );
        for content in [b"kept", b"gone"] {
            client
                .push_blob("app", &sha256(content), content)
                .await
                .expect(201);
        }
        let before = std::fs::read(data.path().join("small.log")).unwrap();
        client.delete(&path).await.expect(202);
        // As after kill -9: the log as it is now, where nothing has been closed.
        let after = std::fs::read(data.path().join("small.log")).unwrap();
        if holds(&before, b"}\ngone") && holds(&after, b"}\ngone") {
            break after;
        }
    };
    drop(client);
    let client = after_a_crash(data.path(), &[log]).await;
    assert_eq!(status(&client, b"gone").await, 404);
    assert_eq!(status(&client, b"kept").await, 200);
}

fn holds(log: &[u8], entry: &[u8]) -> bool {
    log.windows(entry.len()).any(|window| window == entry)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_may_wait_gets_its_files_at_once_and_all_of_it_can_be_read() {
    const SIZE: usize = 60_000;
    let data = tempfile::tempdir().unwrap();
    let storage: Arc<dyn Storage> = Arc::new(Directory::open(data.path()).unwrap());
    let contents: Vec<Bytes> = (0..500_u64)
        .map(|number| [&number.to_le_bytes()[..], &[0; SIZE - 8]].concat().into())
        .collect();
    // Straight to the store, which takes them faster than the disk takes files.
    let pushes: Vec<_> = (contents.iter().cloned())
        .map(|content| {
            let (storage, digest) = (
                Arc::clone(&storage),
                VerifiedDigest::of(Algorithm::Sha256, &content),
            );
            async move {
                let mut writer = storage.begin_blob().await.unwrap();
                writer.write(content).await.unwrap();
                let app = "app".parse().unwrap();
                writer.commit(&app, &digest).await.unwrap();
                digest.digest().encoded().to_owned()
            }
        })
        .collect();
    let mut pushes = futures::stream::iter(pushes).map(tokio::spawn).buffered(8);
    // What was acknowledged has its file, or waits in memory: in the order in which it came, and never more than may.
    let files = data.path().join("repositories/app/blobs/sha256");
    let mut without_file = VecDeque::new();
    while let Some(pushed) = pushes.next().await {
        without_file.push_back(files.join(pushed.unwrap()));
        while without_file.front().is_some_and(|file| file.exists()) {
            without_file.pop_front();
        }
        if without_file.len() * SIZE > WAITING_LIMIT {
            without_file.retain(|file| !file.exists());
        }
        let waiting = without_file.len() * SIZE;
        assert!(waiting <= WAITING_LIMIT, "{waiting} bytes wait for files");
    }
    drop(pushes);
    let client = Client::new(storage);
    for content in &contents {
        assert_eq!(status(&client, content).await, 200);
    }
    let target = sha256(&contents[499]);
    let mount = format!("/v2/other/blobs/uploads/?mount={target}&from=app");
    client.post(&mount).await.expect(201);
}

#[tokio::test]
async fn nothing_waits_where_a_loss_of_power_must_not_matter() {
    let data = tempfile::tempdir().unwrap();
    let storage = Directory::open_with(data.path(), Durability::PowerLoss).unwrap();
    let client = Client::new(Arc::new(storage));
    client
        .push_blob("app", &sha256(b"small"), b"small")
        .await
        .expect(201);
    assert!(file(data.path(), b"small").exists());
    assert_eq!(log_length(data.path()), 0);
}
