//! Files: every content once in `content/`, linked into each repository that has it.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use tempfile::NamedTempFile;

use super::Durability;
use super::paths::{Paths, RepositoryPaths};
use crate::digest::{Algorithm, Digest};
use crate::storage::StorageError;
use crate::storage::error::FileContext as _;
use crate::verify::VerifiedDigest;

pub(super) struct Content {
    pub(super) paths: Paths,
    pub(super) durability: Durability,
}

impl Content {
    /// Creates the directories and removes unfinished uploads.
    pub(super) fn open(paths: Paths, durability: Durability) -> Result<Self, StorageError> {
        create_directory(&paths.repositories())?;
        create_directory(&paths.uploads())?;
        for entry in read_directory(&paths.uploads())? {
            fs::remove_file(entry.path()).file("remove the unfinished upload", &entry.path())?;
        }
        for algorithm in Algorithm::ALL {
            create_directory(&paths.content_of(algorithm.name()))?;
        }
        Ok(Self { paths, durability })
    }

    /// Removes content that no repository has: somebody was interrupted. A repository that links it at this very moment keeps its own link.
    pub(super) fn remove_orphans(&self) -> Result<(), StorageError> {
        for algorithm in Algorithm::ALL {
            for entry in read_directory(&self.paths.content_of(algorithm.name()))? {
                let path = entry.path();
                if size_and_links(&path)?.is_some_and(|(_, links)| links < 2) {
                    remove_if_present(&path)?;
                }
            }
        }
        Ok(())
    }

    /// A file in `uploads/` that disappears with its owner.
    pub(super) fn temporary(&self) -> Result<NamedTempFile, StorageError> {
        let uploads = self.paths.uploads();
        tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o644))
            .tempfile_in(&uploads)
            .file("create a temporary file in", &uploads)
    }

    /// Writes a whole file so that its name never shows half of it.
    pub(super) fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
        self.replace_with(path, |file| file.write_all(bytes))
    }

    /// As [`Content::replace`], for content that is made while it is written.
    pub(super) fn replace_with(
        &self,
        path: &Path,
        write: impl FnOnce(&mut BufWriter<&mut NamedTempFile>) -> io::Result<()>,
    ) -> Result<(), StorageError> {
        let mut file = self.temporary()?;
        let mut writer = BufWriter::new(&mut file);
        write(&mut writer)
            .and_then(|()| writer.flush())
            .file("write", path)?;
        drop(writer);
        self.sync(file.as_file(), path)?;
        file.persist(path)
            .map_err(|failure| failure.error)
            .file("replace", path)?;
        self.sync_parent(path)
    }

    /// Turns a complete temporary file into content of a repository.
    pub(super) fn commit(
        &self,
        file: NamedTempFile,
        repository: &RepositoryPaths,
        digest: &VerifiedDigest,
    ) -> Result<(), StorageError> {
        let digest = digest.digest();
        let (shared, own) = (self.paths.content(digest), repository.blob(digest));
        self.sync(file.as_file(), file.path())?;
        let temporary = file.path().to_owned();
        let size = fs::metadata(&temporary)
            .file("read the attributes of", &temporary)?
            .len();
        let is_whole = |path: &Path| {
            size_and_links(path).map(|found| found.is_some_and(|(found, _)| found == size))
        };
        loop {
            match fs::hard_link(&temporary, &shared) {
                Ok(()) => {}
                // It has as many links as the file system allows: this repository gets a copy of its own.
                Err(error) if error.kind() == ErrorKind::TooManyLinks => {}
                // Someone else stored the same bytes: share theirs. If they are deleted in between, start again.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    if !is_whole(&shared)? {
                        // A loss of power left it short.
                        remove_if_present(&shared)?;
                        continue;
                    }
                    match link(&shared, &own) {
                        Ok(true) if is_whole(&own)? => break,
                        Ok(true) => {}
                        Ok(false) => continue,
                        Err(StorageError::File { source, .. })
                            if source.kind() == ErrorKind::TooManyLinks => {}
                        Err(error) => return Err(error),
                    }
                }
                Err(error) => return Err(error).file("store the content", &shared),
            }
            file.persist(&own)
                .map_err(|failure| failure.error)
                .file("store the content", &own)?;
            // Renaming one link of a file over another does nothing at all.
            remove_if_present(&temporary)?;
            break;
        }
        self.sync_parent(&shared)?;
        self.sync_parent(&own)
    }

    /// Links content of one repository into another. `false`: the first one has no such content.
    pub(super) fn mount(
        &self,
        source: &RepositoryPaths,
        target: &RepositoryPaths,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        let path = target.blob(digest);
        let linked = link(&source.blob(digest), &path)?;
        self.sync_parent(&path)?;
        Ok(linked)
    }

    /// Removes content from a repository, and altogether when no other repository has it.
    pub(super) fn remove(
        &self,
        repository: &RepositoryPaths,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        let own = repository.blob(digest);
        if !remove_if_present(&own)? {
            return Ok(false);
        }
        self.sync_parent(&own)?;
        let shared = self.paths.content(digest);
        // A repository that links it at this very moment keeps its own link; only the sharing is lost.
        if size_and_links(&shared)?.is_some_and(|(_, links)| links == 1) {
            remove_if_present(&shared)?;
        }
        Ok(true)
    }

    /// Length in bytes of content of a repository.
    pub(super) fn size(
        &self,
        repository: &RepositoryPaths,
        digest: &Digest,
    ) -> Result<Option<u64>, StorageError> {
        Ok(size_and_links(&repository.blob(digest))?.map(|(size, _)| size))
    }

    pub(super) fn sync(&self, file: &File, path: &Path) -> Result<(), StorageError> {
        match self.durability {
            Durability::ProcessEnd => Ok(()),
            Durability::PowerLoss => file.sync_data().file("flush to disk", path),
        }
    }

    pub(super) fn sync_parent(&self, path: &Path) -> Result<(), StorageError> {
        match (self.durability, path.parent()) {
            (Durability::PowerLoss, Some(parent)) => File::open(parent)
                .and_then(|directory| directory.sync_all())
                .file("flush to disk", parent),
            _ => Ok(()),
        }
    }
}

pub(super) fn create_directory(path: &Path) -> Result<(), StorageError> {
    fs::create_dir_all(path).file("create the directory", path)
}

pub(super) fn read_directory(path: &Path) -> Result<Vec<fs::DirEntry>, StorageError> {
    fs::read_dir(path)
        .and_then(Iterator::collect)
        .file("list the directory", path)
}

/// Opens a file, if it exists.
pub(super) fn open_if_present(path: &Path) -> Result<Option<File>, StorageError> {
    present(File::open(path)).file("open", path)
}

/// Links `existing` to `new`, which may exist already. `false`: `existing` does not exist.
fn link(existing: &Path, new: &Path) -> Result<bool, StorageError> {
    match fs::hard_link(existing, new) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(true),
        // Not found may also mean the directory of the new one, and then waiting for the existing one would never end.
        Err(error)
            if error.kind() == ErrorKind::NotFound && !new.parent().is_some_and(Path::exists) =>
        {
            Err(error).file("link", new)
        }
        result => Ok(present(result).file("link", new)?.is_some()),
    }
}

fn remove_if_present(path: &Path) -> Result<bool, StorageError> {
    Ok(present(fs::remove_file(path))
        .file("remove", path)?
        .is_some())
}

fn size_and_links(path: &Path) -> Result<Option<(u64, u64)>, StorageError> {
    let metadata = present(fs::metadata(path)).file("read the attributes of", path)?;
    Ok(metadata.map(|metadata| (metadata.len(), metadata.nlink())))
}

fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
