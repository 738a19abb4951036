//! Streams a blob from its file, a piece at a time.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};

use crate::storage::error::FileContext as _;
use crate::storage::{BlobReader, ByteStream, StorageError};

/// How much is read at once, in bytes.
const PIECE: u64 = 256 * 1024;

pub(super) struct DirectoryReader {
    file: Arc<File>,
    path: PathBuf,
    size: u64,
}

impl DirectoryReader {
    pub(super) fn new(file: File, path: PathBuf) -> Result<Self, StorageError> {
        let size = file.metadata().file("read the attributes of", &path)?.len();
        Ok(Self {
            file: Arc::new(file),
            path,
            size,
        })
    }
}

impl BlobReader for DirectoryReader {
    fn size(&self) -> u64 {
        self.size
    }

    fn stream(self: Box<Self>, range: Range<u64>) -> ByteStream {
        let Self { file, path, .. } = *self;
        stream::try_unfold(range.start, move |offset| {
            let (file, path) = (Arc::clone(&file), path.clone());
            async move {
                let length = range.end.saturating_sub(offset).min(PIECE);
                if length == 0 {
                    return Ok(None);
                }
                let read = move || read_at(&file, offset, length).file("read", &path);
                let piece = tokio::task::spawn_blocking(read)
                    .await
                    .map_err(|_| StorageError::Interrupted)??;
                Ok(Some((piece, offset + length)))
            }
        })
        .boxed()
    }
}

fn read_at(file: &File, offset: u64, length: u64) -> std::io::Result<Bytes> {
    let mut piece = BytesMut::zeroed(usize::try_from(length).unwrap_or_default());
    file.read_exact_at(&mut piece, offset)?;
    Ok(piece.freeze())
}
