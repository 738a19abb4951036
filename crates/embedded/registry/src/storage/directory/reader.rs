//! Streams a blob from its file, a piece at a time.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use tokio::task::JoinHandle;

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
    file: File,
    path: PathBuf,
    remaining: u64,
}

impl Rest {
    /// Reads the next piece where it may block. A short file is an error: the length was promised to the client.
    fn read_ahead(mut self) -> Option<JoinHandle<Result<(Bytes, Self), StorageError>>> {
        let length = self.remaining.min(PIECE);
        (length > 0).then(|| {
            tokio::task::spawn_blocking(move || {
                let mut piece = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
                let read = (&self.file)
                    .take(length)
                    .read_to_end(&mut piece)
                    .file("read", &self.path)?;
                if (read as u64) < length {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof))
                        .file("read", &self.path);
                }
                self.remaining -= length;
                Ok((piece.into(), self))
            })
        })
    }
}

impl BlobReader for DirectoryReader {
    fn size(&self) -> u64 {
        self.size
    }

    fn stream(self: Box<Self>, range: Range<u64>) -> ByteStream {
        let Self { mut file, path, .. } = *self;
        if range.start > 0
            && let Err(error) = file.seek(SeekFrom::Start(range.start)).file("read", &path)
        {
            return stream::once(async { Err(error) }).boxed();
        }
        let rest = Rest {
            file,
            path,
            remaining: range.end.saturating_sub(range.start),
        };
        // One piece is read while the one before it is sent.
        stream::try_unfold(rest.read_ahead(), |reading| async {
            let Some(reading) = reading else {
                return Ok(None);
            };
            let (piece, rest) = reading.await.map_err(|_| StorageError::Interrupted)??;
            Ok(Some((piece, rest.read_ahead())))
        })
        .boxed()
    }
}
