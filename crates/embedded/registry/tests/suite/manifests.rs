//! Manifests of every shape, from push to delete (distribution specification, sections "Pulling manifests", "Pushing Manifests"
//! and "Deleting Manifests").

use crate::support::content::{IMAGE_INDEX, IMAGE_MANIFEST, noise, sha256};
use crate::support::data_set::DataSet;
use crate::support::stores::TestStore;
use registry::{Algorithm, Options};
use serde_json::{Value, json};

pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

crate::for_both_stores_and_over_tls!(
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
    artifacts_with_a_subject_live_from_push_to_delete,
    an_index_with_a_subject_lives_from_push_to_delete,
    an_artifact_whose_subject_is_missing_lives_from_push_to_delete,
    descriptors_may_carry_their_data,
    layers_that_are_stored_elsewhere_need_no_push,
    unknown_fields_are_kept_byte_for_byte,
    sha512_names_everything_if_the_client_wants,
    tags_come_with_the_push_by_digest,
    docker_images_and_lists_are_kept_with_their_media_types,
    a_sparse_manifest_is_kept_where_that_is_allowed,
    deleting_a_manifest_takes_its_tags,
);

pub fn image(set: &mut DataSet, seed: u64, tags: &[&'static str]) -> Value {
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

pub fn image_of(config: &Value, layers: &[Value]) -> Value {
    json!({ "schemaVersion": 2, "mediaType": IMAGE_MANIFEST, "config": config, "layers": layers })
}

pub fn index_of(manifests: &[Value]) -> Value {
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
    set.whole_life(&store.client().await).await;
}

async fn an_image_with_uncompressed_layers_lives_from_push_to_delete(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let config = set.blob(CONFIG, b"{\"os\":\"linux\"}");
    let layer = set.blob("application/vnd.oci.image.layer.v1.tar", &noise(1, 10_240));
    set.manifest(&image_of(&config, &[layer]), &["uncompressed"]);
    set.whole_life(&store.client().await).await;
}

async fn a_manifest_of_nearly_four_megabytes_is_kept(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let config = set.blob(CONFIG, b"{}");
    let mut document = image_of(&config, &[]);
    document["annotations"] = json!({ "org.example.large": "x".repeat(3_900_000) });
    set.manifest(&document, &["large"]);
    set.whole_life(&store.client().await).await;
}

async fn an_index_lives_from_push_to_delete(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let images = [image(&mut set, 1, &[]), image(&mut set, 2, &[])];
    set.manifest(&index_of(&images), &["index"]);
    set.whole_life(&store.client().await).await;
}

async fn an_index_of_indexes_lives_from_push_to_delete(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let images = [image(&mut set, 1, &[]), image(&mut set, 2, &[])];
    let inner = set.manifest(&index_of(&images), &[]);
    let single = image(&mut set, 3, &[]);
    set.manifest(&index_of(&[inner, single]), &["nested"]);
    set.whole_life(&store.client().await).await;
}

async fn an_index_may_be_empty(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    set.manifest(&index_of(&[]), &["empty"]);
    set.whole_life(&store.client().await).await;
}

async fn an_artifact_lives_from_push_to_delete(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    artifact(&mut set, b"content", &["artifact"]);
    set.whole_life(&store.client().await).await;
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
    set.whole_life(&store.client().await).await;
}

async fn an_artifact_may_have_no_layers(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let config = set.blob(EMPTY, b"{}");
    let mut document = image_of(&config, &[]);
    document["artifactType"] = "application/vnd.example.note".into();
    set.manifest(&document, &["note"]);
    set.whole_life(&store.client().await).await;
}

async fn an_image_may_have_no_layers(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let config = set.blob(CONFIG, b"{\"os\":\"linux\"}");
    set.manifest(&image_of(&config, &[]), &["no-layers"]);
    set.whole_life(&store.client().await).await;
}

/// Sets for both algorithms, with these tags where manifests can be pushed by tag at all.
fn with_both_algorithms(
    tags: &'static [&'static str],
) -> impl Iterator<Item = (DataSet, &'static [&'static str])> {
    Algorithm::ALL.into_iter().map(move |algorithm| {
        let tags = match algorithm {
            Algorithm::Sha256 => tags,
            Algorithm::Sha512 => &[],
        };
        (DataSet::new(algorithm), tags)
    })
}

/// An artifact that refers to a subject and says what it is with this field, or with the type of its config only.
fn artifact_about(
    set: &mut DataSet,
    subject: &Value,
    artifact_type: Option<&str>,
    tags: &[&'static str],
) -> Value {
    let content = format!("about {subject} as {artifact_type:?}");
    let config = set.blob(
        "application/vnd.example.config",
        format!("{{\"{}\":1}}", content.len()).as_bytes(),
    );
    let layer = set.blob("application/vnd.example.content", content.as_bytes());
    let mut document = image_of(&config, &[layer]);
    document["subject"] = subject.clone();
    document["annotations"] = json!({ "org.example": content });
    if let Some(artifact_type) = artifact_type {
        document["artifactType"] = artifact_type.into();
    }
    set.manifest(&document, tags)
}

async fn artifacts_with_a_subject_live_from_push_to_delete(store: TestStore) {
    let client = store.client().await;
    for (mut set, tags) in with_both_algorithms(&["image", "tagged", "by-config"]) {
        let tag = |number: usize| tags.get(number..=number).unwrap_or_default();
        let subject = image(&mut set, 1, tag(0));
        artifact_about(
            &mut set,
            &subject,
            Some("application/vnd.example.sbom"),
            tag(1),
        );
        artifact_about(&mut set, &subject, None, tag(2));
        artifact_about(
            &mut set,
            &subject,
            Some("application/vnd.example.untagged"),
            &[],
        );
        set.whole_life(&client).await;
    }
}

async fn an_index_with_a_subject_lives_from_push_to_delete(store: TestStore) {
    let client = store.client().await;
    for (mut set, tags) in with_both_algorithms(&["index", "about-the-index"]) {
        let tag = |number: usize| tags.get(number..=number).unwrap_or_default();
        let images = [image(&mut set, 1, &[]), image(&mut set, 2, &[])];
        let subject = set.manifest(&index_of(&images), tag(0));
        let artifacts = [
            artifact(&mut set, b"one", &[]),
            artifact(&mut set, b"two", &[]),
        ];
        let mut document = index_of(&artifacts);
        document["subject"] = subject.clone();
        // An index without an artifact type is listed without one.
        set.manifest(&document, &[]);
        document["artifactType"] = "application/vnd.example.artifacts".into();
        document["annotations"] = json!({ "org.example": "annotated" });
        set.manifest(&document, tag(1));
        set.whole_life(&client).await;
    }
}

async fn an_artifact_whose_subject_is_missing_lives_from_push_to_delete(store: TestStore) {
    let client = store.client().await;
    for (mut set, tags) in with_both_algorithms(&["missing-subject"]) {
        let subject = set.descriptor(IMAGE_MANIFEST, b"never pushed");
        artifact_about(
            &mut set,
            &subject,
            Some("application/vnd.example.sbom"),
            tags,
        );
        set.whole_life(&client).await;
    }
}

async fn descriptors_may_carry_their_data(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let mut config = set.blob(EMPTY, b"{}");
    config["data"] = "e30=".into();
    let layer = set.blob(LAYER, b"content");
    set.manifest(&image_of(&config, &[layer]), &["data"]);
    set.whole_life(&store.client().await).await;
}

async fn layers_that_are_stored_elsewhere_need_no_push(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha256);
    let config = set.blob(CONFIG, b"{\"os\":\"windows\"}");
    let foreign = [
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ];
    let mut layers: Vec<_> = foreign
        .map(|media_type| set.descriptor(media_type, b"never pushed"))
        .into();
    layers.push(set.blob(LAYER, b"pushed"));
    set.manifest(&image_of(&config, &layers), &["foreign"]);
    set.whole_life(&store.client().await).await;
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
    set.whole_life(&store.client().await).await;
}

async fn sha512_names_everything_if_the_client_wants(store: TestStore) {
    let mut set = DataSet::new(Algorithm::Sha512);
    let images = [image(&mut set, 1, &[]), image(&mut set, 2, &[])];
    set.manifest(&index_of(&images), &[]);
    set.whole_life(&store.client().await).await;
}

async fn tags_come_with_the_push_by_digest(store: TestStore) {
    let client = store.client().await;
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
    set.whole_life(&store.client().await).await;
}

async fn a_sparse_manifest_is_kept_where_that_is_allowed(store: TestStore) {
    let options = Options {
        sparse_manifests: true,
        ..Options::default()
    };
    let client = store.client_with(options).await;
    let mut set = DataSet::new(Algorithm::Sha256);
    let config = set.blob(CONFIG, b"{\"os\":\"linux\"}");
    let absent = set.descriptor(LAYER, b"never pushed");
    set.manifest(&image_of(&config, &[absent]), &["sparse-image"]);
    let absent = set.descriptor(IMAGE_MANIFEST, b"never pushed");
    let present = image(&mut set, 1, &[]);
    set.manifest(&index_of(&[absent, present]), &["sparse-index"]);
    set.whole_life(&client).await;
}

async fn deleting_a_manifest_takes_its_tags(store: TestStore) {
    let client = store.client().await;
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
