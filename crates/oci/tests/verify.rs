//! `verify` catches every kind of lie. The registry here is a fake that can tell them.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod support;

use oci::image::{ImageBuilder, LayerFiles};
use oci::media_type::{DOCKER_MANIFEST, OCI_CONFIG, OCI_MANIFEST};
use oci::{Algorithm, Claim, ContentError, Digest, VerifiedImage};
use serde_json::{Value, json};
use support::fake::{Answer, FakeRegistry};
use support::images::{self, TestImage};
use support::lies::{add_blob, manifest_of, verify, with_manifest};

#[tokio::test]
async fn an_honest_image_is_verified_whole() {
    let image = images::two_platforms("x");
    let verified = verify(FakeRegistry::with(&image), ":v1").await.unwrap();
    assert_eq!(verified.digest, image.root.digest);
    let platforms: Vec<String> = verified
        .platforms
        .iter()
        .map(|manifest| manifest.platform.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    for manifest in &verified.platforms {
        assert_eq!(manifest.layers.len(), 2);
        assert!(manifest.layers.iter().all(|layer| layer.diff_id_checked));
    }
    let both = format!(":v1@{}", image.root.digest);
    assert_eq!(
        verify(FakeRegistry::with(&image), &both)
            .await
            .unwrap()
            .digest,
        image.root.digest
    );
}

#[tokio::test]
async fn a_reference_by_sha512_is_verified_by_sha512() {
    let image = images::one_platform("x");
    let mut fake = FakeRegistry::with(&image);
    let answer = fake.answer("manifests/v1").clone();
    let digest = Digest::of(Algorithm::Sha512, &answer.body);
    fake.answers
        .insert(format!("manifests/{digest}"), answer.clone());
    assert_eq!(
        verify(fake.clone(), &format!("@{digest}"))
            .await
            .unwrap()
            .digest,
        digest
    );
    fake.answer(&format!("manifests/{digest}")).body.push(b' ');
    let error = verify(fake, &format!("@{digest}")).await.unwrap_err();
    assert!(
        matches!(error, ContentError::DigestMismatch { claimed_by: Claim::Reference, expected, .. } if expected == digest)
    );
}

#[tokio::test]
async fn a_moved_tag_is_told_with_both_digests() {
    let (old, new) = (images::one_platform("old"), images::one_platform("new"));
    let mut fake = FakeRegistry::with(&old);
    fake.answers.extend(FakeRegistry::with(&new).answers);
    let error = verify(fake, &format!(":v1@{}", old.root.digest))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, ContentError::TagMoved { expected, found, .. } if *expected == old.root.digest && *found == new.root.digest)
    );
    assert!(
        error.to_string().starts_with("tag moved: localhost:"),
        "{error}"
    );
}

#[tokio::test]
async fn a_missing_manifest_is_told_and_who_needs_it() {
    let error = verify(FakeRegistry::default(), ":v1").await.unwrap_err();
    assert!(matches!(
        error,
        ContentError::MissingManifest {
            needed_by: None,
            ..
        }
    ));
    let image = images::two_platforms("x");
    let mut fake = FakeRegistry::with(&image);
    let verified = verify(fake.clone(), ":v1").await.unwrap();
    let child = &verified.platforms[1].digest;
    fake.answers.remove(&format!("manifests/{child}"));
    let error = verify(fake, ":v1").await.unwrap_err();
    assert!(
        matches!(&error, ContentError::MissingManifest { reference, needed_by: Some(index) }
        if reference.digest() == Some(child) && *index == image.root.digest),
        "{error}"
    );
}

#[tokio::test]
async fn a_missing_layer_or_configuration_is_told() {
    let image = images::one_platform("x");
    let manifest = manifest_of(&image);
    for blob in [&manifest.config, &manifest.layers[1]] {
        let mut fake = FakeRegistry::with(&image);
        fake.answers.remove(&format!("blobs/{}", blob.digest));
        let error = verify(fake, ":v1").await.unwrap_err();
        assert!(matches!(error, ContentError::MissingBlob { digest, .. } if digest == blob.digest));
    }
}

#[tokio::test]
async fn a_manifest_with_other_bytes_is_caught_by_digest_and_by_tag() {
    let image = images::one_platform("x");
    let mut fake = FakeRegistry::with(&image);
    let by_digest = format!("manifests/{}", image.root.digest);
    for key in ["manifests/v1", &by_digest] {
        fake.answer(key).body.push(b'\n');
    }
    let error = verify(fake.clone(), &format!("@{}", image.root.digest))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        ContentError::DigestMismatch {
            claimed_by: Claim::Reference,
            ..
        }
    ));
    let error = verify(fake, ":v1").await.unwrap_err();
    assert!(matches!(
        error,
        ContentError::DigestMismatch {
            claimed_by: Claim::Header,
            ..
        }
    ));
}

#[tokio::test]
async fn a_wrong_digest_header_is_caught() {
    let image = images::one_platform("x");
    let mut fake = FakeRegistry::with(&image);
    fake.answer("manifests/v1").digest_header = Some(Digest::sha256(b"other").to_string());
    let error = verify(fake, ":v1").await.unwrap_err();
    assert!(
        matches!(error, ContentError::DigestMismatch { claimed_by: Claim::Header, computed, .. } if computed == image.root.digest)
    );
}

#[tokio::test]
async fn a_blob_with_other_bytes_is_caught_by_digest_or_by_size() {
    let image = images::one_platform("x");
    let manifest = manifest_of(&image);
    for blob in [&manifest.config, &manifest.layers[0]] {
        let key = format!("blobs/{}", blob.digest);
        let mut flipped = FakeRegistry::with(&image);
        *flipped.answer(&key).body.last_mut().unwrap() ^= 1;
        let error = verify(flipped, ":v1").await.unwrap_err();
        assert!(
            matches!(error, ContentError::DigestMismatch { claimed_by: Claim::Descriptor, expected, .. } if expected == blob.digest)
        );

        let mut short = FakeRegistry::with(&image);
        short.answer(&key).body.pop();
        let error = verify(short, ":v1").await.unwrap_err();
        assert!(
            matches!(error, ContentError::SizeMismatch { expected, actual, .. } if expected == blob.size && actual == blob.size - 1)
        );

        let mut long = FakeRegistry::with(&image);
        long.answer(&key).body.push(0);
        let error = verify(long, ":v1").await.unwrap_err();
        assert!(
            matches!(error, ContentError::SizeMismatch { expected, actual, .. } if expected == blob.size && actual == blob.size + 1)
        );
    }
}

#[tokio::test]
async fn a_descriptor_that_lies_about_size_is_caught() {
    let image = images::one_platform("x");
    let size = manifest_of(&image).layers[0].size;
    let fake = with_manifest(&image, |manifest| {
        manifest["layers"][0]["size"] = json!(size + 1)
    });
    let error = verify(fake, ":v1").await.unwrap_err();
    assert!(
        matches!(error, ContentError::SizeMismatch { expected, actual, .. } if expected == size + 1 && actual == size)
    );

    let index = images::two_platforms("x");
    let fake = with_manifest(&index, |manifest| {
        manifest["manifests"][0]["size"] = json!(1)
    });
    assert!(matches!(
        verify(fake, ":v1").await,
        Err(ContentError::SizeMismatch { expected: 1, .. })
    ));
}

#[tokio::test]
async fn wrong_media_types_are_caught_wherever_they_are() {
    let image = images::one_platform("x");
    let wrong = |error: Result<VerifiedImage, ContentError>| match error {
        Err(ContentError::WrongMediaType { found, .. }) => found,
        other => panic!("expected a wrong media type, got {other:?}"),
    };
    let mut header = FakeRegistry::with(&image);
    header.answer("manifests/v1").media_type = DOCKER_MANIFEST.to_owned();
    assert_eq!(wrong(verify(header, ":v1").await), OCI_MANIFEST);

    let unknown = with_manifest(&image, |manifest| {
        manifest["mediaType"] = json!("application/x")
    });
    assert_eq!(wrong(verify(unknown, ":v1").await), "application/x");

    let layer = with_manifest(&image, |manifest| {
        manifest["layers"][1]["mediaType"] = json!("text/plain")
    });
    assert_eq!(wrong(verify(layer, ":v1").await), "text/plain");

    let index = images::two_platforms("x");
    let child = with_manifest(&index, |manifest| {
        manifest["manifests"][1]["mediaType"] = json!(DOCKER_MANIFEST)
    });
    assert_eq!(wrong(verify(child, ":v1").await), OCI_MANIFEST);
}

#[tokio::test]
async fn a_missing_platform_is_told_with_those_that_there_are() {
    let verified = verify(FakeRegistry::with(&images::two_platforms("x")), ":v1")
        .await
        .unwrap();
    assert!(verified.platform(&"linux/arm64".parse().unwrap()).is_ok());
    let error = verified
        .platform(&"linux/s390x".parse().unwrap())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("has no linux/s390x; it has linux/amd64, linux/arm64"),
        "{error}"
    );
}

#[tokio::test]
async fn an_index_that_lies_about_a_platform_is_caught() {
    let image = images::two_platforms("x");
    let fake = with_manifest(&image, |index| {
        index["manifests"][1]["platform"]["architecture"] = json!("s390x")
    });
    let error = verify(fake, ":v1").await.unwrap_err();
    assert!(
        matches!(error, ContentError::WrongPlatform { expected, found, .. }
        if expected.architecture == "s390x" && found.architecture == "arm64")
    );
}

#[tokio::test]
async fn a_configuration_that_describes_other_layers_is_caught() {
    let image = images::one_platform("x");
    let config = |change: &dyn Fn(&mut Value)| {
        let mut fake = FakeRegistry::with(&image);
        let digest = manifest_of(&image).config.digest;
        let mut config: Value =
            serde_json::from_slice(&fake.answer(&format!("blobs/{digest}")).body).unwrap();
        change(&mut config);
        let descriptor = add_blob(&mut fake, OCI_CONFIG, config.to_string().as_bytes());
        let manifest = with_manifest(&image, |manifest| manifest["config"] = descriptor);
        fake.answers.insert(
            "manifests/v1".to_owned(),
            manifest.answers["manifests/v1"].clone(),
        );
        fake
    };
    let swapped = config(&|config| {
        config["rootfs"]["diff_ids"]
            .as_array_mut()
            .unwrap()
            .reverse()
    });
    assert!(matches!(
        verify(swapped, ":v1").await,
        Err(ContentError::DigestMismatch {
            claimed_by: Claim::DiffId,
            ..
        })
    ));
    let fewer = config(&|config| drop(config["rootfs"]["diff_ids"].as_array_mut().unwrap().pop()));
    let error = verify(fewer, ":v1").await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("it describes 1 layers, the manifest has 2"),
        "{error}"
    );
}

#[tokio::test]
async fn a_layer_that_does_not_uncompress_is_caught() {
    let image = images::one_platform("x");
    let mut fake = with_manifest(&image, |_| {});
    let mut descriptor = add_blob(&mut fake, "application/x", b"not gzip");
    descriptor["mediaType"] = json!("application/vnd.oci.image.layer.v1.tar+gzip");
    let manifest = with_manifest(&image, |manifest| manifest["layers"][0] = descriptor);
    fake.answers.insert(
        "manifests/v1".to_owned(),
        manifest.answers["manifests/v1"].clone(),
    );
    let error = verify(fake, ":v1").await.unwrap_err();
    assert!(
        matches!(&error, ContentError::Malformed { detail, .. } if detail.contains("uncompress")),
        "{error}"
    );
}

#[tokio::test]
async fn a_manifest_that_is_none_is_caught() {
    let image = images::one_platform("x");
    for (body, detail) in [
        ("{", "EOF"),
        (
            "{\"schemaVersion\":1,\"config\":{},\"layers\":[]}",
            "missing field",
        ),
        ("[]", ""),
    ] {
        let mut fake = FakeRegistry::with(&image);
        *fake.answer("manifests/v1") = Answer {
            media_type: OCI_MANIFEST.to_owned(),
            digest_header: None,
            body: body.as_bytes().to_vec(),
        };
        let error = verify(fake, ":v1").await.unwrap_err();
        assert!(
            matches!(&error, ContentError::Malformed { detail: found, .. } if found.contains(detail)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn artifacts_are_verified_too_and_their_blobs_need_not_be_layers() {
    let report = images::artifact(None, "a report");
    let verified = verify(FakeRegistry::with(&report), ":v1").await.unwrap();
    assert_eq!(verified.platforms[0].platform, None);
    let mut fake = FakeRegistry::with(&report);
    *fake.answer(&format!("blobs/{}", Digest::sha256(b"a report"))) = Answer {
        media_type: String::new(),
        digest_header: None,
        body: b"A report".to_vec(),
    };
    assert!(matches!(
        verify(fake, ":v1").await,
        Err(ContentError::DigestMismatch { .. })
    ));
}

#[tokio::test]
async fn an_empty_image_has_nothing_to_lie_about() {
    let (directory, layout) = images::new_layout();
    let image = ImageBuilder::scratch(&layout, "linux/amd64".parse().unwrap());
    assert!(LayerFiles::new().is_empty());
    let root = image.finish().unwrap();
    let verified = verify(
        FakeRegistry::with(&TestImage {
            directory,
            layout,
            root,
        }),
        ":v1",
    )
    .await
    .unwrap();
    assert!(verified.platforms[0].layers.is_empty());
}
