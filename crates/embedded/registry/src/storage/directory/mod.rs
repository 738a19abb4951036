//! A store in a directory, as OCI image layouts that other tools can read.
//!
//! ```text
//! DIRECTORY/
//!   lock                               held while a process has the directory open
//!   uploads/                           blobs that are being received; emptied when the directory is opened
//!   small.log                          small contents that have no file yet; emptied within a moment
//!   content/sha256/<hex>               every content once, shared by all repositories through hard links
//!   repositories/team+app/             repository team/app: an OCI image layout
//!     oci-layout
//!     index.json                       follows the journal within a moment; for other tools, never read here
//!     blobs/sha256/<hex>
//!     journal.jsonl                    manifests and tags, in the order in which they were acknowledged
//! ```
//!
//! A `+` cannot occur in a repository name, so it stands for the `/`, and `team/app` and `team` need not share a directory.
//! Blobs appear by rename or link once their digest is verified, or, when they are small, by one append to `small.log`; manifests and tags
//! appear by one append to the journal. So
//! whatever was acknowledged is complete, and whatever was not is only in `uploads/`, `content/` or the torn last entry of a log, where it is
//! found and removed after [`Directory::open`]; or, for the bytes of a manifest that is not in the journal, among the repository's blobs, where they
//! stay as a blob. [`Durability`] says whether this holds for a loss of power as well.

mod cached;
mod content;
mod image_layout;
mod journal;
mod paths;
mod reader;
mod repository;
mod small_contents;
mod small_log;
mod store;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use self::store::Store;
use super::{
    BlobReader, BlobWriter, ManifestInfo, NewManifest, Referrer, Storage, StorageError, TagPage,
};
use crate::digest::Digest;
use crate::name::{Reference, RepositoryName, Tag};

/// What acknowledged content survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The end of the process in any way, `kill -9` included. Nothing waits for the disk.
    #[default]
    ProcessEnd,
    /// Loss of power too: every acknowledgement waits until the disk has the data (`fsync` of files and directories).
    PowerLoss,
}

/// Why a directory could not be opened as a store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error(
        "{0} is in use by another registry process; stop that one, or choose another directory"
    )]
    InUse(PathBuf),
    /// It could not be created, read or cleaned.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Content in a directory. Clones share it.
#[derive(Clone)]
pub struct Directory {
    store: Arc<Store>,
}

impl Directory {
    /// Opens or creates a store with [`Durability::ProcessEnd`] and removes what an earlier process left unfinished.
    ///
    /// # Errors
    /// [`OpenError::InUse`] while another process has it open; [`OpenError::Storage`] when the file system refuses.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(path, Durability::default())
    }

    /// As [`Directory::open`], with a choice of what acknowledged content survives.
    ///
    /// # Errors
    /// As [`Directory::open`].
    pub fn open_with(path: impl AsRef<Path>, durability: Durability) -> Result<Self, OpenError> {
        Ok(Self {
            store: Arc::new(Store::open(path.as_ref(), durability)?),
        })
    }

    /// Runs file system work where it may block.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Store>) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || work(&store))
            .await
            .map_err(|_| StorageError::Interrupted)?
    }
}

#[async_trait]
impl Storage for Directory {
    async fn begin_blob(&self) -> Result<Box<dyn BlobWriter>, StorageError> {
        Ok(Box::new(writer::DirectoryWriter::new(Arc::clone(
            &self.store,
        ))))
    }

    async fn repositories(&self) -> Result<Vec<RepositoryName>, StorageError> {
        self.run(|store| store.repositories()).await
    }

    async fn repository_exists(&self, repository: &RepositoryName) -> Result<bool, StorageError> {
        let repository = repository.clone();
        self.run(move |store| store.repository_exists(&repository))
            .await
    }

    async fn blob_size(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<u64>, StorageError> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.run(move |store| store.blob_size(&repository, &digest))
            .await
    }

    async fn open_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<Box<dyn BlobReader>>, StorageError> {
        if let Some(reader) = self.store.open_cached_blob(repository, digest) {
            return Ok(Some(reader));
        }
        let (repository, digest) = (repository.clone(), digest.clone());
        self.run(move |store| store.open_blob(&repository, &digest))
            .await
    }

    async fn mount_blob(
        &self,
        source: &RepositoryName,
        target: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        let (source, target, digest) = (source.clone(), target.clone(), digest.clone());
        self.run(move |store| store.mount_blob(&source, &target, &digest))
            .await
    }

    async fn blob_holders(&self, digest: &Digest) -> Result<Vec<RepositoryName>, StorageError> {
        let digest = digest.clone();
        self.run(move |store| store.blob_holders(&digest)).await
    }

    async fn delete_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.run(move |store| store.delete_blob(&repository, &digest))
            .await
    }

    async fn put_manifest(
        &self,
        repository: &RepositoryName,
        manifest: NewManifest,
        tags: &[Tag],
    ) -> Result<(), StorageError> {
        let (repository, tags) = (repository.clone(), tags.to_vec());
        self.run(move |store| store.put_manifest(&repository, &manifest, &tags))
            .await
    }

    async fn manifest_info(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<ManifestInfo>, StorageError> {
        let (repository, reference) = (repository.clone(), reference.clone());
        self.run(move |store| store.manifest_info(&repository, &reference))
            .await
    }

    async fn manifest(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<(ManifestInfo, Bytes)>, StorageError> {
        let (repository, reference) = (repository.clone(), reference.clone());
        self.run(move |store| store.manifest(&repository, &reference))
            .await
    }

    async fn delete_tag(
        &self,
        repository: &RepositoryName,
        tag: &Tag,
    ) -> Result<bool, StorageError> {
        let (repository, tag) = (repository.clone(), tag.clone());
        self.run(move |store| store.delete_tag(&repository, &tag))
            .await
    }

    async fn delete_manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.run(move |store| store.delete_manifest(&repository, &digest))
            .await
    }

    async fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Option<TagPage>, StorageError> {
        let (repository, after) = (repository.clone(), after.map(str::to_owned));
        self.run(move |store| store.tags(&repository, after.as_deref(), limit))
            .await
    }

    async fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
    ) -> Result<Vec<Arc<Referrer>>, StorageError> {
        let (repository, subject) = (repository.clone(), subject.clone());
        self.run(move |store| store.referrers(&repository, &subject))
            .await
    }
}
