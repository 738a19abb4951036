//! Uploads by clients that lie or fail: whatever does not match leaves nothing behind.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt as _;
use http::Method;
use registry::{Algorithm, Options};

use crate::support::client::Client;
use crate::support::content::{digest_of, noise, sha256};
use crate::support::leftovers::nothing_is_left;
use crate::support::stores::TestStore;

crate::for_both_stores!(
    content_that_does_not_match_its_digest_leaves_nothing,
    a_lie_in_the_last_byte_leaves_nothing,
    lengths_that_contradict_the_body_leave_nothing,
    a_body_that_breaks_off_can_be_continued,
    a_put_without_a_digest_or_with_a_bad_one_is_refused,
    a_content_range_that_is_none_is_refused,
    concurrent_uploads_of_one_blob_end_with_one_good_copy,
    a_body_that_stalls_is_given_up,
);

async fn content_that_does_not_match_its_digest_leaves_nothing(store: TestStore) {
    let client = Client::new(store.storage.clone());
    // Kept in memory until its commit, and written to disk while it arrives.
    for content in [noise(1, 1000), noise(1, 600_000)] {
        let half = content.len() / 2;
        let (first, second) = (Some((0, half - 1)), Some((half, content.len() - 1)));
        for algorithm in Algorithm::ALL {
            let promised = digest_of(algorithm, b"something else");
            let digests = [promised.clone(), digest_of(algorithm, &content)];
            let query = format!("digest={promised}");
            let path = format!("/v2/app/blobs/uploads/?{query}");
            let post = client.upload(Method::POST, &path, None, &content).await;
            post.expect_error(400, "DIGEST_INVALID");
            nothing_is_left(&store, &digests).await;
            let put = client.push_blob("app", &promised, &content).await;
            put.expect_error(400, "DIGEST_INVALID");
            nothing_is_left(&store, &digests).await;

            // As a stream, as one chunk, as two, and with the second one in the PUT.
            for (pieces, last) in [
                (&[(None, &content[..])][..], None),
                (&[(Some((0, content.len() - 1)), &content[..])], None),
                (
                    &[(first, &content[..half]), (second, &content[half..])],
                    None,
                ),
                (&[(None, &content[..half])], second),
                (&[(first, &content[..half])], second),
            ] {
                let location = client.open_upload("app").await;
                for (range, bytes) in pieces {
                    let patch = client.upload(Method::PATCH, &location, *range, bytes);
                    patch.await.expect(202);
                }
                let path = format!("{location}?{query}");
                let rest = last.map_or(&[][..], |_| &content[half..]);
                let put = client.upload(Method::PUT, &path, last, rest).await;
                put.expect_error(400, "DIGEST_INVALID");
                client
                    .get(&location)
                    .await
                    .expect_error(404, "BLOB_UPLOAD_UNKNOWN");
                nothing_is_left(&store, &digests).await;
            }
        }
    }
    client
        .get("/v2/app/tags/list")
        .await
        .expect_error(404, "NAME_UNKNOWN");
}

async fn a_lie_in_the_last_byte_leaves_nothing(store: TestStore) {
    let client = Client::new(store.storage.clone());
    for algorithm in Algorithm::ALL {
        let mut content = noise(1, 1_000_000);
        let promised = digest_of(algorithm, &content);
        *content.last_mut().unwrap() ^= 1;
        client
            .push_blob("app", &promised, &content)
            .await
            .expect_error(400, "DIGEST_INVALID");
        nothing_is_left(&store, &[promised, digest_of(algorithm, &content)]).await;
    }
}

async fn lengths_that_contradict_the_body_leave_nothing(store: TestStore) {
    let client = Client::new(store.storage.clone());
    for content in [noise(1, 1000), noise(1, 600_000)] {
        let digest = sha256(&content);
        let length = content.len();
        for announced in [length - 1, length + 1] {
            let path = format!("/v2/app/blobs/uploads/?digest={digest}");
            let announced = announced.to_string();
            let headers = [("content-length", announced.as_str())];
            client
                .send(Method::POST, &path, &headers, content.clone())
                .await
                .expect_error(400, "SIZE_INVALID");
        }
        for last in [length - 2, length + 2] {
            let location = client.open_upload("app").await;
            client
                .upload(Method::PATCH, &location, Some((0, last)), &content)
                .await
                .expect_error(400, "SIZE_INVALID");
            client
                .get(&location)
                .await
                .expect_error(404, "BLOB_UPLOAD_UNKNOWN");
        }
        nothing_is_left(&store, &[digest, sha256(&content[..length - 1])]).await;
    }
}

async fn a_body_that_breaks_off_can_be_continued(store: TestStore) {
    let client = Client::new(store.storage);
    let location = client.open_upload("app").await;
    let broken = [
        Ok(Bytes::from_static(b"con")),
        Err(std::io::Error::other("connection reset")),
    ];
    let body = Body::from_stream(futures::stream::iter(broken));
    let answer = client.send(Method::PATCH, &location, &[], body).await;
    assert_eq!(
        answer
            .expect_error(400, "BLOB_UPLOAD_INVALID")
            .header("range"),
        "0-2"
    );
    client
        .upload(Method::PATCH, &location, Some((3, 6)), b"tent")
        .await
        .expect(202);
    let digest = sha256(b"content");
    let path = format!("{location}?digest={digest}");
    client
        .send(Method::PUT, &path, &[], Body::empty())
        .await
        .expect(201);
    assert_eq!(
        &client.get(&format!("/v2/app/blobs/{digest}")).await.body[..],
        b"content"
    );
}

async fn a_put_without_a_digest_or_with_a_bad_one_is_refused(store: TestStore) {
    let client = Client::new(store.storage);
    let location = client.open_upload("app").await;
    for query in [
        "",
        "?digest=",
        "?digest=sha256:short",
        "?digest=md5:d41d8cd98f00b204e9800998ecf8427e",
    ] {
        let answer = client
            .upload(Method::PUT, &format!("{location}{query}"), None, b"content")
            .await;
        answer.expect_error(400, "DIGEST_INVALID");
    }
    let path = "/v2/app/blobs/uploads/?digest=sha256:short";
    client
        .upload(Method::POST, path, None, b"")
        .await
        .expect_error(400, "DIGEST_INVALID");
    assert_eq!(
        client.get(&location).await.expect(204).header("range"),
        "0-0"
    );
}

async fn a_content_range_that_is_none_is_refused(store: TestStore) {
    let client = Client::new(store.storage);
    let location = client.open_upload("app").await;
    for range in ["bytes 0-6/7", "0", "6-0", "a-b", "0-99999999999999999999"] {
        let headers = [("content-range", range)];
        let answer = client
            .send(Method::PATCH, &location, &headers, "content")
            .await;
        answer.expect_error(400, "BLOB_UPLOAD_INVALID");
    }
}

async fn concurrent_uploads_of_one_blob_end_with_one_good_copy(store: TestStore) {
    let client = std::sync::Arc::new(Client::new(store.storage.clone()));
    let content = noise(1, 800_000);
    let digest = sha256(&content);
    let uploads = (0..8).map(|_| {
        let (client, content, digest) = (client.clone(), content.clone(), digest.clone());
        tokio::spawn(async move { client.push_blob("app", &digest, &content).await.expect(201) })
    });
    for upload in uploads.collect::<Vec<_>>() {
        upload.await.unwrap();
    }
    assert_eq!(
        client
            .get(&format!("/v2/app/blobs/{digest}"))
            .await
            .expect(200)
            .body,
        content
    );
    // No second copy either.
    nothing_is_left(&store, &[]).await;
}

async fn a_body_that_stalls_is_given_up(store: TestStore) {
    let idle_limit = Duration::from_millis(20);
    let options = Options {
        idle_limit,
        ..Options::default()
    };
    let client = Client::with(store.storage.clone(), options);
    let content = noise(1, 600_000);
    let piece = Bytes::copy_from_slice(&content[..300_000]);
    let stalled = futures::stream::once(async { Ok::<_, std::io::Error>(piece) });
    let body = Body::from_stream(stalled.chain(futures::stream::pending()));
    let path = format!("/v2/app/blobs/uploads/?digest={}", sha256(&content));
    let answer = client.send(Method::POST, &path, &[], body).await;
    answer.expect_error(408, "BLOB_UPLOAD_INVALID");
    nothing_is_left(&store, &[sha256(&content), sha256(&content[..300_000])]).await;
}
