//! Manifests that are refused, and what each is told (distribution specification, sections "Pushing Manifests" and "Error Codes").

use registry::{Algorithm, Options};
use serde_json::json;

use crate::manifests::{CONFIG, image, image_of, index_of};
use crate::support::blob_life::lives_and_dies;
use crate::support::client::Client;
use crate::support::content::{IMAGE_INDEX, IMAGE_MANIFEST, digest_of, sha256};
use crate::support::data_set::DataSet;
use crate::support::leftovers::nothing_is_left;
use crate::support::stores::TestStore;

crate::for_both_stores!(
    a_manifest_without_its_blobs_is_refused,
    an_index_without_its_manifests_is_refused,
    a_blob_of_another_size_than_the_manifest_says_is_refused,
    a_manifest_that_does_not_match_its_digest_is_refused,
    a_manifest_that_does_not_exist_is_not_found,
    references_that_are_neither_tag_nor_digest_are_refused,
    a_manifest_over_the_limit_is_refused,
    documents_that_are_no_manifests_are_refused,
);

async fn a_manifest_without_its_blobs_is_refused(store: TestStore) {
    let client = Client::new(store.storage);
    let mut set = DataSet::new(Algorithm::Sha256);
    image(&mut set, 1, &["image"]);
    let missing = set.blobs.pop().unwrap();
    set.push_blobs(&client, "app").await;
    // The same blob elsewhere does not count.
    client
        .push_blob("other", &sha256(&missing), &missing)
        .await
        .expect(201);
    let bytes = &set.manifests[0].bytes;
    let answer = client
        .push_manifest("/v2/app/manifests/v1", IMAGE_MANIFEST, bytes)
        .await;
    let answer = answer.expect_error(404, "MANIFEST_BLOB_UNKNOWN");
    assert_eq!(
        answer.json()["errors"][0]["detail"]["missing"],
        json!([sha256(&missing)])
    );
    client
        .get("/v2/app/manifests/v1")
        .await
        .expect_error(404, "MANIFEST_UNKNOWN");
}

async fn an_index_without_its_manifests_is_refused(store: TestStore) {
    let client = Client::new(store.storage);
    let set = DataSet::new(Algorithm::Sha256);
    // A blob of that digest is not a manifest.
    client
        .push_blob("app", &sha256(b"{}"), b"{}")
        .await
        .expect(201);
    let index = index_of(&[set.descriptor(IMAGE_MANIFEST, b"{}")]).to_string();
    let answer = client
        .push_manifest("/v2/app/manifests/v1", IMAGE_INDEX, index.as_bytes())
        .await;
    answer.expect_error(404, "MANIFEST_BLOB_UNKNOWN");
}

async fn a_blob_of_another_size_than_the_manifest_says_is_refused(store: TestStore) {
    let client = Client::new(store.storage);
    let mut set = DataSet::new(Algorithm::Sha256);
    let mut config = set.blob(CONFIG, b"{}");
    config["size"] = 3.into();
    set.push_blobs(&client, "app").await;
    let document = image_of(&config, &[]).to_string();
    let answer = client
        .push_manifest("/v2/app/manifests/v1", IMAGE_MANIFEST, document.as_bytes())
        .await;
    answer.expect_error(400, "MANIFEST_INVALID");
}

async fn a_manifest_that_does_not_match_its_digest_is_refused(store: TestStore) {
    let client = Client::new(store.storage.clone());
    for promised in Algorithm::ALL.map(|algorithm| digest_of(algorithm, b"another")) {
        let mut set = DataSet::new(promised.algorithm());
        image(&mut set, 1, &[]);
        set.push_blobs(&client, "app").await;
        let bytes = &set.manifests[0].bytes;
        let path = format!("/v2/app/manifests/{promised}?tag=v1");
        let answer = client.push_manifest(&path, IMAGE_MANIFEST, bytes).await;
        answer.expect_error(400, "DIGEST_INVALID");
        let own = set.digest(bytes);
        for reference in [promised.as_str(), own.as_str(), "v1"] {
            let path = format!("/v2/app/manifests/{reference}");
            client.get(&path).await.expect(404);
            client.delete(&path).await.expect(404);
        }
        nothing_is_left(&store, &[promised.clone(), own]).await;
        // The repository is there, with its blobs and without a tag.
        let tags = client.get("/v2/app/tags/list").await.expect(200).json();
        assert_eq!(tags, json!({ "name": "app", "tags": [] }));
        for blob in &set.blobs {
            lives_and_dies(&client, "app", &set.digest(blob), blob).await;
        }
    }
}

async fn a_manifest_that_does_not_exist_is_not_found(store: TestStore) {
    let client = Client::new(store.storage);
    let digest = sha256(b"missing");
    for reference in ["missing", digest.as_str()] {
        let path = format!("/v2/app/manifests/{reference}");
        client.get(&path).await.expect_error(404, "NAME_UNKNOWN");
        client.head(&path).await.expect(404);
        client.delete(&path).await.expect_error(404, "NAME_UNKNOWN");
    }
    client
        .push_blob("app", &sha256(b"{}"), b"{}")
        .await
        .expect(201);
    client
        .get("/v2/app/manifests/missing")
        .await
        .expect_error(404, "MANIFEST_UNKNOWN");
}

async fn references_that_are_neither_tag_nor_digest_are_refused(store: TestStore) {
    let client = Client::new(store.storage);
    for digest in [
        "sha256:abc",
        "sha256:",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        ":x",
        "sha256:../../../../etc/passwd",
    ] {
        let path = format!("/v2/app/manifests/{}", digest.replace('/', "%2F"));
        if digest.contains('/') {
            assert!(client.get(&path).await.status.is_client_error());
            continue;
        }
        client.get(&path).await.expect_error(400, "DIGEST_INVALID");
        client
            .push_manifest(&path, IMAGE_MANIFEST, b"{}")
            .await
            .expect_error(400, "DIGEST_INVALID");
        client
            .delete(&path)
            .await
            .expect_error(400, "DIGEST_INVALID");
        client
            .get(&format!("/v2/app/blobs/{digest}"))
            .await
            .expect_error(400, "DIGEST_INVALID");
        client
            .delete(&format!("/v2/app/blobs/{digest}"))
            .await
            .expect_error(400, "DIGEST_INVALID");
    }
    for tag in ["..", ".hidden", "-x", "%20"] {
        client
            .get(&format!("/v2/app/manifests/{tag}"))
            .await
            .expect_error(400, "MANIFEST_INVALID");
    }
    client
        .get("/v2/UPPER/manifests/v1")
        .await
        .expect_error(400, "NAME_INVALID");
}

async fn a_manifest_over_the_limit_is_refused(store: TestStore) {
    let options = Options {
        manifest_size_limit: 1000,
        ..Options::default()
    };
    let client = Client::with(store.storage, options);
    let bytes = vec![b' '; 1001];
    let answer = client
        .push_manifest("/v2/app/manifests/v1", IMAGE_INDEX, &bytes)
        .await;
    answer.expect_error(413, "SIZE_INVALID");
    let mut bytes = index_of(&[]).to_string();
    bytes.push_str(&" ".repeat(1000 - bytes.len()));
    client
        .push_manifest("/v2/app/manifests/v1", IMAGE_INDEX, bytes.as_bytes())
        .await
        .expect(201);
}

async fn documents_that_are_no_manifests_are_refused(store: TestStore) {
    let client = Client::new(store.storage);
    let set = DataSet::new(Algorithm::Sha256);
    let config = set.descriptor(CONFIG, b"{}");
    let without = |field: &str| {
        let mut document = image_of(&config, &[]);
        document.as_object_mut().unwrap().remove(field);
        document
    };
    let mut bad_digest = image_of(&config, &[]);
    bad_digest["config"]["digest"] = "sha256:../../x".into();
    let mut schema_1 = image_of(&config, &[]);
    schema_1["schemaVersion"] = 1.into();
    for document in [
        json!("text"),
        without("config"),
        without("layers"),
        without("schemaVersion"),
        bad_digest,
        schema_1,
        index_of(&[]),
    ] {
        let bytes = document.to_string();
        let answer = client
            .push_manifest("/v2/app/manifests/v1", IMAGE_MANIFEST, bytes.as_bytes())
            .await;
        answer.expect_error(400, "MANIFEST_INVALID");
    }
    for media_type in [
        "application/vnd.docker.distribution.manifest.v1+json",
        "text/plain",
        "",
    ] {
        let answer = client
            .push_manifest("/v2/app/manifests/v1", media_type, b"{\"schemaVersion\":2}")
            .await;
        answer.expect_error(400, "MANIFEST_INVALID");
    }
    client
        .push_manifest("/v2/app/manifests/v1", IMAGE_INDEX, b"{")
        .await
        .expect_error(400, "MANIFEST_INVALID");
    // Parameters of the Content-Type are ignored, and without the header the field decides.
    let index = index_of(&[]).to_string();
    for content_type in [format!("{IMAGE_INDEX}; charset=utf-8"), String::new()] {
        let answer = client
            .push_manifest("/v2/app/manifests/v1", &content_type, index.as_bytes())
            .await;
        answer.expect(201);
        let pulled = client.get("/v2/app/manifests/v1").await;
        assert_eq!(pulled.header("content-type"), IMAGE_INDEX);
    }
}
