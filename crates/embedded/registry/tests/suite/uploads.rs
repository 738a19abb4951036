//! Uploads that are given up, not needed or out of order: mounts, cancellation, chunks, expiry.

use std::time::{Duration, Instant};

use crate::support::blob_life::{REPOSITORY, lives_and_dies, samples, was_pushed};
use crate::support::content::{digest_of, noise, sha256};
use crate::support::leftovers::nothing_is_left;
use crate::support::stores::TestStore;
use axum::body::Body;
use http::Method;
use registry::{Algorithm, Options};

crate::for_both_stores_and_over_tls!(
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
    let client = store.client().await;
    for (digest, content) in samples() {
        client
            .push_blob("source", &digest, &content)
            .await
            .expect(201);
        let path = format!("/v2/{REPOSITORY}/blobs/uploads/?mount={digest}&from=source");
        let answer = client.post(&path).await;
        // The source may let go first.
        lives_and_dies(&client, "source", &digest, &content).await;
        was_pushed(&client, answer, &digest, &content).await;
    }
}

async fn a_blob_is_mounted_from_whichever_repository_has_it(store: TestStore) {
    let client = store.client().await;
    for (digest, content) in samples() {
        client
            .push_blob("some/where", &digest, &content)
            .await
            .expect(201);
        let path = format!("/v2/{REPOSITORY}/blobs/uploads/?mount={digest}");
        let answer = client.post(&path).await;
        was_pushed(&client, answer, &digest, &content).await;
        lives_and_dies(&client, "some/where", &digest, &content).await;
        // Now nobody has it.
        client.post(&path).await.expect(202);
    }
}

async fn mounting_what_is_not_there_opens_an_upload(store: TestStore) {
    let client = store.client().await;
    for (digest, content) in samples() {
        for query in [
            format!("mount={digest}&from=absent"),
            format!("mount={digest}"),
        ] {
            let path = format!("/v2/{REPOSITORY}/blobs/uploads/?{query}");
            let opened = client.post(&path).await.expect(202);
            let path = format!("{}?digest={digest}", opened.header("location"));
            let answer = client.upload(Method::PUT, &path, None, &content).await;
            was_pushed(&client, answer, &digest, &content).await;
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
    let client = store.client().await;
    for (digest, content) in samples() {
        let algorithm = digest.algorithm().name();
        let path = format!("/v2/app/blobs/uploads/?digest-algorithm={algorithm}");
        let opened = client.post(&path).await.expect(202);
        let location = opened.header("location");
        client
            .upload(Method::PATCH, location, None, &content)
            .await
            .expect(202);
        client.delete(location).await.expect(204);
        client
            .get(location)
            .await
            .expect_error(404, "BLOB_UPLOAD_UNKNOWN");
        client
            .delete(location)
            .await
            .expect_error(404, "BLOB_UPLOAD_UNKNOWN");
        client
            .upload(Method::PATCH, location, None, b"more")
            .await
            .expect(404);
        client
            .delete(&format!("/v2/app/blobs/{digest}"))
            .await
            .expect(404);
        nothing_is_left(&store, &[digest]).await;
    }
}

async fn a_chunk_out_of_order_is_refused_and_the_upload_goes_on(store: TestStore) {
    let client = store.client().await;
    for (digest, content) in samples() {
        let third = content.len() / 3;
        let location = client.open_upload(REPOSITORY).await;
        let chunk = async |begin: usize, end: usize| {
            let range = Some((begin, end - 1));
            client
                .upload(Method::PATCH, &location, range, &content[begin..end])
                .await
        };
        // Whole thirds: a client reads the refusal of a large body, too, over every transport.
        chunk(third, 2 * third).await.expect(416);
        chunk(0, third).await.expect(202);
        let received = format!("0-{}", third - 1);
        let again = chunk(0, third).await.expect(416);
        assert_eq!(again.header("range"), received);
        let ahead = chunk(2 * third, content.len()).await;
        let ahead = ahead.expect_error(416, "BLOB_UPLOAD_INVALID");
        assert_eq!(ahead.header("location"), location);
        let status = client.get(&location).await.expect(204);
        assert_eq!(status.header("range"), received);
        chunk(third, content.len()).await.expect(202);
        let path = format!("{location}?digest={digest}");
        let answer = client.send(Method::PUT, &path, &[], Body::empty()).await;
        was_pushed(&client, answer, &digest, &content).await;
    }
}

async fn a_put_with_a_chunk_out_of_order_is_refused_and_the_upload_goes_on(store: TestStore) {
    let client = store.client().await;
    for (digest, content) in samples() {
        let third = content.len() / 3;
        let location = client.open_upload(REPOSITORY).await;
        client
            .upload(
                Method::PATCH,
                &location,
                Some((0, third - 1)),
                &content[..third],
            )
            .await
            .expect(202);
        let path = format!("{location}?digest={digest}");
        let put = async |begin: usize, end: usize| {
            let range = Some((begin, end - 1));
            client
                .upload(Method::PUT, &path, range, &content[begin..end])
                .await
        };
        let refused = put(2 * third, content.len()).await.expect(416);
        assert_eq!(refused.header("range"), format!("0-{}", third - 1));
        let answer = put(third, content.len()).await;
        was_pushed(&client, answer, &digest, &content).await;
    }
}

async fn an_upload_belongs_to_its_repository(store: TestStore) {
    let client = store.client().await;
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
    let options = Options {
        open_uploads_limit: 2,
        ..Options::default()
    };
    let client = store.client_with(options).await;
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
    let client = store.client_with(options).await;
    let location = client.open_upload("app").await;
    let content = noise(1, 600_000);
    // On a busy host the upload may expire before this; then it has less to clean up.
    let chunk = client
        .upload(Method::PATCH, &location, None, &content)
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
    nothing_is_left(
        &store,
        &Algorithm::ALL.map(|algorithm| digest_of(algorithm, &content)),
    )
    .await;
}
