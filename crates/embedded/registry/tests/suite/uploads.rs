//! Uploads that are given up, not needed or out of order: mounts, cancellation, chunks, expiry.

use std::time::{Duration, Instant};

use crate::support::client::Client;
use crate::support::content::{digest_of, noise, sha256};
use crate::support::stores::{TestStore, nothing_is_left};
use axum::body::Body;
use http::Method;
use registry::{Algorithm, Options};

crate::for_both_stores!(
    a_blob_is_mounted_from_another_repository,
    a_blob_is_mounted_from_whichever_repository_has_it,
    mounting_what_is_not_there_opens_an_upload,
    a_cancelled_upload_is_gone,
    a_chunk_out_of_order_is_refused_and_the_upload_goes_on,
    a_put_with_a_chunk_out_of_order_is_refused_and_the_upload_goes_on,
    an_upload_belongs_to_its_repository,
    one_upload_too_many_is_refused_until_another_ends,
    an_idle_upload_expires,
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
    let idle_limit = Duration::from_millis(200);
    let options = Options {
        idle_limit,
        open_uploads_limit: 1,
        ..Options::default()
    };
    let client = Client::with(store.storage, options);
    let location = client.open_upload("app").await;
    // On a busy host the upload may expire before this; then it has less to clean up.
    let chunk = client
        .upload(Method::PATCH, &location, None, &noise(1, 600_000))
        .await;
    assert!([202, 404].contains(&chunk.status.as_u16()), "{chunk:?}");
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
