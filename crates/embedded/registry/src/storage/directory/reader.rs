//! Streams a blob from its file, a piece at a time.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, stream};

use super::cached;
use crate::storage::error::FileContext as _;
use crate::storage::{BlobReader, ByteStream, StorageError};

/// How much is read at once, in bytes.
const PIECE: u64 = 128 * 1024;

pub(super) struct DirectoryReader {
    file: File,
    path: PathBuf,
    size: u64,
}

impl DirectoryReader {
    pub(super) fn new(file: File, path: PathBuf) -> Result<Self, StorageError> {
        let size = file.metadata().file("read the attributes of", &path)?.len();
        Ok(Self { file, path, size })
    }
}

/// The rest of a file that is being streamed.
struct Rest {
    file: Arc<File>,
    path: Arc<PathBuf>,
    range: Range<u64>,
}

impl Rest {
    /// Reads the next piece: here when it is in memory, otherwise where it may block.
    async fn read(&mut self) -> Result<Bytes, StorageError> {
        let offset = self.range.start;
        let length = (self.range.end - offset).min(PIECE);
        let length = usize::try_from(length).unwrap_or_default();
        let piece = match cached::read(&self.file, offset, length) {
            Some(piece) => piece,
            None => {
                let (file, path) = (Arc::clone(&self.file), Arc::clone(&self.path));
                tokio::task::spawn_blocking(move || read(&file, &path, offset, length))
                    .await
                    .map_err(|_| StorageError::Interrupted)??
            }
        };
        self.range.start += piece.len() as u64;
        Ok(piece.into())
    }
}

/// Reads all of a piece. A short file is an error: the length was promised to the client.
fn read(file: &File, path: &Path, offset: u64, length: usize) -> Result<Vec<u8>, StorageError> {
    let mut piece = vec![0; length];
    file.read_exact_at(&mut piece, offset).file("read", path)?;
    Ok(piece)
}

impl BlobReader for DirectoryReader {
    fn size(&self) -> u64 {
        self.size
    }

    fn stream(self: Box<Self>, range: Range<u64>) -> ByteStream {
        let rest = Rest {
            file: Arc::new(self.file),
            path: Arc::new(self.path),
            range,
        };
        stream::try_unfold(rest, |mut rest| async {
            if rest.range.is_empty() {
                return Ok(None);
            }
            Ok(Some((rest.read().await?, rest)))
        })
        .boxed()
    }
}
