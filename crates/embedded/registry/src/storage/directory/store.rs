//! What the store does, in blocking calls.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tempfile::NamedTempFile;

use super::cached;
use super::content::{Content, create_directory, open_if_present, read_directory};
use super::image_layout::Publisher;
use super::journal::Entry;
use super::paths::{Paths, repository_name};
use super::reader::DirectoryReader;
use super::repository::Repository;
use super::small_contents::SmallContents;
use super::{Durability, OpenError};
use crate::digest::Digest;
use crate::name::{Reference, RepositoryName, Tag};
use crate::storage::error::FileContext as _;
use crate::storage::index::ManifestRecord;
use crate::storage::memory::MemoryReader;
use crate::storage::{BlobReader, ManifestInfo, NewManifest, Referrer, StorageError, TagPage};
use crate::verify::VerifiedDigest;

pub(super) struct Store {
    content: Arc<Content>,
    repositories: Mutex<HashMap<RepositoryName, Arc<Repository>>>,
    publisher: Publisher,
    small: Arc<SmallContents>,
    /// Last, so that it is released after the publisher has written what was left.
    _lock: File,
}

impl Store {
    pub(super) fn open(root: &Path, durability: Durability) -> Result<Self, OpenError> {
        create_directory(root)?;
        let paths = Paths::new(root);
        let lock = lock(&paths)?;
        let content = Arc::new(Content::open(paths, durability)?);
        let small = Arc::new(SmallContents::open(Arc::clone(&content))?);
        let publisher = Publisher::start(Arc::clone(&content), Arc::clone(&small))
            .file("start the index.json writer of", root)?;
        Ok(Self {
            content,
            repositories: Mutex::default(),
            publisher,
            small,
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
        let root = paths.root();
        match fs::symlink_metadata(root) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            // A link would lead out of the directory.
            Ok(metadata) if !metadata.is_dir() => {
                return Err(StorageError::Damaged {
                    path: root.to_owned(),
                    reason: "it is not a directory of its own".to_owned(),
                });
            }
            Ok(_) => {}
            Err(error) => return Err(error).file("look for", root),
        }
        let repository = Arc::new(Repository::open(name.clone(), paths, &self.content)?);
        // An earlier process may have ended before its last changes reached the index.json.
        self.publisher.changed(&repository);
        repositories.insert(name.clone(), Arc::clone(&repository));
        Ok(Some(repository))
    }

    pub(super) fn find_or_create(
        &self,
        name: &RepositoryName,
    ) -> Result<Arc<Repository>, StorageError> {
        if let Some(repository) = self.find(name)? {
            return Ok(repository);
        }
        create_directory(self.content.paths.repository(name).root())?;
        self.find(name)?.ok_or(StorageError::Interrupted)
    }

    pub(super) fn temporary(&self) -> Result<NamedTempFile, StorageError> {
        self.content.temporary()
    }

    /// Makes the content of a temporary file a blob.
    pub(super) fn commit_blob(
        &self,
        file: NamedTempFile,
        repository: &RepositoryName,
        digest: &VerifiedDigest,
    ) -> Result<(), StorageError> {
        self.content
            .commit(file, &self.find_or_create(repository)?.paths, digest)
    }

    /// Makes content that is in memory a blob, or the bytes of a manifest.
    pub(super) fn commit_small(
        &self,
        bytes: Bytes,
        repository: &Repository,
        digest: &VerifiedDigest,
    ) -> Result<(), StorageError> {
        if self.small.commit(&repository.name, digest, bytes.clone())? {
            return Ok(());
        }
        let mut file = self.temporary()?;
        file.write_all(&bytes).file("write", file.path())?;
        self.content.commit(file, &repository.paths, digest)
    }

    /// Removes content from a repository, wherever it is.
    fn remove(&self, repository: &Repository, digest: &Digest) -> Result<bool, StorageError> {
        let unlink = || self.content.remove(&repository.paths, digest);
        self.small.remove(&repository.name, digest, unlink)
    }

    pub(super) fn repositories(&self) -> Result<Vec<RepositoryName>, StorageError> {
        let entries = read_directory(&self.content.paths.repositories())?;
        let is_directory = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        let name = |entry: fs::DirEntry| entry.file_name().to_str().and_then(repository_name);
        let mut names: Vec<_> = entries
            .into_iter()
            .filter(is_directory)
            .filter_map(name)
            .collect();
        names.sort();
        Ok(names)
    }

    pub(super) fn repository_exists(&self, name: &RepositoryName) -> Result<bool, StorageError> {
        Ok(self.find(name)?.is_some())
    }

    pub(super) fn blob_size(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<u64>, StorageError> {
        if let Some(bytes) = self.small.get(repository, digest) {
            return Ok(Some(bytes.len() as u64));
        }
        match self.find(repository)? {
            Some(repository) => self.content.size(&repository.paths, digest),
            None => Ok(None),
        }
    }

    /// A blob that can be opened without waiting for the disk; `None`: ask [`Store::open_blob`].
    pub(super) fn open_cached_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Option<Box<dyn BlobReader>> {
        if let Some(bytes) = self.small.get(repository, digest) {
            return Some(Box::new(MemoryReader(bytes)));
        }
        let repositories = self
            .repositories
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let path = repositories.get(repository)?.paths.blob(digest);
        drop(repositories);
        let reader = DirectoryReader::new(cached::open(&path)?, path).ok()?;
        Some(Box::new(reader))
    }

    pub(super) fn open_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<Box<dyn BlobReader>>, StorageError> {
        let Some(repository) = self.find(repository)? else {
            return Ok(None);
        };
        let path = repository.paths.blob(digest);
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
        self.small.settle(source, digest)?;
        let Some(source) = self.find(source)? else {
            return Ok(false);
        };
        if self.content.size(&source.paths, digest)?.is_none() {
            return Ok(false);
        }
        self.content
            .mount(&source.paths, &self.find_or_create(target)?.paths, digest)
    }

    pub(super) fn blob_holders(
        &self,
        digest: &Digest,
    ) -> Result<Vec<RepositoryName>, StorageError> {
        let mut holders = Vec::new();
        self.small.settle_all(None)?;
        if !self.content.paths.content(digest).exists() {
            return Ok(holders);
        }
        for name in self.repositories()? {
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
        Ok(!state.index.has_manifest(digest) && self.remove(&repository, digest)?)
    }

    pub(super) fn put_manifest(
        &self,
        repository: &RepositoryName,
        manifest: &NewManifest,
        tags: &[Tag],
    ) -> Result<(), StorageError> {
        let repository = self.find_or_create(repository)?;
        let mut state = repository.state();
        self.commit_small(manifest.bytes.clone(), &repository, &manifest.digest)?;
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
        // A tag can be moved, and what it named be deleted, between a look at the list and a look at the file.
        let mut seen = None;
        loop {
            let Some(info) = repository.state().index.info(reference) else {
                return Ok(None);
            };
            if let Some(bytes) = self.manifest_bytes(&repository, &info)? {
                return Ok(Some((info, bytes)));
            }
            if seen.replace(info.digest.clone()) == Some(info.digest) {
                return Ok(None);
            }
        }
    }

    fn manifest_bytes(
        &self,
        repository: &Repository,
        info: &ManifestInfo,
    ) -> Result<Option<Bytes>, StorageError> {
        if let Some(bytes) = self.small.get(&repository.name, &info.digest) {
            return Ok(Some(bytes));
        }
        let path = repository.paths.blob(&info.digest);
        let Some(mut file) = open_if_present(&path)? else {
            return Ok(None);
        };
        let mut bytes = Vec::with_capacity(usize::try_from(info.size).unwrap_or_default());
        file.read_to_end(&mut bytes).file("read", &path)?;
        Ok(Some(bytes.into()))
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
        self.remove(&repository, digest)?;
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
