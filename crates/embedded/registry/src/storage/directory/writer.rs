//! Receives a blob into a temporary file.

use std::io::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tempfile::NamedTempFile;
use tokio::task::JoinHandle;

use super::reader::DirectoryReader;
use super::store::Store;
use crate::name::RepositoryName;
use crate::storage::error::FileContext as _;
use crate::storage::{BlobReader as _, BlobWriter, ByteStream, StorageError};
use crate::verify::VerifiedDigest;

/// How much is gathered in memory before it is written, in bytes. Smaller blobs touch the disk once, at their commit.
const GATHERED: usize = 64 * 1024;

/// Shorter frames are copied together, in bytes.
const SMALL_FRAME: usize = 1024;

type Written = Result<Option<NamedTempFile>, StorageError>;

/// One write is under way while the next bytes are received and hashed, so an upload holds at most twice [`GATHERED`].
pub(super) struct DirectoryWriter {
    store: Arc<Store>,
    gathered: Vec<Bytes>,
    length: usize,
    file: File,
}

/// Where the temporary file is at the moment.
enum File {
    Here(Option<NamedTempFile>),
    BeingWritten(JoinHandle<Written>),
}

impl DirectoryWriter {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            gathered: Vec::new(),
            length: 0,
            file: File::Here(None),
        }
    }

    /// Waits until the write that is under way has ended, and takes the file.
    async fn file(&mut self) -> Written {
        match std::mem::replace(&mut self.file, File::Here(None)) {
            File::Here(file) => Ok(file),
            File::BeingWritten(task) => task.await.map_err(|_| StorageError::Interrupted)?,
        }
    }

    async fn begin_write(&mut self) -> Result<(), StorageError> {
        let (file, store) = (self.file().await?, Arc::clone(&self.store));
        let gathered = std::mem::take(&mut self.gathered);
        self.length = 0;
        let write = move || written(&store, file, &gathered).map(Some);
        self.file = File::BeingWritten(tokio::task::spawn_blocking(write));
        Ok(())
    }
}

/// The temporary file, created if need be, with `gathered` appended.
fn written(
    store: &Store,
    file: Option<NamedTempFile>,
    gathered: &[Bytes],
) -> Result<NamedTempFile, StorageError> {
    let mut file = match file {
        Some(file) => file,
        None => store.temporary()?,
    };
    for bytes in gathered {
        file.write_all(bytes).file("write", file.path())?;
    }
    Ok(file)
}

#[async_trait]
impl BlobWriter for DirectoryWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StorageError> {
        self.length += bytes.len();
        // A client that sends byte by byte must not make us keep a buffer for each of them.
        match self.gathered.last_mut() {
            Some(last) if bytes.len() < SMALL_FRAME && last.len() < SMALL_FRAME => {
                *last = [&last[..], &bytes].concat().into();
            }
            _ if bytes.len() < SMALL_FRAME => self.gathered.push(Bytes::copy_from_slice(&bytes)),
            _ => self.gathered.push(bytes),
        }
        if self.length >= GATHERED {
            self.begin_write().await
        } else {
            Ok(())
        }
    }

    async fn read_back(&mut self) -> Result<ByteStream, StorageError> {
        self.begin_write().await?;
        let Some(file) = self.file().await? else {
            return Err(StorageError::Interrupted);
        };
        let path = file.path().to_owned();
        let reopened = file.reopen().file("open", &path);
        self.file = File::Here(Some(file));
        let reader = DirectoryReader::new(reopened?, path)?;
        let size = reader.size();
        Ok(Box::new(reader).stream(0..size))
    }

    async fn commit(
        mut self: Box<Self>,
        repository: &RepositoryName,
        digest: &VerifiedDigest,
    ) -> Result<(), StorageError> {
        let file = self.file().await?;
        let Self {
            store, gathered, ..
        } = *self;
        let (repository, digest) = (repository.clone(), digest.clone());
        let commit = move || match file {
            None => {
                let repository = store.find_or_create(&repository)?;
                store.commit_small(gathered.concat().into(), &repository, &digest)
            }
            Some(file) => {
                let file = written(&store, Some(file), &gathered)?;
                store.commit_blob(file, &repository, &digest)
            }
        };
        tokio::task::spawn_blocking(commit)
            .await
            .map_err(|_| StorageError::Interrupted)?
    }
}
