//! The image assertions hold for what is true, and name each lie.

mod support;

use harness::images::{Destination, Lie, PushedImage, TrustedArtifact};
use harness::{Failure, Source, Verdict};
use support::Registry;

fn lie(verdict: Verdict) -> Lie {
    match verdict {
        Err(Failure::Lie(lie)) => *lie,
        other => panic!("expected a lie to be named, got {other:?}"),
    }
}

#[tokio::test]
async fn an_image_as_its_source_describes_it_is_believed() {
    let registry = Registry::start().await;
    let image = registry.build(&Source::sample(), "shop/web:1").await;
    image.is_as_described_by(&Source::sample()).await.unwrap();
    image
        .is_the_same_as(&registry.build(&Source::sample(), "shop/web:2").await)
        .unwrap();
}

#[tokio::test]
async fn a_tag_that_was_moved_is_named() {
    let registry = Registry::start().await;
    let image = registry.build(&Source::sample(), "shop/web:1").await;
    registry
        .build(
            &Source::sample().with_file("static/new.html", "new"),
            "shop/web:1",
        )
        .await;
    let lie = lie(image.is_as_described_by(&Source::sample()).await);
    assert!(matches!(lie, Lie::Pushed { .. }), "{lie}");
    assert!(lie.to_string().contains("tag moved"), "{lie}");
}

#[tokio::test]
async fn a_digest_that_was_never_pushed_is_named() {
    let registry = Registry::start().await;
    let image = registry.build(&Source::sample(), "shop/web:1").await;
    let invented = oci::Digest::sha256(b"invented");
    let claimed = PushedImage::new(
        registry.client.clone(),
        image.tagged().clone(),
        invented.clone(),
    );
    let lie = lie(claimed.is_as_described_by(&Source::sample()).await);
    assert!(lie.to_string().contains(invented.hex()), "{lie}");
}

#[tokio::test]
async fn an_image_that_was_never_pushed_is_named() {
    let registry = Registry::start().await;
    let nowhere = registry.reference("shop/nowhere:1");
    let claimed = PushedImage::new(registry.client.clone(), nowhere, oci::Digest::sha256(b""));
    let lie = lie(claimed.is_as_described_by(&Source::sample()).await);
    assert!(lie.to_string().contains("missing manifest"), "{lie}");
}

#[tokio::test]
async fn a_layer_that_is_missing_is_named_at_its_source_and_at_its_destination() {
    let registry = Registry::start().await;
    let image = registry.build(&Source::sample(), "shop/web:1").await;
    let destination = Destination::new(
        registry.client.clone(),
        registry.reference("shop/web"),
        &["1"],
    );
    destination.holds(&image).await.unwrap();
    let layer = image.exists().await.unwrap().platforms[0].layers[1]
        .digest
        .clone();
    registry.lose_blob("shop/web", &layer).await;

    let pushed = lie(image.is_as_described_by(&Source::sample()).await);
    assert!(
        matches!(pushed, Lie::Pushed { .. }) && pushed.to_string().contains("missing blob"),
        "{pushed}"
    );
    let released = lie(destination.holds(&image).await);
    assert!(
        matches!(released, Lie::Released { .. }) && released.to_string().contains("missing blob"),
        "{released}"
    );
}

#[tokio::test]
async fn an_image_of_another_source_is_named_file_by_file() {
    let registry = Registry::start().await;
    let other = Source::sample()
        .with_file("static/index.html", "<html>")
        .with_file("app/extra.py", "");
    let image = registry.build(&other, "shop/web:1").await;
    let lie = lie(image.is_as_described_by(&Source::sample()).await);
    let text = lie.to_string();
    assert!(matches!(lie, Lie::Content { .. }), "{text}");
    assert!(
        text.contains("file /srv/guestbook/index.html: expected"),
        "{text}"
    );
    assert!(
        text.contains("file /opt/guestbook/app/extra.py: expected no such file"),
        "{text}"
    );
}

#[tokio::test]
async fn a_release_of_another_image_is_named() {
    let registry = Registry::start().await;
    let image = registry.build(&Source::sample(), "shop/web:1").await;
    registry
        .build(
            &Source::sample().with_file("static/new.html", ""),
            "released/web:1.0",
        )
        .await;
    let destination = Destination::new(
        registry.client.clone(),
        registry.reference("released/web"),
        &["1.0"],
    );
    let lie = lie(destination.holds(&image).await);
    assert!(
        matches!(lie, Lie::Released { .. }) && lie.to_string().contains("tag moved"),
        "{lie}"
    );
}

#[tokio::test]
async fn a_destination_is_empty_until_something_is_pushed_there() {
    let registry = Registry::start().await;
    let destination = Destination::new(
        registry.client.clone(),
        registry.reference("released/web"),
        &[],
    );
    destination.is_empty().await.unwrap();
    registry.build(&Source::sample(), "released/web:1.0").await;
    let lie = lie(destination.is_empty().await);
    assert!(
        matches!(&lie, Lie::NotEmpty { tags, .. } if tags == &["1.0"]),
        "{lie}"
    );
}

#[tokio::test]
async fn two_different_images_are_not_reproducible() {
    let registry = Registry::start().await;
    let first = registry.build(&Source::sample(), "shop/web:1").await;
    let second = registry
        .build(&Source::sample().with_file("app/new.py", ""), "shop/web:2")
        .await;
    assert!(matches!(
        lie(second.is_the_same_as(&first)),
        Lie::NotReproducible { .. }
    ));
}

#[tokio::test]
async fn a_trusted_artifact_is_believed_when_it_holds_the_source_and_nothing_else() {
    let registry = Registry::start().await;
    let uri = registry.store(&Source::sample(), "shop/web").await;
    let artifact = TrustedArtifact::new(registry.client.clone(), &uri).unwrap();
    artifact.is(&Source::sample()).await.unwrap();
    artifact
        .is_stored_in(&registry.reference("shop/web:1"))
        .unwrap();
    let more = Source::sample().with_file("assets/logo.png", [0xff]);
    let lost = lie(artifact.is(&more).await);
    assert!(matches!(lost, Lie::Artifact { .. }), "{lost}");
    let text = lost.to_string();
    assert!(
        text.contains("file /assets/logo.png: expected 1 bytes"),
        "{text}"
    );
    let no_document = artifact.json("data.json").await.map(drop);
    assert!(matches!(lie(no_document), Lie::Artifact { .. }));
}

#[tokio::test]
async fn a_trusted_artifact_that_lies_elsewhere_is_named() {
    let registry = Registry::start().await;
    let uri = registry.store(&Source::sample(), "shop/web").await;
    let artifact = TrustedArtifact::new(registry.client.clone(), &uri).unwrap();
    let elsewhere = lie(artifact.is_stored_in(&registry.reference("shop/other")));
    assert!(
        matches!(elsewhere, Lie::ArtifactElsewhere { .. }),
        "{elsewhere}"
    );
}

#[tokio::test]
async fn a_trusted_artifact_whose_archive_is_gone_is_no_empty_one() {
    let registry = Registry::start().await;
    let uri = registry.store(&Source::sample(), "shop/web").await;
    let artifact = TrustedArtifact::new(registry.client.clone(), &uri).unwrap();
    let digest = uri.rsplit_once('@').unwrap().1.parse().unwrap();
    registry.lose_blob("shop/web", &digest).await;
    let gone = artifact.is(&Source::sample()).await.unwrap_err();
    assert!(gone.to_string().contains("missing blob"), "{gone}");
}
