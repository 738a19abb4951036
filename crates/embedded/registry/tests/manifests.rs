//! Manifests of every shape, from push to delete (distribution specification, sections "Pulling manifests", "Pushing Manifests"
//! and "Deleting Manifests").
#![allow(clippy::unwrap_used)] // A failed unwrap fails the test, as it should.

mod support;

use registry::{Algorithm, Options};
use serde_json::{Value, json};
use support::client::Client;
use support::content::{IMAGE_INDEX, IMAGE_MANIFEST, noise, sha256, sha512};
use support::data_set::DataSet;
use support::stores::TestStore;

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

for_both_stores!(
    an_image_lives_from_push_to_delete,
    an_image_with_uncompressed_layers_lives_from_push_to_delete,
    a_manifest_of_nearly_four_megabytes_is_kept,
    an_index_lives_from_push_to_delete,
    an_index_of_indexes_lives_from_push_to_delete,
    an_index_may_be_empty,
    an_artifact_lives_from_push_to_delete,
    an_index_of_artifacts_lives_from_push_to_delete,
    an_artifact_may_have_no_layers,
    an_image_may_have_no_layers,
    descriptors_may_carry_their_data,
    layers_that_are_stored_elsewhere_need_no_push,
    unknown_fields_are_kept_byte_for_byte,
    sha512_names_everything_if_the_client_wants,
    tags_come_with_the_push_by_digest,
    docker_images_and_lists_are_kept_with_their_media_types,
    a_sparse_manifest_is_kept_where_that_is_allowed,
    a_manifest_without_its_blobs_is_refused,
    an_index_without_its_manifests_is_refused,
    a_blob_of_another_size_than_the_manifest_says_is_refused,
    a_manifest_that_does_not_match_its_digest_is_refused,
    a_manifest_that_does_not_exist_is_not_found,
    references_that_are_neither_tag_nor_digest_are_refused,
    a_manifest_over_the_limit_is_refused,
    documents_that_are_no_manifests_are_refused,
    deleting_a_manifest_takes_its_tags,
);

fn image(set: &mut DataSet, seed: u64, tags: &[&'static str]) -> Value {
    let config = set.blob(
        CONFIG,
        format!("{{\"architecture\":\"amd64\",\"os\":\"linux\",\"seed\":{seed}}}").as_bytes(),
    );
    let layers = [
        set.blob(LAYER, &noise(seed, 1000)),
        set.blob(LAYER, &noise(seed + 1000, 2000)),
    ];
    set.manifest(&image_of(&config, &layers), tags)
}

fn image_of(config: &Value, layers: &[Value]) -> Value {
    json!({ "schemaVersion": 2, "mediaType": IMAGE_MANIFEST, "config": config, "layers": layers })
}

fn index_of(manifests: &[Value]) -> Value {
    json!({ "schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": manifests })
}

fn artifact(set: &mut DataSet, content: &[u8], tags: &[&'static str]) -> Value {
    let config = set.descriptor(EMPTY, b"{}");
    if !set.blobs.iter().any(|blob| blob == b"{}") {
        set.blobs.push(b"{}".to_vec());
    }
    let layer = set.blob("application/vnd.example.content", content);
    let mut document = image_of(&config, &[layer]);
    document["artifactType"] = "application/vnd.example.artifact".into();
    document["annotations"] = json!({ "org.example": "annotated" });
    set.manifest(&document, tags)
}

async fn an_image_lives_from_push_to_delete(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    image(&mut set, 1, &["image"]);
    set.whole_life(&Client::new(store.storage)).await;
}

async fn an_image_with_uncompressed_layers_lives_from_push_to_delete(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let config = set.blob(CONFIG, b"{\"os\":\"linux\"}");
    let layer = set.blob("application/vnd.oci.image.layer.v1.tar", &noise(1, 10_240));
    set.manifest(&image_of(&config, &[layer]), &["uncompressed"]);
    set.whole_life(&Client::new(store.storage)).await;
}

async fn a_manifest_of_nearly_four_megabytes_is_kept(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let config = set.blob(CONFIG, b"{}");
    let mut document = image_of(&config, &[]);
    document["annotations"] = json!({ "org.example.large": "x".repeat(3_900_000) });
    set.manifest(&document, &["large"]);
    set.whole_life(&Client::new(store.storage)).await;
}

async fn an_index_lives_from_push_to_delete(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let images = [image(&mut set, 1, &[]), image(&mut set, 2, &[])];
    set.manifest(&index_of(&images), &["index"]);
    set.whole_life(&Client::new(store.storage)).await;
}

async fn an_index_of_indexes_lives_from_push_to_delete(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let images = [image(&mut set, 1, &[]), image(&mut set, 2, &[])];
    let inner = set.manifest(&index_of(&images), &[]);
    let single = image(&mut set, 3, &[]);
    set.manifest(&index_of(&[inner, single]), &["nested"]);
    set.whole_life(&Client::new(store.storage)).await;
}

async fn an_index_may_be_empty(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    set.manifest(&index_of(&[]), &["empty"]);
    set.whole_life(&Client::new(store.storage)).await;
}

async fn an_artifact_lives_from_push_to_delete(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    artifact(&mut set, b"content", &["artifact"]);
    set.whole_life(&Client::new(store.storage)).await;
}

async fn an_index_of_artifacts_lives_from_push_to_delete(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let artifacts = [
        artifact(&mut set, b"one", &[]),
        artifact(&mut set, b"two", &[]),
    ];
    let mut document = index_of(&artifacts);
    document["artifactType"] = "application/vnd.example.artifacts".into();
    set.manifest(&document, &["artifacts"]);
    set.whole_life(&Client::new(store.storage)).await;
}

async fn an_artifact_may_have_no_layers(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let config = set.blob(EMPTY, b"{}");
    let mut document = image_of(&config, &[]);
    document["artifactType"] = "application/vnd.example.note".into();
    set.manifest(&document, &["note"]);
    set.whole_life(&Client::new(store.storage)).await;
}

async fn an_image_may_have_no_layers(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let config = set.blob(CONFIG, b"{\"os\":\"linux\"}");
    set.manifest(&image_of(&config, &[]), &["no-layers"]);
    set.whole_life(&Client::new(store.storage)).await;
}

async fn descriptors_may_carry_their_data(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let mut config = set.blob(EMPTY, b"{}");
    config["data"] = "e30=".into();
    let layer = set.blob(LAYER, b"content");
    set.manifest(&image_of(&config, &[layer]), &["data"]);
    set.whole_life(&Client::new(store.storage)).await;
}

async fn layers_that_are_stored_elsewhere_need_no_push(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let config = set.blob(CONFIG, b"{\"os\":\"windows\"}");
    let foreign = [
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ];
    let mut layers: Vec<_> = foreign
        .map(|media_type| set.descriptor(media_type, b"never pushed"))
        .into();
    layers.push(set.blob(LAYER, b"pushed"));
    set.manifest(&image_of(&config, &layers), &["foreign"]);
    set.whole_life(&Client::new(store.storage)).await;
}

async fn unknown_fields_are_kept_byte_for_byte(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let mut config = set.blob(
        CONFIG,
        b"{\"os\":\"linux\",\"org.example\":{\"unknown\":[1,2.50]}}",
    );
    config["org.example.descriptor"] = json!({ "nested": [null, 1.0e2] });
    let mut document = image_of(&config, &[]);
    document["org.example.manifest"] = json!([{ "a": "\u{e9}" }]);
    let image = set.manifest(&document, &["custom"]);
    let mut index = index_of(&[image]);
    index["org.example.index"] = json!(true);
    set.manifest(&index, &["custom-index"]);
    set.whole_life(&Client::new(store.storage)).await;
}

async fn sha512_names_everything_if_the_client_wants(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha512);
    let images = [image(&mut set, 1, &[]), image(&mut set, 2, &[])];
    set.manifest(&index_of(&images), &[]);
    set.whole_life(&Client::new(store.storage)).await;
}

async fn tags_come_with_the_push_by_digest(store: TestStore) {
    let client = Client::new(store.storage);
    for algorithm in Algorithm::ALL {
        let repository = format!("app/{}", algorithm.name());
        let mut set = DataSet::new(algorithm);
        image(
            &mut set,
            1,
            &["1", "1.2", "1.2.3", "a", "b", "c", "d", "e", "f", "latest"],
        );
        set.push_blobs(&client, &repository).await;
        let manifest = &set.manifests[0];
        let query: Vec<_> = manifest
            .tags
            .iter()
            .map(|tag| format!("tag={tag}"))
            .collect();
        let digest = set.digest(&manifest.bytes);
        let path = format!("/v2/{repository}/manifests/{digest}?{}", query.join("&"));
        let answer = client
            .push_manifest(&path, &manifest.media_type, &manifest.bytes)
            .await
            .expect(201);
        assert_eq!(answer.header("oci-tag"), manifest.tags.join(", "));
        set.check(&client, &repository).await;
        set.delete(&client, &repository).await;

        let path = format!("/v2/{repository}/manifests/{digest}?tag=good&tag=..");
        let answer = client
            .push_manifest(&path, &manifest.media_type, &manifest.bytes)
            .await;
        answer.expect_error(400, "MANIFEST_INVALID");
        client
            .get(&format!("/v2/{repository}/manifests/good"))
            .await
            .expect(404);
    }
}

async fn docker_images_and_lists_are_kept_with_their_media_types(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let config = set.blob(
        "application/vnd.docker.container.image.v1+json",
        b"{\"os\":\"linux\"}",
    );
    let layer = set.blob(
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        b"layer",
    );
    let mut document = image_of(&config, &[layer]);
    document["mediaType"] = registry::media_type::DOCKER_MANIFEST.into();
    let image = set.manifest(&document, &["docker"]);
    let mut list = index_of(&[image]);
    list["mediaType"] = registry::media_type::DOCKER_MANIFEST_LIST.into();
    set.manifest(&list, &["docker-list"]);
    set.whole_life(&Client::new(store.storage)).await;
}

async fn a_sparse_manifest_is_kept_where_that_is_allowed(store: TestStore) {
    let options = Options {
        sparse_manifests: true,
        ..Options::default()
    };
    let client = Client::with(store.storage, options);
    let mut set = DataSet::new(Algorithm::Sha256);
    let config = set.blob(CONFIG, b"{\"os\":\"linux\"}");
    let absent = set.descriptor(LAYER, b"never pushed");
    set.manifest(&image_of(&config, &[absent]), &["sparse-image"]);
    let absent = set.descriptor(IMAGE_MANIFEST, b"never pushed");
    let present = image(&mut set, 1, &[]);
    set.manifest(&index_of(&[absent, present]), &["sparse-index"]);
    set.whole_life(&client).await;
}

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
    let client = Client::new(store.storage);
    let mut set = DataSet::new(Algorithm::Sha256);
    image(&mut set, 1, &[]);
    set.push_blobs(&client, "app").await;
    let bytes = &set.manifests[0].bytes;
    for promised in [sha256(b"another"), sha512(b"another")] {
        let path = format!("/v2/app/manifests/{promised}?tag=v1");
        let answer = client.push_manifest(&path, IMAGE_MANIFEST, bytes).await;
        answer.expect_error(400, "DIGEST_INVALID");
        for reference in [promised.as_str(), sha256(bytes).as_str(), "v1"] {
            client
                .get(&format!("/v2/app/manifests/{reference}"))
                .await
                .expect(404);
            client
                .delete(&format!("/v2/app/manifests/{reference}"))
                .await
                .expect(404);
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

async fn deleting_a_manifest_takes_its_tags(store: TestStore) {
    let client = Client::new(store.storage);
    let mut set = DataSet::new(Algorithm::Sha256);
    image(&mut set, 1, &["v1", "v2"]);
    image(&mut set, 2, &["other"]);
    set.push(&client, "app").await;
    let digest = sha256(&set.manifests[0].bytes);
    client
        .delete(&format!("/v2/app/manifests/{digest}"))
        .await
        .expect(202);
    client
        .get("/v2/app/manifests/v2")
        .await
        .expect_error(404, "MANIFEST_UNKNOWN");
    let tags = client.get("/v2/app/tags/list").await.json();
    assert_eq!(tags["tags"], json!(["other"]));
}
