//! What every store promises, checked against both.

use crate::support::content::{IMAGE_MANIFEST, noise, sha256};
use crate::support::leftovers::nothing_is_left;
use crate::support::stores::TestStore;
use bytes::Bytes;
use futures::TryStreamExt as _;
use registry::storage::{NewManifest, Storage};
use registry::{Algorithm, Digest, Reference, RepositoryName, Tag, VerifiedDigest};

crate::for_both_stores!(
    a_committed_blob_can_be_read_in_whole_and_in_part,
    a_blob_that_was_not_committed_leaves_nothing,
    what_was_written_can_be_read_back_before_the_commit,
    concurrent_commits_of_one_blob_leave_one_good_copy,
    a_mounted_blob_outlives_its_source,
    blobs_belong_to_their_repository_only,
    a_manifest_is_found_by_tag_and_digest_with_its_bytes_untouched,
    deleting_a_manifest_takes_its_tags_and_its_referrer_entry,
    deleting_a_tag_keeps_the_manifest,
    the_bytes_of_a_manifest_leave_with_the_manifest_only,
    tags_are_listed_in_byte_order_from_any_position,
    referrers_are_known_before_their_subject_is,
);

async fn a_committed_blob_can_be_read_in_whole_and_in_part(store: TestStore) {
    let storage = store.storage.as_ref();
    for size in [0, 1, 1000, 256 * 1024, 3_000_000] {
        let content = noise(size as u64, size);
        let digest = push(storage, "a/b", &content).await;
        assert_eq!(
            storage.blob_size(&name("a/b"), &digest).await.unwrap(),
            Some(size as u64)
        );
        assert_eq!(read(storage, "a/b", &digest, 0..size).await, content);
        assert_eq!(
            read(storage, "a/b", &digest, size / 3..size / 2).await,
            content[size / 3..size / 2]
        );
    }
}

async fn a_blob_that_was_not_committed_leaves_nothing(store: TestStore) {
    let content = noise(1, 1_000_000);
    let mut writer = store.storage.begin_blob().await.unwrap();
    writer.write(content.clone().into()).await.unwrap();
    drop(writer);
    assert_eq!(
        store
            .storage
            .blob_size(&name("a"), &sha256(&content))
            .await
            .unwrap(),
        None
    );
    assert!(!store.storage.repository_exists(&name("a")).await.unwrap());
    nothing_is_left(&store, &[sha256(&content)]).await;
}

async fn what_was_written_can_be_read_back_before_the_commit(store: TestStore) {
    let content = noise(2, 700_000);
    let mut writer = store.storage.begin_blob().await.unwrap();
    for piece in content.chunks(300_000) {
        writer.write(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    let read: Vec<Bytes> = writer
        .read_back()
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(read.concat(), content);
    let digest = VerifiedDigest::of(Algorithm::Sha512, &content);
    writer.commit(&name("a"), &digest).await.unwrap();
    assert_eq!(
        self::read(
            store.storage.as_ref(),
            "a",
            digest.digest(),
            0..content.len()
        )
        .await,
        content
    );
}

async fn concurrent_commits_of_one_blob_leave_one_good_copy(store: TestStore) {
    let content = noise(3, 500_000);
    let pushes = (0..8).map(|number| {
        let (storage, content) = (store.storage.clone(), content.clone());
        tokio::spawn(async move { push(storage.as_ref(), ["a", "b"][number % 2], &content).await })
    });
    for push in pushes.collect::<Vec<_>>() {
        push.await.unwrap();
    }
    for repository in ["a", "b"] {
        assert_eq!(
            read(
                store.storage.as_ref(),
                repository,
                &sha256(&content),
                0..content.len()
            )
            .await,
            content
        );
    }
}

async fn a_mounted_blob_outlives_its_source(store: TestStore) {
    let storage = store.storage.as_ref();
    let digest = push(storage, "source", b"content").await;
    assert!(
        storage
            .mount_blob(&name("source"), &name("team/target"), &digest)
            .await
            .unwrap()
    );
    assert!(
        !storage
            .mount_blob(&name("absent"), &name("target"), &digest)
            .await
            .unwrap()
    );
    let mut holders = storage.blob_holders(&digest).await.unwrap();
    holders.sort();
    assert_eq!(holders, [name("source"), name("team/target")]);
    assert!(storage.delete_blob(&name("source"), &digest).await.unwrap());
    assert_eq!(
        read(storage, "team/target", &digest, 0..7).await,
        b"content"
    );
}

async fn blobs_belong_to_their_repository_only(store: TestStore) {
    let storage = store.storage.as_ref();
    let digest = push(storage, "a", b"content").await;
    for other in ["b", "a/b", "a/a"] {
        assert!(
            storage
                .open_blob(&name(other), &digest)
                .await
                .unwrap()
                .is_none()
        );
        assert!(!storage.delete_blob(&name(other), &digest).await.unwrap());
    }
    assert!(storage.delete_blob(&name("a"), &digest).await.unwrap());
    assert!(!storage.delete_blob(&name("a"), &digest).await.unwrap());
    assert_eq!(storage.blob_holders(&digest).await.unwrap(), []);
}

async fn a_manifest_is_found_by_tag_and_digest_with_its_bytes_untouched(store: TestStore) {
    let storage = store.storage.as_ref();
    let digest = put(storage, "{ \"unknown\" :  1 }", &["v1", "v2"], None).await;
    for reference in [digest.as_str(), "v1", "v2"] {
        let (info, bytes) = storage
            .manifest(&name("app"), &reference.parse().unwrap())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (info.digest, info.media_type, &bytes[..]),
            (
                digest.clone(),
                IMAGE_MANIFEST.into(),
                &b"{ \"unknown\" :  1 }"[..]
            )
        );
    }
    let moved = put(storage, "{}", &["v1"], None).await;
    let info = storage
        .manifest_info(&name("app"), &Reference::Tag(tag("v1")))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((info.digest, info.size), (moved, 2));
}

async fn deleting_a_manifest_takes_its_tags_and_its_referrer_entry(store: TestStore) {
    let storage = store.storage.as_ref();
    let subject = sha256(b"subject");
    let digest = put(storage, "{}", &["v1"], Some(&subject)).await;
    assert_eq!(
        storage
            .referrers(&name("app"), &subject)
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(
        storage
            .delete_manifest(&name("app"), &digest)
            .await
            .unwrap()
    );
    assert!(
        !storage
            .delete_manifest(&name("app"), &digest)
            .await
            .unwrap()
    );
    assert_eq!(
        storage
            .manifest_info(&name("app"), &Reference::Tag(tag("v1")))
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        storage
            .tags(&name("app"), None, 10)
            .await
            .unwrap()
            .unwrap()
            .tags,
        []
    );
    assert_eq!(storage.referrers(&name("app"), &subject).await.unwrap(), []);
}

async fn deleting_a_tag_keeps_the_manifest(store: TestStore) {
    let storage = store.storage.as_ref();
    let digest = put(storage, "{}", &["v1", "v2"], None).await;
    assert!(storage.delete_tag(&name("app"), &tag("v1")).await.unwrap());
    assert!(!storage.delete_tag(&name("app"), &tag("v1")).await.unwrap());
    assert!(
        storage
            .manifest_info(&name("app"), &Reference::Digest(digest))
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        storage
            .manifest_info(&name("app"), &Reference::Tag(tag("v2")))
            .await
            .unwrap()
            .is_some()
    );
}

async fn the_bytes_of_a_manifest_leave_with_the_manifest_only(store: TestStore) {
    let storage = store.storage.as_ref();
    let digest = put(storage, "{}", &[], None).await;
    assert!(!storage.delete_blob(&name("app"), &digest).await.unwrap());
    assert!(
        storage
            .manifest(&name("app"), &Reference::Digest(digest.clone()))
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        storage
            .delete_manifest(&name("app"), &digest)
            .await
            .unwrap()
    );
    assert_eq!(
        storage.blob_size(&name("app"), &digest).await.unwrap(),
        None
    );
}

async fn tags_are_listed_in_byte_order_from_any_position(store: TestStore) {
    let storage = store.storage.as_ref();
    assert_eq!(storage.tags(&name("app"), None, 10).await.unwrap(), None);
    put(storage, "{}", &["b", "B", "a", "1", "_"], None).await;
    let page = |after, limit| async move {
        let page = storage
            .tags(&name("app"), after, limit)
            .await
            .unwrap()
            .unwrap();
        (
            page.tags
                .iter()
                .map(Tag::to_string)
                .collect::<Vec<_>>()
                .join(" "),
            page.more,
        )
    };
    assert_eq!(page(None, 10).await, ("1 B _ a b".to_owned(), false));
    assert_eq!(page(None, 2).await, ("1 B".to_owned(), true));
    assert_eq!(page(Some("B"), 3).await, ("_ a b".to_owned(), false));
    assert_eq!(page(Some("A"), 1).await, ("B".to_owned(), true));
    assert_eq!(page(Some("~ no tag"), 10).await, (String::new(), false));
    assert_eq!(page(None, 0).await, (String::new(), true));
}

async fn referrers_are_known_before_their_subject_is(store: TestStore) {
    let storage = store.storage.as_ref();
    let subject = sha256(b"{\"subject\":true}");
    let referrer = put(storage, "{}", &[], Some(&subject)).await;
    let referrers = storage.referrers(&name("app"), &subject).await.unwrap();
    assert_eq!(referrers.len(), 1);
    assert_eq!(referrers[0].digest, referrer);
    assert_eq!(
        referrers[0].artifact_type.as_deref(),
        Some("application/example")
    );
    assert_eq!(
        storage.referrers(&name("other"), &subject).await.unwrap(),
        []
    );
}

fn name(text: &str) -> RepositoryName {
    text.parse().unwrap()
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

async fn push(storage: &dyn Storage, repository: &str, content: &[u8]) -> Digest {
    let mut writer = storage.begin_blob().await.unwrap();
    writer.write(Bytes::copy_from_slice(content)).await.unwrap();
    let digest = VerifiedDigest::of(Algorithm::Sha256, content);
    writer.commit(&name(repository), &digest).await.unwrap();
    digest.digest().clone()
}

async fn read(
    storage: &dyn Storage,
    repository: &str,
    digest: &Digest,
    range: std::ops::Range<usize>,
) -> Vec<u8> {
    let reader = storage
        .open_blob(&name(repository), digest)
        .await
        .unwrap()
        .unwrap();
    let pieces: Vec<Bytes> = reader
        .stream(range.start as u64..range.end as u64)
        .try_collect()
        .await
        .unwrap();
    pieces.concat()
}

async fn put(
    storage: &dyn Storage,
    bytes: &str,
    tags: &[&str],
    subject: Option<&Digest>,
) -> Digest {
    let digest = VerifiedDigest::of(Algorithm::Sha256, bytes.as_bytes());
    let manifest = NewManifest {
        digest: digest.clone(),
        bytes: Bytes::copy_from_slice(bytes.as_bytes()),
        media_type: IMAGE_MANIFEST.to_owned(),
        subject: subject.cloned(),
        artifact_type: Some("application/example".to_owned()),
        annotations: None,
    };
    let tags: Vec<Tag> = tags.iter().map(|text| tag(text)).collect();
    storage
        .put_manifest(&name("app"), manifest, &tags)
        .await
        .unwrap();
    digest.digest().clone()
}
