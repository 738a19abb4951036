//! What an image is made of and what hangs on it, as Konflux leaves it in a registry.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod support;

use oci::media_type::OCI_MANIFEST;
use oci::{
    Attachment, AttachmentKind, Client, Descriptor, Error, FoundBy, ImageDescription,
    ImageManifest, ImageReference, SbomFormat,
};
use support::fake::{Answer, FakeRegistry};
use support::images::{self, TestImage, new_layout};
use support::server::Server;

/// An artifact with one layer.
fn artifact(
    subject: Option<&Descriptor>,
    artifact_type: Option<&str>,
    layer_type: &str,
    title: &str,
) -> TestImage {
    let (directory, layout) = new_layout();
    let mut layer = layout.write_blob(layer_type, title.as_bytes()).unwrap();
    let key = "org.opencontainers.image.title".to_owned();
    layer.annotations.insert(key, title.to_owned());
    let empty = "application/vnd.oci.empty.v1+json";
    let manifest = ImageManifest {
        schema_version: 2,
        media_type: Some(OCI_MANIFEST.to_owned()),
        artifact_type: artifact_type.map(str::to_owned),
        config: layout.write_blob(empty, b"{}").unwrap(),
        layers: vec![layer],
        subject: subject.cloned(),
        annotations: Default::default(),
    };
    let bytes = serde_json::to_vec(&manifest).unwrap();
    let root = layout.write_blob(OCI_MANIFEST, &bytes).unwrap();
    layout.set_image(&root).unwrap();
    TestImage {
        directory,
        layout,
        root,
    }
}

async fn push(client: &Client, image: &TestImage, to: &ImageReference) {
    client
        .push_layout(image.layout.directory(), to)
        .await
        .unwrap();
}

fn find<'a>(description: &'a ImageDescription, found_by: &FoundBy) -> &'a Attachment {
    let mut attachments = description.attachments.iter();
    attachments
        .find(|attachment| attachment.found_by == *found_by)
        .unwrap_or_else(|| panic!("nothing was found by {found_by:?}: {description:#?}"))
}

#[tokio::test]
async fn every_platform_is_described_with_its_layers_and_labels() {
    let server = Server::registry().await;
    let client = server.client();
    let (image, tag) = (images::two_platforms("x"), server.image("team/app:v1"));
    push(&client, &image, &tag).await;
    let description = client.describe(&tag).await.unwrap();
    assert_eq!(description.digest, image.root.digest);
    assert_eq!(description.size, image.root.size);
    let platforms: Vec<_> = description
        .manifests
        .iter()
        .map(|manifest| manifest.platform.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    for manifest in &description.manifests {
        assert_eq!(manifest.layers.len(), 2);
        let layers: u64 = manifest.layers.iter().map(|layer| layer.size).sum();
        assert!(manifest.content_size > layers, "the configuration counts");
        assert!(manifest.config.created.is_some());
    }
    assert_eq!(description.attachments, []);
}

#[tokio::test]
async fn what_a_build_leaves_under_tags_is_found_and_named() {
    let server = Server::registry().await;
    let client = server.client();
    let (image, tag) = (images::two_platforms("x"), server.image("team/app:c0ffee"));
    push(&client, &image, &tag).await;
    let hex = image.root.digest.hex();
    let left = [
        (
            format!("sha256-{hex}.sig"),
            "application/vnd.dev.cosign.simplesigning.v1+json",
        ),
        (
            format!("sha256-{hex}.att"),
            "application/vnd.dsse.envelope.v1+json",
        ),
        (format!("sha256-{hex}.sbom"), "text/spdx+json"),
        (
            format!("sha256-{hex}.src"),
            "application/vnd.oci.image.layer.v1.tar+gzip",
        ),
        (
            format!("sha256-{hex}.dockerfile"),
            "application/octet-stream",
        ),
        (
            "c0ffee.git".to_owned(),
            "application/vnd.oci.image.layer.v1.tar",
        ),
        (
            "c0ffee.prefetch".to_owned(),
            "application/vnd.oci.image.layer.v1.tar",
        ),
    ];
    for (name, layer_type) in &left {
        let made = artifact(None, None, layer_type, name);
        push(&client, &made, &tag.with_tag(name).unwrap()).await;
    }
    let description = client.describe(&tag).await.unwrap();
    let kinds: Vec<_> = left
        .iter()
        .map(|(name, _)| {
            let attachment = find(&description, &FoundBy::Tag(name.clone()));
            assert_eq!(attachment.subject, image.root.digest);
            assert_eq!(attachment.layers[0].title.as_deref(), Some(name.as_str()));
            attachment.kind
        })
        .collect();
    assert_eq!(
        kinds,
        [
            AttachmentKind::Signature,
            AttachmentKind::Attestation,
            AttachmentKind::Sbom {
                format: Some(SbomFormat::Spdx)
            },
            AttachmentKind::Source,
            AttachmentKind::Other,
            AttachmentKind::TrustedArtifact,
            AttachmentKind::TrustedArtifact,
        ]
    );
    assert_eq!(description.attachments.len(), left.len(), "nothing twice");
}

#[tokio::test]
async fn an_artifact_that_is_asked_for_by_its_own_name_says_what_it_is() {
    let server = Server::registry().await;
    let client = server.client();
    let (unknown, tar) = (
        Some("application/vnd.unknown.artifact.v1"),
        "application/vnd.oci.image.layer.v1.tar",
    );
    let trusted = Some(AttachmentKind::TrustedArtifact);
    for (tag, title, expected) in [
        ("c0ffee.git", "source", trusted),
        ("c0ffee.prefetch", "dependencies", trusted),
        ("data", "sourceDataArtifact", trusted),
        ("report", "report.json", Some(AttachmentKind::Other)),
    ] {
        let tag = server.image(&format!("team/app:{tag}"));
        push(&client, &artifact(None, unknown, tar, title), &tag).await;
        let description = client.describe(&tag).await.unwrap();
        assert_eq!(description.manifests[0].kind, expected, "{tag}");
        let json = serde_json::to_value(&description).unwrap();
        let manifest = &json["manifests"][0];
        assert!(manifest["kind"].is_string(), "{manifest}");
    }
    let image = server.image("team/app:v1");
    push(&client, &images::one_platform("x"), &image).await;
    let description = client.describe(&image).await.unwrap();
    assert_eq!(description.manifests[0].kind, None);
}

#[tokio::test]
async fn what_refers_to_a_platform_is_found_too() {
    let server = Server::registry().await;
    let client = server.client();
    let (image, tag) = (images::two_platforms("x"), server.image("team/app:v1"));
    push(&client, &image, &tag).await;
    let platform = client.describe(&tag).await.unwrap().manifests[1]
        .digest
        .clone();
    let subject = client
        .manifest(&tag.with_digest(platform.clone()))
        .await
        .unwrap()
        .descriptor();
    let kind = "application/vnd.redhat.clair-report+json";
    let report = artifact(Some(&subject), Some(kind), kind, "clair.json");
    push(&client, &report, &tag.without_tag_and_digest()).await;
    let bom = "application/vnd.cyclonedx+json";
    let bom = artifact(Some(&subject), Some(bom), bom, "bom.json");
    push(&client, &bom, &tag.without_tag_and_digest()).await;
    let description = client.describe(&tag).await.unwrap();
    let mut found: Vec<_> = description
        .attachments
        .iter()
        .map(|attachment| {
            assert_eq!(attachment.subject, platform);
            assert_eq!(attachment.found_by, FoundBy::Referrers);
            (attachment.layers[0].title.clone().unwrap(), attachment.kind)
        })
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let format = Some(SbomFormat::Cyclonedx);
    assert_eq!(
        found,
        [
            ("bom.json".to_owned(), AttachmentKind::Sbom { format }),
            ("clair.json".to_owned(), AttachmentKind::Other),
        ]
    );
}

#[tokio::test]
async fn what_buildkit_lists_beside_the_platforms_is_an_attestation() {
    let server = Server::registry().await;
    let client = server.client();
    let (directory, layout) = new_layout();
    let image = images::build(&layout, "linux/amd64", "x");
    let mut statement = image.clone();
    let bytes = {
        let manifest = ImageManifest {
            schema_version: 2,
            media_type: Some(OCI_MANIFEST.to_owned()),
            artifact_type: None,
            config: layout
                .write_blob("application/vnd.oci.image.config.v1+json", br#"{"architecture": "unknown", "os": "unknown", "rootfs": {"type": "layers", "diff_ids": []}}"#)
                .unwrap(),
            layers: vec![layout.write_blob("application/vnd.in-toto+json", b"{}").unwrap()],
            subject: None,
            annotations: Default::default(),
        };
        serde_json::to_vec(&manifest).unwrap()
    };
    let written = layout.write_blob(OCI_MANIFEST, &bytes).unwrap();
    (statement.digest, statement.size) = (written.digest, written.size);
    statement.platform = Some("unknown/unknown".parse().unwrap());
    for (key, value) in [
        (
            "vnd.docker.reference.type",
            "attestation-manifest".to_owned(),
        ),
        ("vnd.docker.reference.digest", image.digest.to_string()),
    ] {
        statement.annotations.insert(key.to_owned(), value);
    }
    let root = images::write_index(&layout, vec![image.clone(), statement]);
    let tag = server.image("team/app:v1");
    let image_of_test = TestImage {
        directory,
        layout,
        root,
    };
    push(&client, &image_of_test, &tag).await;
    let description = client.describe(&tag).await.unwrap();
    assert_eq!(description.manifests.len(), 1);
    let attestation = find(&description, &FoundBy::Index);
    assert_eq!(attestation.kind, AttachmentKind::Attestation);
    assert_eq!(attestation.subject, image.digest);
}

#[tokio::test]
async fn what_is_listed_and_gone_is_said_to_be_missing() {
    let image = images::one_platform("x");
    let gone = Descriptor {
        artifact_type: Some("application/vnd.cncf.notary.signature".to_owned()),
        ..Descriptor::of(OCI_MANIFEST, b"{}")
    };
    // A registry that allows an index of what it does not have, and has no referrers API: a fake.
    let list = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [gone],
    });
    let mut fake = FakeRegistry::with(&image);
    let name = format!("manifests/sha256-{}", image.root.digest.hex());
    fake.answers.insert(
        name,
        Answer {
            media_type: "application/vnd.oci.image.index.v1+json".to_owned(),
            digest_header: None,
            body: list.to_string().into_bytes(),
        },
    );
    let server = Server::start(fake.router()).await;
    let description = server.client().describe(&server.image("team/app:v1")).await;
    let attachments = description.unwrap().attachments;
    assert_eq!(attachments.len(), 1);
    assert!(attachments[0].missing);
    assert_eq!(attachments[0].kind, AttachmentKind::Signature);
}

#[tokio::test]
async fn as_json_an_attachment_has_its_kind_beside_its_digest() {
    let server = Server::registry().await;
    let client = server.client();
    let (image, tag) = (images::one_platform("x"), server.image("team/app:v1"));
    push(&client, &image, &tag).await;
    let name = format!("sha256-{}.sbom", image.root.digest.hex());
    let bom = artifact(None, None, "application/vnd.cyclonedx+json", "bom.json");
    push(&client, &bom, &tag.with_tag(&name).unwrap()).await;
    let json = serde_json::to_value(client.describe(&tag).await.unwrap()).unwrap();
    let attachment = &json["attachments"][0];
    assert_eq!(attachment["kind"], "sbom");
    assert_eq!(attachment["format"], "cyclonedx");
    assert_eq!(attachment["digest"], bom.root.digest.to_string());
    assert_eq!(attachment["found_by"]["tag"], name);
    assert_eq!(json["manifests"][0]["platform"]["architecture"], "amd64");
}

#[tokio::test]
async fn an_image_that_does_not_exist_is_not_described() {
    let server = Server::registry().await;
    let error = server
        .client()
        .describe(&server.image("team/app:v1"))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Content(_)), "{error}");
}
