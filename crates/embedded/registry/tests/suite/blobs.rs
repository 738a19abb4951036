//! Pushing, pulling and deleting blobs, with both digest algorithms (distribution specification, sections "Pulling blobs",
//! "Pushing blobs" and "Deleting blobs").

use crate::support::blob_life::{REPOSITORY, samples, was_pushed};
use crate::support::client::Client;
use crate::support::content::{digest_of, noise};
use crate::support::stores::TestStore;
use axum::body::Body;
use bytes::Bytes;
use http::Method;
use registry::{Algorithm, Digest};

crate::for_both_stores_and_over_tls!(
    a_blob_that_was_never_pushed_is_not_found,
    a_single_post_pushes_a_blob,
    post_then_put_pushes_a_blob,
    a_blob_may_be_empty,
    a_stream_without_a_range_pushes_a_blob,
    one_chunk_pushes_a_blob,
    several_chunks_push_a_blob,
    the_last_chunk_may_come_with_the_put,
    a_promised_algorithm_may_turn_out_to_be_another,
    parts_of_a_blob_can_be_pulled,
);

async fn a_blob_that_was_never_pushed_is_not_found(store: TestStore) {
    let client = store.client().await;
    for algorithm in Algorithm::ALL {
        let path = format!("/v2/app/blobs/{}", digest_of(algorithm, b"missing"));
        client.get(&path).await.expect_error(404, "BLOB_UNKNOWN");
        client.head(&path).await.expect(404);
        client.delete(&path).await.expect_error(404, "BLOB_UNKNOWN");
    }
}

async fn a_single_post_pushes_a_blob(store: TestStore) {
    let client = store.client().await;
    for (digest, content) in samples() {
        let path = format!("/v2/team/app/blobs/uploads/?digest={digest}");
        let answer = client.upload(Method::POST, &path, None, &content).await;
        was_pushed(&client, answer, &digest, &content).await;
    }
}

async fn post_then_put_pushes_a_blob(store: TestStore) {
    let client = store.client().await;
    for (digest, content) in samples() {
        let answer = client.push_blob(REPOSITORY, &digest, &content).await;
        was_pushed(&client, answer, &digest, &content).await;
    }
}

async fn a_blob_may_be_empty(store: TestStore) {
    let client = store.client().await;
    for content in [&b""[..], b"{}"] {
        for digest in Algorithm::ALL.map(|algorithm| digest_of(algorithm, content)) {
            let answer = client.push_blob(REPOSITORY, &digest, content).await;
            was_pushed(&client, answer, &digest, content).await;
        }
    }
}

async fn a_stream_without_a_range_pushes_a_blob(store: TestStore) {
    let client = store.client().await;
    for (digest, content) in samples() {
        let location = client.open_upload(REPOSITORY).await;
        let pieces = content
            .chunks(1000)
            .map(Bytes::copy_from_slice)
            .map(Ok::<_, std::io::Error>);
        let body = Body::from_stream(futures::stream::iter(pieces.collect::<Vec<_>>()));
        let answer = client
            .send(Method::PATCH, &location, &[], body)
            .await
            .expect(202);
        assert_eq!(answer.header("range"), format!("0-{}", content.len() - 1));
        close(&client, answer.header("location"), &digest, &content).await;
    }
}

async fn one_chunk_pushes_a_blob(store: TestStore) {
    let client = store.client().await;
    for (digest, content) in samples() {
        let location = client.open_upload(REPOSITORY).await;
        let location = chunk(&client, &location, &content, 0, content.len()).await;
        close(&client, &location, &digest, &content).await;
    }
}

async fn several_chunks_push_a_blob(store: TestStore) {
    let client = store.client().await;
    for (digest, content) in samples() {
        let mut location = client.open_upload(REPOSITORY).await;
        let third = content.len() / 3;
        for (begin, end) in [(0, third), (third, 2 * third), (2 * third, content.len())] {
            location = chunk(&client, &location, &content, begin, end).await;
            let status = client.get(&location).await.expect(204);
            assert_eq!(status.header("range"), format!("0-{}", end - 1));
            location = status.header("location").to_owned();
        }
        close(&client, &location, &digest, &content).await;
    }
}

async fn the_last_chunk_may_come_with_the_put(store: TestStore) {
    let client = store.client().await;
    for (digest, content) in samples() {
        let half = content.len() / 2;
        let location = client.open_upload(REPOSITORY).await;
        let location = chunk(&client, &location, &content, 0, half).await;
        let range = Some((half, content.len() - 1));
        let path = format!("{location}?digest={digest}");
        let answer = client
            .upload(Method::PUT, &path, range, &content[half..])
            .await;
        was_pushed(&client, answer, &digest, &content).await;
    }
}

async fn a_promised_algorithm_may_turn_out_to_be_another(store: TestStore) {
    let client = store.client().await;
    for promised in ["sha256", "sha512"] {
        for (digest, content) in samples() {
            let path = format!("/v2/team/app/blobs/uploads/?digest-algorithm={promised}");
            let answer = client.post(&path).await.expect(202);
            let location = chunk(
                &client,
                answer.header("location"),
                &content,
                0,
                content.len(),
            )
            .await;
            close(&client, &location, &digest, &content).await;
        }
    }
    let path = "/v2/team/app/blobs/uploads/?digest-algorithm=md5";
    client.post(path).await.expect_error(400, "DIGEST_INVALID");
}

async fn parts_of_a_blob_can_be_pulled(store: TestStore) {
    let client = store.client().await;
    let content = noise(9, 4000);
    for digest in Algorithm::ALL.map(|algorithm| digest_of(algorithm, &content)) {
        client.push_blob("app", &digest, &content).await.expect(201);
        let path = format!("/v2/app/blobs/{digest}");
        let part = async |range: &str| {
            client
                .send(Method::GET, &path, &[("range", range)], Body::empty())
                .await
        };
        for (range, begin, end) in [
            ("bytes=500-1499", 500, 1500),
            ("bytes=500-", 500, 4000),
            ("bytes=-500", 3500, 4000),
            ("bytes=2000-5000", 2000, 4000),
        ] {
            let answer = part(range).await.expect(206);
            assert_eq!(answer.body, content[begin..end], "{range}");
            assert_eq!(
                answer.header("content-range"),
                format!("bytes {begin}-{}/4000", end - 1)
            );
            assert_eq!(answer.header("content-length"), (end - begin).to_string());
        }
        for range in ["bytes=500-0", "bytes=5000-10000"] {
            let answer = part(range).await.expect(416);
            assert_eq!(answer.header("content-range"), "bytes */4000");
        }
        assert_eq!(part("bytes=0-1,5-6").await.expect(200).body, content);
        client.delete(&path).await.expect(202);
    }
}

/// Uploads one chunk and returns where the next one goes.
async fn chunk(
    client: &Client,
    location: &str,
    content: &[u8],
    begin: usize,
    end: usize,
) -> String {
    let range = Some((begin, end - 1));
    let answer = client
        .upload(Method::PATCH, location, range, &content[begin..end])
        .await
        .expect(202);
    assert_eq!(answer.header("range"), format!("0-{}", end - 1));
    answer.header("location").to_owned()
}

/// Ends an upload whose bytes are all there. The blob lives, and the upload is no more.
async fn close(client: &Client, location: &str, digest: &Digest, content: &[u8]) {
    let path = format!("{location}?digest={digest}");
    let answer = client.send(Method::PUT, &path, &[], Body::empty()).await;
    was_pushed(client, answer, digest, content).await;
    client
        .get(location)
        .await
        .expect_error(404, "BLOB_UPLOAD_UNKNOWN");
}
