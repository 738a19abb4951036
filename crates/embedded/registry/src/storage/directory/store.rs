//! What the store does, in blocking calls.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tempfile::NamedTempFile;

use super::content::{Content, create_directory, open_if_present, read_directory};
use super::image_layout::Publisher;
use super::journal::Entry;
use super::paths::{Paths, repository_name};
use super::reader::DirectoryReader;
use super::repository::Repository;
use super::{Durability, OpenError};
use crate::digest::Digest;
use crate::name::{Reference, RepositoryName, Tag};
use crate::storage::error::FileContext as _;
use crate::storage::index::ManifestRecord;
use crate::storage::{BlobReader, ManifestInfo, NewManifest, Referrer, StorageError, TagPage};
use crate::verify::VerifiedDigest;

pub(super) struct Store {
    content: Arc<Content>,
    repositories: Mutex<HashMap<RepositoryName, Arc<Repository>>>,
    publisher: Publisher,
    /// Last, so that it is released after the publisher has written what was left.
    _lock: File,
}

impl Store {
    pub(super) fn open(root: &Path, durability: Durability) -> Result<Self, OpenError> {
        create_directory(root)?;
        let paths = Paths::new(root);
        let lock = lock(&paths)?;
        let content = Arc::new(Content::open(paths, durability)?);
        let publisher =
            Publisher::start(Arc::clone(&content)).file("start the index.json writer of", root)?;
        Ok(Self {
            content,
            repositories: Mutex::default(),
            publisher,
            _lock: lock,
        })
    }

    fn find(&self, name: &RepositoryName) -> Result<Option<Arc<Repository>>, StorageError> {
        let mut repositories = self
            .repositories
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(repository) = repositories.get(name) {
            return Ok(Some(Arc::clone(repository)));
        }
        let paths = self.content.paths.repository(name);
        if !paths.root().try_exists().file("look for", paths.root())? {
            return Ok(None);
        }
        let repository = Arc::new(Repository::open(paths, &self.content)?);
        // An earlier process may have ended before its last changes reached the index.json.
        self.publisher.changed(&repository);
        repositories.insert(name.clone(), Arc::clone(&repository));
        Ok(Some(repository))
    }

    fn find_or_create(&self, name: &RepositoryName) -> Result<Arc<Repository>, StorageError> {
        if let Some(repository) = self.find(name)? {
            return Ok(repository);
        }
        create_directory(self.content.paths.repository(name).root())?;
        self.find(name)?.ok_or(StorageError::Interrupted)
    }

    pub(super) fn temporary(&self) -> Result<NamedTempFile, StorageError> {
        self.content.temporary()
    }

    pub(super) fn commit_blob(
        &self,
        file: NamedTempFile,
        repository: &RepositoryName,
        digest: &VerifiedDigest,
    ) -> Result<(), StorageError> {
        self.content
            .commit(file, &self.find_or_create(repository)?.paths, digest)
    }

    pub(super) fn repository_exists(&self, name: &RepositoryName) -> Result<bool, StorageError> {
        Ok(self.find(name)?.is_some())
    }

    pub(super) fn blob_size(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<u64>, StorageError> {
        self.content
            .size(&self.content.paths.repository(repository), digest)
    }

    pub(super) fn open_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<Box<dyn BlobReader>>, StorageError> {
        let path = self.content.paths.repository(repository).blob(digest);
        let Some(file) = open_if_present(&path)? else {
            return Ok(None);
        };
        Ok(Some(Box::new(DirectoryReader::new(file, path)?)))
    }

    pub(super) fn mount_blob(
        &self,
        source: &RepositoryName,
        target: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        let source = self.content.paths.repository(source);
        if self.content.size(&source, digest)?.is_none() {
            return Ok(false);
        }
        self.content
            .mount(&source, &self.find_or_create(target)?.paths, digest)
    }

    pub(super) fn blob_holders(
        &self,
        digest: &Digest,
    ) -> Result<Vec<RepositoryName>, StorageError> {
        let mut holders = Vec::new();
        if !self.content.paths.content(digest).exists() {
            return Ok(holders);
        }
        for entry in read_directory(&self.content.paths.repositories())? {
            let Some(name) = entry.file_name().to_str().and_then(repository_name) else {
                continue;
            };
            if self.blob_size(&name, digest)?.is_some() {
                holders.push(name);
            }
        }
        Ok(holders)
    }

    pub(super) fn delete_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        let Some(repository) = self.find(repository)? else {
            return Ok(false);
        };
        let state = repository.state();
        // The bytes of a manifest leave with the manifest.
        Ok(!state.index.has_manifest(digest) && self.content.remove(&repository.paths, digest)?)
    }

    pub(super) fn put_manifest(
        &self,
        repository: &RepositoryName,
        manifest: &NewManifest,
        tags: &[Tag],
    ) -> Result<(), StorageError> {
        let repository = self.find_or_create(repository)?;
        let mut file = self.temporary()?;
        file.write_all(&manifest.bytes).file("write", file.path())?;
        let mut state = repository.state();
        self.content
            .commit(file, &repository.paths, &manifest.digest)?;
        state.record(
            Entry::put(ManifestRecord::from(manifest), tags.to_vec()),
            &self.content,
        )?;
        self.publisher.changed(&repository);
        Ok(())
    }

    pub(super) fn manifest_info(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<ManifestInfo>, StorageError> {
        Ok(self
            .find(repository)?
            .and_then(|repository| repository.state().index.info(reference)))
    }

    pub(super) fn manifest(
        &self,
        name: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<(ManifestInfo, Bytes)>, StorageError> {
        let Some(repository) = self.find(name)? else {
            return Ok(None);
        };
        let Some(info) = repository.state().index.info(reference) else {
            return Ok(None);
        };
        let path = repository.paths.blob(&info.digest);
        let Some(mut file) = open_if_present(&path)? else {
            return Ok(None);
        };
        let mut bytes = Vec::with_capacity(usize::try_from(info.size).unwrap_or_default());
        file.read_to_end(&mut bytes).file("read", &path)?;
        Ok(Some((info, bytes.into())))
    }

    pub(super) fn delete_tag(
        &self,
        repository: &RepositoryName,
        tag: &Tag,
    ) -> Result<bool, StorageError> {
        let Some(repository) = self.find(repository)? else {
            return Ok(false);
        };
        let mut state = repository.state();
        if state.index.info(&Reference::Tag(tag.clone())).is_none() {
            return Ok(false);
        }
        state.record(Entry::DeleteTag(tag.clone()), &self.content)?;
        self.publisher.changed(&repository);
        Ok(true)
    }

    pub(super) fn delete_manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        let Some(repository) = self.find(repository)? else {
            return Ok(false);
        };
        let mut state = repository.state();
        if !state.index.has_manifest(digest) {
            return Ok(false);
        }
        state.record(Entry::DeleteManifest(digest.clone()), &self.content)?;
        self.content.remove(&repository.paths, digest)?;
        self.publisher.changed(&repository);
        Ok(true)
    }

    pub(super) fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Option<TagPage>, StorageError> {
        Ok(self
            .find(repository)?
            .map(|repository| repository.state().index.tags(after, limit)))
    }

    pub(super) fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
    ) -> Result<Vec<Arc<Referrer>>, StorageError> {
        Ok(self
            .find(repository)?
            .map(|repository| repository.state().index.referrers(subject))
            .unwrap_or_default())
    }
}

fn lock(paths: &Paths) -> Result<File, OpenError> {
    let path = paths.lock();
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .file("create", &path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(paths.root().to_owned())),
        Err(TryLockError::Error(error)) => Err(OpenError::Storage(StorageError::File {
            action: "lock",
            path,
            source: error,
        })),
    }
}
