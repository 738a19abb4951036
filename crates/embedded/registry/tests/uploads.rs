//! Uploads that go wrong, are given up or are not needed: mounts, cancellation, wrong order, lies about content and length.
#![allow(clippy::unwrap_used)] // A failed unwrap fails the test, as it should.

mod support;

use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt as _;
use http::Method;
use registry::{Algorithm, Options};
use support::client::Client;
use support::content::{digest_of, noise, sha256};
use support::stores::TestStore;

for_both_stores!(
    a_blob_is_mounted_from_another_repository,
    a_blob_is_mounted_from_whichever_repository_has_it,
    mounting_what_is_not_there_opens_an_upload,
    a_cancelled_upload_is_gone,
    a_chunk_out_of_order_is_refused_and_the_upload_goes_on,
    a_put_with_a_chunk_out_of_order_is_refused_and_the_upload_goes_on,
    content_that_does_not_match_its_digest_leaves_nothing,
    a_lie_in_the_last_byte_leaves_nothing,
    lengths_that_contradict_the_body_leave_nothing,
    a_body_that_breaks_off_can_be_continued,
    a_put_without_a_digest_or_with_a_bad_one_is_refused,
    a_content_range_that_is_none_is_refused,
    an_upload_belongs_to_its_repository,
    concurrent_uploads_of_one_blob_end_with_one_good_copy,
    one_upload_too_many_is_refused_until_another_ends,
    an_idle_upload_expires,
    a_body_that_stalls_is_given_up,
);

async fn a_blob_is_mounted_from_another_repository(store: TestStore) {
    let client = Client::new(store.storage);
    for digest in Algorithm::ALL.map(|algorithm| digest_of(algorithm, b"content")) {
        client
            .push_blob("source", &digest, b"content")
            .await
            .expect(201);
        let path = format!("/v2/team/target/blobs/uploads/?mount={digest}&from=source");
        let answer = client.post(&path).await.expect(201);
        assert_eq!(
            answer.header("location"),
            format!("/v2/team/target/blobs/{digest}")
        );
        client
            .delete(&format!("/v2/source/blobs/{digest}"))
            .await
            .expect(202);
        let mounted = client
            .get(&format!("/v2/team/target/blobs/{digest}"))
            .await
            .expect(200);
        assert_eq!(&mounted.body[..], b"content");
        client
            .delete(&format!("/v2/team/target/blobs/{digest}"))
            .await
            .expect(202);
    }
}

async fn a_blob_is_mounted_from_whichever_repository_has_it(store: TestStore) {
    let client = Client::new(store.storage);
    for digest in Algorithm::ALL.map(|algorithm| digest_of(algorithm, b"content")) {
        client
            .push_blob("some/where", &digest, b"content")
            .await
            .expect(201);
        client
            .post(&format!("/v2/target/blobs/uploads/?mount={digest}"))
            .await
            .expect(201);
        client
            .head(&format!("/v2/target/blobs/{digest}"))
            .await
            .expect(200);
    }
}

async fn mounting_what_is_not_there_opens_an_upload(store: TestStore) {
    let client = Client::new(store.storage);
    for digest in Algorithm::ALL.map(|algorithm| digest_of(algorithm, b"content")) {
        for query in [
            format!("mount={digest}&from=absent"),
            format!("mount={digest}"),
        ] {
            let answer = client
                .post(&format!("/v2/target/blobs/uploads/?{query}"))
                .await
                .expect(202);
            let path = format!("{}?digest={digest}", answer.header("location"));
            client
                .upload(Method::PUT, &path, None, b"content")
                .await
                .expect(201);
            client
                .head(&format!("/v2/target/blobs/{digest}"))
                .await
                .expect(200);
            client
                .delete(&format!("/v2/target/blobs/{digest}"))
                .await
                .expect(202);
        }
    }
    client
        .post("/v2/a/blobs/uploads/?mount=sha256:1")
        .await
        .expect_error(400, "DIGEST_INVALID");
    let path = format!("/v2/a/blobs/uploads/?mount={}&from=../etc", sha256(b""));
    client.post(&path).await.expect_error(400, "NAME_INVALID");
}

async fn a_cancelled_upload_is_gone(store: TestStore) {
    let client = Client::new(store.storage);
    let location = client.open_upload("app").await;
    client
        .upload(Method::PATCH, &location, None, &noise(1, 600_000))
        .await
        .expect(202);
    client.delete(&location).await.expect(204);
    client
        .get(&location)
        .await
        .expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    client
        .delete(&location)
        .await
        .expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    client
        .upload(Method::PATCH, &location, None, b"more")
        .await
        .expect(404);
    nothing_is_left(store.directory);
}

async fn a_chunk_out_of_order_is_refused_and_the_upload_goes_on(store: TestStore) {
    let client = Client::new(store.storage);
    let content = noise(1, 3000);
    for digest in Algorithm::ALL.map(|algorithm| digest_of(algorithm, &content)) {
        let location = client.open_upload("app").await;
        client
            .upload(
                Method::PATCH,
                &location,
                Some((1000, 1999)),
                &content[1000..2000],
            )
            .await
            .expect(416);
        client
            .upload(Method::PATCH, &location, Some((0, 999)), &content[..1000])
            .await
            .expect(202);
        let again = client
            .upload(Method::PATCH, &location, Some((0, 999)), &content[..1000])
            .await;
        assert_eq!(again.expect(416).header("range"), "0-999");
        let ahead = client
            .upload(
                Method::PATCH,
                &location,
                Some((2000, 2999)),
                &content[2000..],
            )
            .await;
        assert_eq!(
            ahead
                .expect_error(416, "BLOB_UPLOAD_INVALID")
                .header("location"),
            location
        );
        assert_eq!(
            client.get(&location).await.expect(204).header("range"),
            "0-999"
        );
        client
            .upload(
                Method::PATCH,
                &location,
                Some((1000, 2999)),
                &content[1000..],
            )
            .await
            .expect(202);
        let path = format!("{location}?digest={digest}");
        client
            .send(Method::PUT, &path, &[], Body::empty())
            .await
            .expect(201);
        assert_eq!(
            client.get(&format!("/v2/app/blobs/{digest}")).await.body,
            content
        );
    }
}

async fn a_put_with_a_chunk_out_of_order_is_refused_and_the_upload_goes_on(store: TestStore) {
    let client = Client::new(store.storage);
    let content = noise(1, 3000);
    let digest = sha256(&content);
    let location = client.open_upload("app").await;
    client
        .upload(Method::PATCH, &location, Some((0, 999)), &content[..1000])
        .await
        .expect(202);
    let path = format!("{location}?digest={digest}");
    client
        .upload(Method::PUT, &path, Some((2000, 2999)), &content[2000..])
        .await
        .expect(416);
    client
        .upload(Method::PUT, &path, Some((1000, 2999)), &content[1000..])
        .await
        .expect(201);
    assert_eq!(
        client.get(&format!("/v2/app/blobs/{digest}")).await.body,
        content
    );
}

async fn content_that_does_not_match_its_digest_leaves_nothing(store: TestStore) {
    let client = Client::new(store.storage);
    let content = noise(1, 600_000);
    for algorithm in Algorithm::ALL {
        let promised = digest_of(algorithm, b"something else");
        let query = format!("digest={promised}");
        let post = client
            .upload(
                Method::POST,
                &format!("/v2/app/blobs/uploads/?{query}"),
                None,
                &content,
            )
            .await;
        post.expect_error(400, "DIGEST_INVALID");
        client
            .push_blob("app", &promised, &content)
            .await
            .expect_error(400, "DIGEST_INVALID");

        for range in [None, Some((0, 299_999))] {
            let location = client.open_upload("app").await;
            client
                .upload(Method::PATCH, &location, range, &content[..300_000])
                .await
                .expect(202);
            let path = format!("{location}?{query}");
            let last = client
                .upload(
                    Method::PUT,
                    &path,
                    Some((300_000, 599_999)),
                    &content[300_000..],
                )
                .await;
            last.expect_error(400, "DIGEST_INVALID");
            client
                .get(&location)
                .await
                .expect_error(404, "BLOB_UPLOAD_UNKNOWN");
        }
        client
            .head(&format!("/v2/app/blobs/{promised}"))
            .await
            .expect(404);
        client
            .head(&format!("/v2/app/blobs/{}", digest_of(algorithm, &content)))
            .await
            .expect(404);
    }
    client
        .get("/v2/app/tags/list")
        .await
        .expect_error(404, "NAME_UNKNOWN");
    nothing_is_left(store.directory);
}

async fn a_lie_in_the_last_byte_leaves_nothing(store: TestStore) {
    let client = Client::new(store.storage);
    let mut content = noise(1, 1_000_000);
    let digest = sha256(&content);
    *content.last_mut().unwrap() ^= 1;
    client
        .push_blob("app", &digest, &content)
        .await
        .expect_error(400, "DIGEST_INVALID");
    client
        .head(&format!("/v2/app/blobs/{digest}"))
        .await
        .expect(404);
    nothing_is_left(store.directory);
}

async fn lengths_that_contradict_the_body_leave_nothing(store: TestStore) {
    let client = Client::new(store.storage);
    let digest = sha256(b"content");
    for length in ["6", "8"] {
        let path = format!("/v2/app/blobs/uploads/?digest={digest}");
        let headers = [("content-length", length)];
        client
            .send(Method::POST, &path, &headers, "content")
            .await
            .expect_error(400, "SIZE_INVALID");
    }
    for (range, body) in [((0, 5), &b"content"[..]), ((0, 9), b"content")] {
        let location = client.open_upload("app").await;
        client
            .upload(Method::PATCH, &location, Some(range), body)
            .await
            .expect_error(400, "SIZE_INVALID");
        client
            .get(&location)
            .await
            .expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    }
    client
        .head(&format!("/v2/app/blobs/{digest}"))
        .await
        .expect(404);
    nothing_is_left(store.directory);
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

async fn an_upload_belongs_to_its_repository(store: TestStore) {
    let client = Client::new(store.storage);
    let location = client.open_upload("mine").await;
    let elsewhere = location.replace("/mine/", "/yours/");
    client
        .upload(Method::PATCH, &elsewhere, None, b"x")
        .await
        .expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    client
        .get("/v2/mine/blobs/uploads/no-uuid")
        .await
        .expect_error(404, "BLOB_UPLOAD_UNKNOWN");
}

async fn concurrent_uploads_of_one_blob_end_with_one_good_copy(store: TestStore) {
    let client = std::sync::Arc::new(Client::new(store.storage));
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
    nothing_is_left(store.directory);
}

async fn one_upload_too_many_is_refused_until_another_ends(store: TestStore) {
    let client = Client::with(
        store.storage,
        Options {
            open_uploads_limit: 2,
            ..Options::default()
        },
    );
    let first = client.open_upload("app").await;
    client.open_upload("app").await;
    client
        .post("/v2/app/blobs/uploads/")
        .await
        .expect_error(429, "TOOMANYREQUESTS");
    let path = format!("{first}?digest={}", sha256(b""));
    client
        .upload(Method::PUT, &path, None, b"")
        .await
        .expect(201);
    client.open_upload("app").await;
}

async fn an_idle_upload_expires(store: TestStore) {
    let idle_limit = Duration::from_millis(20);
    let options = Options {
        idle_limit,
        open_uploads_limit: 1,
        ..Options::default()
    };
    let client = Client::with(store.storage, options);
    let location = client.open_upload("app").await;
    client
        .upload(Method::PATCH, &location, None, &noise(1, 600_000))
        .await
        .expect(202);
    // Asking for the upload would keep it alive; that its place becomes free can be seen without touching it.
    let limit = Instant::now() + Duration::from_secs(10);
    while client.post("/v2/app/blobs/uploads/").await.status != 202 {
        assert!(
            Instant::now() < limit,
            "the upload is still open after 10 seconds"
        );
        tokio::task::yield_now().await;
    }
    client
        .get(&location)
        .await
        .expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    nothing_is_left(store.directory);
}

async fn a_body_that_stalls_is_given_up(store: TestStore) {
    let idle_limit = Duration::from_millis(20);
    let client = Client::with(
        store.storage,
        Options {
            idle_limit,
            ..Options::default()
        },
    );
    let location = client.open_upload("app").await;
    let stalled =
        futures::stream::once(async { Ok::<_, std::io::Error>(Bytes::from_static(b"con")) });
    let body = Body::from_stream(stalled.chain(futures::stream::pending()));
    let answer = client.send(Method::PATCH, &location, &[], body).await;
    answer.expect_error(408, "BLOB_UPLOAD_INVALID");
}

/// No file of an unfinished upload is on disk.
fn nothing_is_left(directory: Option<tempfile::TempDir>) {
    if let Some(directory) = directory {
        let left = std::fs::read_dir(directory.path().join("uploads"))
            .unwrap()
            .count();
        assert_eq!(
            left,
            0,
            "unfinished uploads in {}",
            directory.path().display()
        );
    }
}
