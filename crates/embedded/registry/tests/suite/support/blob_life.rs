//! What the specification promises about a blob, from push to delete.

use registry::{Algorithm, Digest};

use super::client::{Answer, Client};
use super::content::{digest_of, noise};

/// Where the tests of blobs push to.
pub const REPOSITORY: &str = "team/app";

/// Content with its digest in each algorithm: some that is kept in memory at first, some that goes to disk at once.
pub fn samples() -> Vec<(Digest, Vec<u8>)> {
    let contents = [noise(1, 3000), noise(2, 700_000)];
    let with = |algorithm| {
        contents
            .iter()
            .map(move |bytes| (digest_of(algorithm, bytes), bytes.clone()))
    };
    Algorithm::ALL.into_iter().flat_map(with).collect()
}

/// The blob was stored: the answer says where, and there it lives and dies.
pub async fn was_pushed(client: &Client, answer: Answer, digest: &Digest, content: &[u8]) {
    let answer = answer.expect(201);
    assert_eq!(answer.header("docker-content-digest"), digest.as_str());
    let location = answer.header("location");
    assert_eq!(location, format!("/v2/{REPOSITORY}/blobs/{digest}"));
    assert_eq!(client.get(location).await.expect(200).body, content);
    lives_and_dies(client, REPOSITORY, digest, content).await;
}

/// The blob is there, whole and described; it can be deleted, once.
pub async fn lives_and_dies(client: &Client, repository: &str, digest: &Digest, content: &[u8]) {
    let path = format!("/v2/{repository}/blobs/{digest}");
    for answer in [
        client.head(&path).await.expect(200),
        client.get(&path).await.expect(200),
    ] {
        assert_eq!(answer.header("docker-content-digest"), digest.as_str());
        assert_eq!(answer.header("content-length"), content.len().to_string());
        assert_eq!(answer.header("content-type"), "application/octet-stream");
    }
    assert_eq!(client.get(&path).await.body, content);
    client.delete(&path).await.expect(202);
    client.get(&path).await.expect_error(404, "BLOB_UNKNOWN");
    client.head(&path).await.expect(404);
    client.delete(&path).await.expect_error(404, "BLOB_UNKNOWN");
}
