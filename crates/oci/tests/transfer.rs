//! Push and copy against the embedded registry, cross-checked by Debian's `skopeo`.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod support;

use std::process::Command;

use oci::{ContentError, Digest, Endpoints, Error};
use support::images;
use support::server::Server;

#[tokio::test]
async fn what_is_pushed_is_there_byte_for_byte() {
    let server = Server::registry().await;
    let client = server.client();
    for (name, image) in [
        ("one", images::one_platform("x")),
        ("two", images::two_platforms("x")),
    ] {
        let destination = server.image(&format!("team/{name}:v1"));
        let digest = client
            .push_layout(image.layout.directory(), &destination)
            .await
            .unwrap();
        assert_eq!(digest, image.root.digest);
        let verified = client.verify(&destination).await.unwrap();
        assert_eq!(verified.digest, digest);
        assert_eq!(client.tags(&destination).await.unwrap(), ["v1"]);
    }
}

#[tokio::test]
async fn pushing_again_changes_nothing() {
    let server = Server::registry().await;
    let image = images::one_platform("x");
    let destination = server.image("app:v1");
    let once = server
        .client()
        .push_layout(image.layout.directory(), &destination)
        .await
        .unwrap();
    let twice = server
        .client()
        .push_layout(image.layout.directory(), &destination)
        .await
        .unwrap();
    assert_eq!(once, twice);
}

#[tokio::test]
async fn a_damaged_layout_pushes_nothing_under_the_tag() {
    let server = Server::registry().await;
    let image = images::one_platform("x");
    let layer = image.layout.manifest(&image.root).unwrap();
    let oci::ManifestContent::Image(manifest) = layer.content else {
        panic!("not an image")
    };
    std::fs::write(
        image.layout.blob_path(&manifest.layers[1].digest),
        "damaged",
    )
    .unwrap();
    let destination = server.image("app:v1");
    let error = server
        .client()
        .push_layout(image.layout.directory(), &destination)
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::Content(ContentError::SizeMismatch { .. })),
        "{error}"
    );
    assert_eq!(server.client().resolve(&destination).await.unwrap(), None);
}

#[tokio::test]
async fn skopeo_reads_what_was_pushed_and_gives_the_same_digest() {
    let server = Server::registry().await;
    let image = images::two_platforms("x");
    let destination = server.image("team/app:v1");
    let digest = server
        .client()
        .push_layout(image.layout.directory(), &destination)
        .await
        .unwrap();
    let certificates = tempfile::tempdir().unwrap();
    std::fs::write(certificates.path().join("ca.crt"), &server.authority).unwrap();
    let raw = skopeo(&[
        "inspect",
        "--raw",
        "--cert-dir",
        certificates.path().to_str().unwrap(),
        &format!("docker://{destination}"),
    ])
    .await;
    assert_eq!(Digest::sha256(&raw), digest);
    let pulled = tempfile::tempdir().unwrap();
    let target = format!("oci:{}", pulled.path().join("layout").display());
    skopeo(&[
        "copy",
        "--all",
        "--src-cert-dir",
        certificates.path().to_str().unwrap(),
        &format!("docker://{destination}"),
        &target,
    ])
    .await;
    let layout = oci::Layout::open(pulled.path().join("layout")).unwrap();
    assert_eq!(layout.image().unwrap().digest, digest);
}

#[tokio::test]
async fn a_copy_brings_platforms_referrers_and_cosign_tags() {
    let (from, to) = (Server::registry().await, Server::registry().await);
    let client = from
        .client_builder()
        .ca_certificate_pem(to.authority.clone())
        .build()
        .unwrap();
    let image = images::two_platforms("x");
    let source = from.image("team/app:v1");
    client
        .push_layout(image.layout.directory(), &source)
        .await
        .unwrap();

    let child = client.verify(&source).await.unwrap().platforms[0].clone();
    let child_descriptor = oci::Descriptor::new(
        &child.media_type,
        child.digest.clone(),
        client
            .manifest(&source.with_digest(child.digest.clone()))
            .await
            .unwrap()
            .bytes
            .len() as u64,
    );
    let report = images::artifact(Some(&image.root), "report");
    let signature_of_report = images::artifact(Some(&report.root), "signature of the report");
    let report_of_child = images::artifact(Some(&child_descriptor), "report of one platform");
    for artifact in [&report, &signature_of_report, &report_of_child] {
        client
            .push_layout(
                artifact.layout.directory(),
                &source.without_tag_and_digest(),
            )
            .await
            .unwrap();
    }
    let signature = images::artifact(None, "signature");
    let signature_tag = format!("sha256-{}.sig", image.root.digest.hex());
    client
        .push_layout(
            signature.layout.directory(),
            &source.with_tag(&signature_tag).unwrap(),
        )
        .await
        .unwrap();

    let destination = to.image("released/app:v1");
    let by_digest = source.with_digest(image.root.digest.clone());
    let digest = client.copy(&by_digest, &destination).await.unwrap();
    assert_eq!(digest, image.root.digest);
    assert_eq!(client.verify(&destination).await.unwrap().digest, digest);
    for (subject, artifact) in [
        (&image.root.digest, &report),
        (&report.root.digest, &signature_of_report),
        (&child.digest, &report_of_child),
    ] {
        let referrers = client.referrers(&destination, subject).await.unwrap();
        assert_eq!(
            referrers
                .iter()
                .map(|referrer| &referrer.digest)
                .collect::<Vec<_>>(),
            [&artifact.root.digest]
        );
        client
            .verify(&destination.with_digest(artifact.root.digest.clone()))
            .await
            .unwrap();
    }
    let tagged = client
        .resolve(&destination.with_tag(&signature_tag).unwrap())
        .await
        .unwrap();
    assert_eq!(tagged, Some(signature.root.digest.clone()));
}

#[tokio::test]
async fn a_second_copy_leaves_the_image_alone_and_brings_what_is_new() {
    let server = Server::registry().await;
    let client = server.client();
    let image = images::one_platform("x");
    let (source, destination) = (server.image("a/app:v1"), server.image("b/app:v1"));
    client
        .push_layout(image.layout.directory(), &source)
        .await
        .unwrap();
    client.copy(&source, &destination).await.unwrap();
    let report = images::artifact(Some(&image.root), "late report");
    client
        .push_layout(report.layout.directory(), &source.without_tag_and_digest())
        .await
        .unwrap();
    client.copy(&source, &destination).await.unwrap();
    assert_eq!(
        client
            .referrers(&destination, &image.root.digest)
            .await
            .unwrap()
            .len(),
        1
    );
    client.verify(&destination).await.unwrap();
}

#[tokio::test]
async fn an_existing_tag_moves_to_what_is_copied() {
    let server = Server::registry().await;
    let client = server.client();
    let (old, new) = (images::one_platform("old"), images::one_platform("new"));
    let destination = server.image("b/app:v1");
    client
        .push_layout(old.layout.directory(), &destination)
        .await
        .unwrap();
    let source = server.image("a/app:v1");
    client
        .push_layout(new.layout.directory(), &source)
        .await
        .unwrap();
    client.copy(&source, &destination).await.unwrap();
    assert_eq!(
        client.verify(&destination).await.unwrap().digest,
        new.root.digest
    );
}

#[tokio::test]
async fn a_registry_is_named_as_in_the_cluster_and_reached_where_the_endpoint_says() {
    let server = Server::registry().await;
    let endpoints = Endpoints::new()
        .with("registry.example", &server.host)
        .unwrap();
    let client = server
        .client_builder()
        .endpoints(endpoints)
        .build()
        .unwrap();
    let image = images::one_platform("x");
    let named = "registry.example/team/app:v1".parse().unwrap();
    client
        .push_layout(image.layout.directory(), &named)
        .await
        .unwrap();
    assert_eq!(
        client.verify(&named).await.unwrap().digest,
        image.root.digest
    );
    assert_eq!(
        server
            .client()
            .verify(&server.image("team/app:v1"))
            .await
            .unwrap()
            .digest,
        image.root.digest
    );
}

#[tokio::test]
async fn a_deleted_manifest_is_missing_afterwards() {
    let server = Server::registry().await;
    let client = server.client();
    let image = images::one_platform("x");
    let tag = server.image("app:v1");
    client
        .push_layout(image.layout.directory(), &tag)
        .await
        .unwrap();
    client
        .delete(&tag.with_digest(image.root.digest.clone()))
        .await
        .unwrap();
    assert!(matches!(
        client.manifest(&tag).await,
        Err(Error::Content(ContentError::MissingManifest { .. }))
    ));
    assert!(matches!(
        client
            .delete(&tag.with_digest(image.root.digest.clone()))
            .await,
        Err(Error::Content(ContentError::MissingManifest { .. }))
    ));
}

#[tokio::test]
async fn a_base_is_pulled_for_its_platform_and_built_upon() {
    let server = Server::registry().await;
    let client = server.client();
    let base = images::two_platforms("base");
    let reference = server.image("base:v1");
    client
        .push_layout(base.layout.directory(), &reference)
        .await
        .unwrap();
    let (_keep, layout) = images::new_layout();
    let arm = "linux/arm64".parse().unwrap();
    let pulled = client.pull_base(&reference, &arm, &layout).await.unwrap();
    let built = oci::image::ImageBuilder::from_base(&layout, pulled)
        .finish()
        .unwrap();
    let destination = server.image("app:v1");
    client
        .push_layout(layout.directory(), &destination)
        .await
        .unwrap();
    let verified = client.verify(&destination).await.unwrap();
    assert_eq!(verified.digest, built.digest);
    let of_base = client.verify(&reference).await.unwrap();
    assert_eq!(
        verified.platform(&arm).unwrap().layers,
        of_base.platform(&arm).unwrap().layers
    );
    let (_keep, other) = images::new_layout();
    let error = client
        .pull_base(&reference, &"linux/s390x".parse().unwrap(), &other)
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::Content(ContentError::PlatformMissing { .. })),
        "{error}"
    );
}

/// Standard output of `skopeo`; runs beside the registry, which lives in this process.
async fn skopeo(arguments: &[&str]) -> Vec<u8> {
    // Which signatures this machine wants of images is no concern of the test; TLS is verified all the same.
    let policy = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        policy.path(),
        r#"{"default": [{"type": "insecureAcceptAnything"}]}"#,
    )
    .unwrap();
    let mut command = Command::new("skopeo");
    command.arg("--policy").arg(policy.path()).args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap();
    let output = output.unwrap_or_else(|error| {
        panic!("cannot run skopeo ({error}); install Debian's package skopeo")
    });
    assert!(
        output.status.success(),
        "skopeo {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}
