//! A store that lives and dies with the process, for tests and throw-away deployments.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};

use super::index::{ManifestRecord, RepositoryIndex};
use super::{
    BlobReader, BlobWriter, ByteStream, ManifestInfo, NewManifest, Referrer, Storage, StorageError,
    TagPage,
};
use crate::digest::Digest;
use crate::name::{Reference, RepositoryName, Tag};
use crate::verify::VerifiedDigest;

/// How much of a blob is handed out at once, in bytes.
const CHUNK: usize = 256 * 1024;

#[derive(Default)]
struct Repository {
    index: RepositoryIndex,
    content: HashMap<Digest, Bytes>,
}

type Repositories = HashMap<RepositoryName, Repository>;

/// Content in memory. Clones share it.
#[derive(Clone, Default)]
pub struct Memory {
    repositories: Arc<RwLock<Repositories>>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn read(&self) -> RwLockReadGuard<'_, Repositories> {
        self.repositories
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Repositories> {
        self.repositories
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn content(&self, repository: &RepositoryName, digest: &Digest) -> Option<Bytes> {
        self.read().get(repository)?.content.get(digest).cloned()
    }
}

struct MemoryWriter {
    store: Memory,
    written: BytesMut,
}

#[async_trait]
impl BlobWriter for MemoryWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StorageError> {
        self.written.extend_from_slice(&bytes);
        Ok(())
    }

    async fn read_back(&mut self) -> Result<ByteStream, StorageError> {
        Ok(chunks(Bytes::copy_from_slice(&self.written)))
    }

    async fn commit(
        self: Box<Self>,
        repository: &RepositoryName,
        digest: &VerifiedDigest,
    ) -> Result<(), StorageError> {
        let Self { store, written } = *self;
        let mut repositories = store.write();
        let repository = repositories.entry(repository.clone()).or_default();
        repository
            .content
            .insert(digest.digest().clone(), written.freeze());
        Ok(())
    }
}

/// Streams a blob that is in memory.
pub(super) struct MemoryReader(pub(super) Bytes);

impl BlobReader for MemoryReader {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn stream(self: Box<Self>, range: Range<u64>) -> ByteStream {
        let position = |offset: u64| {
            usize::try_from(offset)
                .unwrap_or(usize::MAX)
                .min(self.0.len())
        };
        chunks(self.0.slice(position(range.start)..position(range.end)))
    }
}

fn chunks(content: Bytes) -> ByteStream {
    stream::unfold(content, |mut rest| async move {
        let next = rest.split_to(rest.len().min(CHUNK));
        (!next.is_empty()).then_some((Ok(next), rest))
    })
    .boxed()
}

#[async_trait]
impl Storage for Memory {
    async fn begin_blob(&self) -> Result<Box<dyn BlobWriter>, StorageError> {
        Ok(Box::new(MemoryWriter {
            store: self.clone(),
            written: BytesMut::new(),
        }))
    }

    async fn repositories(&self) -> Result<Vec<RepositoryName>, StorageError> {
        let mut names: Vec<_> = self.read().keys().cloned().collect();
        names.sort();
        Ok(names)
    }

    async fn repository_exists(&self, repository: &RepositoryName) -> Result<bool, StorageError> {
        Ok(self.read().contains_key(repository))
    }

    async fn blob_size(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<u64>, StorageError> {
        Ok(self
            .content(repository, digest)
            .map(|content| content.len() as u64))
    }

    async fn open_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<Box<dyn BlobReader>>, StorageError> {
        Ok(self
            .content(repository, digest)
            .map(|content| Box::new(MemoryReader(content)) as Box<dyn BlobReader>))
    }

    async fn mount_blob(
        &self,
        source: &RepositoryName,
        target: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        let mut repositories = self.write();
        let Some(content) = repositories
            .get(source)
            .and_then(|repository| repository.content.get(digest))
            .cloned()
        else {
            return Ok(false);
        };
        repositories
            .entry(target.clone())
            .or_default()
            .content
            .insert(digest.clone(), content);
        Ok(true)
    }

    async fn blob_holders(&self, digest: &Digest) -> Result<Vec<RepositoryName>, StorageError> {
        let repositories = self.read();
        let holders = repositories
            .iter()
            .filter(|(_, repository)| repository.content.contains_key(digest));
        Ok(holders.map(|(name, _)| name.clone()).collect())
    }

    async fn delete_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        let mut repositories = self.write();
        Ok(repositories.get_mut(repository).is_some_and(|repository| {
            !repository.index.has_manifest(digest) && repository.content.remove(digest).is_some()
        }))
    }

    async fn put_manifest(
        &self,
        repository: &RepositoryName,
        manifest: NewManifest,
        tags: &[Tag],
    ) -> Result<(), StorageError> {
        let mut repositories = self.write();
        let repository = repositories.entry(repository.clone()).or_default();
        repository.index.put(&ManifestRecord::from(&manifest), tags);
        repository
            .content
            .insert(manifest.digest.digest().clone(), manifest.bytes);
        Ok(())
    }

    async fn manifest_info(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<ManifestInfo>, StorageError> {
        Ok(self
            .read()
            .get(repository)
            .and_then(|repository| repository.index.info(reference)))
    }

    async fn manifest(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<(ManifestInfo, Bytes)>, StorageError> {
        let repositories = self.read();
        let found = repositories.get(repository).and_then(|repository| {
            let info = repository.index.info(reference)?;
            let bytes = repository.content.get(&info.digest)?.clone();
            Some((info, bytes))
        });
        Ok(found)
    }

    async fn delete_tag(
        &self,
        repository: &RepositoryName,
        tag: &Tag,
    ) -> Result<bool, StorageError> {
        Ok(self
            .write()
            .get_mut(repository)
            .is_some_and(|repository| repository.index.delete_tag(tag)))
    }

    async fn delete_manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        let mut repositories = self.write();
        let Some(repository) = repositories.get_mut(repository) else {
            return Ok(false);
        };
        let deleted = repository.index.delete_manifest(digest);
        if deleted {
            repository.content.remove(digest);
        }
        Ok(deleted)
    }

    async fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Option<TagPage>, StorageError> {
        Ok(self
            .read()
            .get(repository)
            .map(|repository| repository.index.tags(after, limit)))
    }

    async fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
    ) -> Result<Vec<Arc<Referrer>>, StorageError> {
        Ok(self
            .read()
            .get(repository)
            .map(|repository| repository.index.referrers(subject))
            .unwrap_or_default())
    }
}
