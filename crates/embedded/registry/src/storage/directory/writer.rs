//! Receives a blob into a temporary file.

use std::io::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use tempfile::NamedTempFile;

use super::reader::DirectoryReader;
use super::store::Store;
use crate::name::RepositoryName;
use crate::storage::error::FileContext as _;
use crate::storage::{BlobReader as _, BlobWriter, ByteStream, StorageError};
use crate::verify::VerifiedDigest;

/// How much is gathered in memory before it is written, in bytes. Smaller blobs touch the disk once, at their commit.
const BUFFER: usize = 256 * 1024;

pub(super) struct DirectoryWriter {
    store: Arc<Store>,
    buffer: BytesMut,
    file: Option<NamedTempFile>,
}

impl DirectoryWriter {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            buffer: BytesMut::new(),
            file: None,
        }
    }

    async fn flush(&mut self) -> Result<(), StorageError> {
        let (store, file, buffer) = (
            Arc::clone(&self.store),
            self.file.take(),
            std::mem::take(&mut self.buffer),
        );
        let write = move || written(&store, file, &buffer);
        self.file = Some(
            tokio::task::spawn_blocking(write)
                .await
                .map_err(|_| StorageError::Interrupted)??,
        );
        Ok(())
    }
}

/// The temporary file, created if need be, with `bytes` appended.
fn written(
    store: &Store,
    file: Option<NamedTempFile>,
    bytes: &[u8],
) -> Result<NamedTempFile, StorageError> {
    let mut file = match file {
        Some(file) => file,
        None => store.temporary()?,
    };
    file.write_all(bytes).file("write", file.path())?;
    Ok(file)
}

#[async_trait]
impl BlobWriter for DirectoryWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StorageError> {
        self.buffer.extend_from_slice(&bytes);
        if self.buffer.len() >= BUFFER {
            self.flush().await
        } else {
            Ok(())
        }
    }

    async fn read_back(&mut self) -> Result<ByteStream, StorageError> {
        self.flush().await?;
        let Some(file) = &self.file else {
            return Err(StorageError::Interrupted);
        };
        let path = file.path().to_owned();
        let reader = DirectoryReader::new(file.reopen().file("open", &path)?, path)?;
        let size = reader.size();
        Ok(Box::new(reader).stream(0..size))
    }

    async fn commit(
        self: Box<Self>,
        repository: &RepositoryName,
        digest: &VerifiedDigest,
    ) -> Result<(), StorageError> {
        let Self {
            store,
            buffer,
            file,
        } = *self;
        let (repository, digest) = (repository.clone(), digest.clone());
        let commit = move || {
            let file = written(&store, file, &buffer)?;
            store.commit_blob(file, &repository, &digest)
        };
        tokio::task::spawn_blocking(commit)
            .await
            .map_err(|_| StorageError::Interrupted)?
    }
}
