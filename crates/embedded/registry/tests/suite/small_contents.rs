//! Small contents: acknowledged in a log, given files within a moment.

use std::path::Path;
use std::sync::Arc;

use registry::storage::{Directory, Durability};
use serde_json::json;

use crate::support::client::Client;
use crate::support::content::{noise, sha256};

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
    for content in [&b"one"[..], b"", b"two\n{}\n", b"there before"] {
        assert_eq!(status(&client, content).await, 200, "{content:?}");
        let file = format!(
            "repositories/app/blobs/sha256/{}",
            sha256(content).encoded()
        );
        assert_eq!(std::fs::read(data.path().join(file)).unwrap(), content);
    }
    assert_eq!(
        std::fs::metadata(data.path().join("small.log"))
            .unwrap()
            .len(),
        0
    );
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
    for content in [b"kept", b"gone"] {
        client
            .push_blob("app", &sha256(content), content)
            .await
            .expect(201);
    }
    let path = format!("/v2/app/blobs/{}", sha256(b"gone"));
    client.delete(&path).await.expect(202);
    // As after kill -9: the log as it is now, where nothing has been closed. It may have been emptied already; it never has an entry alone.
    let log = std::fs::read(data.path().join("small.log")).unwrap();
    drop(client);
    let client = after_a_crash(data.path(), &[log]).await;
    assert_eq!(status(&client, b"gone").await, 404);
    assert_eq!(status(&client, b"kept").await, 200);
}

#[tokio::test]
async fn more_than_may_wait_gets_its_files_at_once_and_all_of_it_can_be_read() {
    let data = tempfile::tempdir().unwrap();
    let client = Client::new(Arc::new(Directory::open(data.path()).unwrap()));
    let contents: Vec<_> = (0..150).map(|number| noise(number, 60_000)).collect();
    for content in &contents {
        client
            .push_blob("app", &sha256(content), content)
            .await
            .expect(201);
    }
    for content in &contents {
        assert_eq!(status(&client, content).await, 200);
    }
    let target = sha256(&contents[149]);
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
    let file = format!(
        "repositories/app/blobs/sha256/{}",
        sha256(b"small").encoded()
    );
    assert!(data.path().join(file).exists());
    assert_eq!(
        std::fs::metadata(data.path().join("small.log"))
            .unwrap()
            .len(),
        0
    );
}
