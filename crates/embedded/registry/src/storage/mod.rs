//! Where content is kept: one interface, [`Storage`], and two stores behind it, [`Memory`] and [`Directory`].
//!
//! A store never sees content whose digest was not computed by this crate: it accepts only [`VerifiedDigest`]s.
//! A repository exists from its first blob or manifest on.

mod directory;
mod error;
mod index;
mod memory;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

pub use directory::{Directory, Durability, OpenError};
pub use error::StorageError;
pub use memory::Memory;

use crate::digest::Digest;
use crate::manifest::Descriptor;
use crate::name::{Reference, RepositoryName, Tag};
use crate::verify::VerifiedDigest;

/// Content on its way out of a store.
pub type ByteStream = BoxStream<'static, Result<Bytes, StorageError>>;

/// Receives one blob. Dropping it before [`BlobWriter::commit`] leaves nothing behind.
#[async_trait]
pub trait BlobWriter: Send {
    /// Appends bytes.
    async fn write(&mut self, bytes: Bytes) -> Result<(), StorageError>;

    /// Streams everything that was written so far, for verification with another algorithm.
    async fn read_back(&mut self) -> Result<ByteStream, StorageError>;

    /// Makes what was written the blob `digest` of `repository`, atomically. When it returns, the blob survives the
    /// end of the process. Committing a blob that exists already is no error.
    async fn commit(
        self: Box<Self>,
        repository: &RepositoryName,
        digest: &VerifiedDigest,
    ) -> Result<(), StorageError>;
}

/// A blob that was found; reading it can start at any offset.
pub trait BlobReader: Send {
    /// Length in bytes.
    fn size(&self) -> u64;

    /// Streams `range` (in bytes; must lie within the size).
    fn stream(self: Box<Self>, range: Range<u64>) -> ByteStream;
}

/// A manifest to store.
#[derive(Clone, Debug)]
pub struct NewManifest {
    /// Digest of the bytes.
    pub digest: VerifiedDigest,
    /// The bytes, exactly as they were received.
    pub bytes: Bytes,
    /// Media type to answer with.
    pub media_type: String,
    /// The manifest that this one refers to.
    pub subject: Option<Digest>,
    /// Artifact type for the subject's referrers list.
    pub artifact_type: Option<String>,
    /// Annotations for the subject's referrers list.
    pub annotations: Option<std::collections::BTreeMap<String, String>>,
}

/// A stored manifest without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestInfo {
    /// Digest of the bytes.
    pub digest: Digest,
    /// Media type to answer with.
    pub media_type: Cow<'static, str>,
    /// Length in bytes.
    pub size: u64,
}

/// A manifest in the referrers list of its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referrer {
    /// Digest of the manifest.
    pub digest: Digest,
    /// Its artifact type.
    pub artifact_type: Option<String>,
    /// Its descriptor as JSON, as it stands in the list.
    pub descriptor: String,
}

impl Referrer {
    pub(crate) fn new(descriptor: &Descriptor) -> Self {
        Self {
            digest: descriptor.digest.clone(),
            artifact_type: descriptor.artifact_type.clone(),
            descriptor: serde_json::to_string(descriptor)
                .expect("a descriptor has only text and numbers"),
        }
    }
}

/// One page of a tag list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPage {
    /// Tags in byte order.
    pub tags: Vec<Tag>,
    /// Whether there are tags after the last one of this page.
    pub more: bool,
}

/// A store of repositories with their blobs, manifests, tags and referrers.
///
/// Every method may be called concurrently. "Not found" is `None` or `false`, never an error.
#[async_trait]
pub trait Storage: Send + Sync + 'static {
    /// Begins to receive a blob; it belongs to no repository before it is committed.
    async fn begin_blob(&self) -> Result<Box<dyn BlobWriter>, StorageError>;

    /// Every repository in which anything was ever stored, in byte order.
    async fn repositories(&self) -> Result<Vec<RepositoryName>, StorageError>;

    /// Whether anything was ever stored under this name.
    async fn repository_exists(&self, repository: &RepositoryName) -> Result<bool, StorageError>;

    /// The length of a blob of this repository, in bytes.
    async fn blob_size(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<u64>, StorageError>;

    /// Opens a blob of this repository for reading.
    async fn open_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<Box<dyn BlobReader>>, StorageError>;

    /// Makes a blob of `source` also a blob of `target`, without copying bytes. `false`: `source` has no such blob.
    async fn mount_blob(
        &self,
        source: &RepositoryName,
        target: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError>;

    /// Repositories that have this blob.
    async fn blob_holders(&self, digest: &Digest) -> Result<Vec<RepositoryName>, StorageError>;

    /// Removes a blob from one repository. `false`: there was none.
    async fn delete_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError>;

    /// Stores a manifest and points `tags` at it, all or nothing.
    async fn put_manifest(
        &self,
        repository: &RepositoryName,
        manifest: NewManifest,
        tags: &[Tag],
    ) -> Result<(), StorageError>;

    /// Finds a manifest by tag or digest.
    async fn manifest_info(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<ManifestInfo>, StorageError>;

    /// Finds a manifest and reads its bytes.
    async fn manifest(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<(ManifestInfo, Bytes)>, StorageError>;

    /// Removes a tag; the manifest stays. `false`: there was none.
    async fn delete_tag(
        &self,
        repository: &RepositoryName,
        tag: &Tag,
    ) -> Result<bool, StorageError>;

    /// Removes a manifest, every tag that points at it, and its entry in its subject's referrers. `false`: there was none.
    async fn delete_manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError>;

    /// At most `limit` tags after `after`. `None`: the repository does not exist.
    async fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Option<TagPage>, StorageError>;

    /// The manifests whose subject is `subject`, in the order of their digests; empty where there are none.
    async fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
    ) -> Result<Vec<Arc<Referrer>>, StorageError>;
}
