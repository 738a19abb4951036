//! What an archive says about an entry, bounded: names and attributes are held in memory, and an archive may claim any length for them.

use std::cell::Cell;
use std::io::{Error, ErrorKind, Read, Result};
use std::rc::Rc;

/// Bytes that the headers of one entry may have, with everything that extends them.
///
/// A name and a link's target have at most 4096 bytes each on Linux (`PATH_MAX`), and GNU and pax headers may both carry them. Extended
/// attributes have at most 64 KiB each (`XATTR_SIZE_MAX`); we restore none, and pass over a few of them.
pub(super) const MOST_HEADER_BYTES: u64 = 1 << 20;

/// Reads an archive, and refuses to go on once the headers of an entry have had their part.
pub(super) struct Bounded<R> {
    archive: R,
    left: Limit,
}

/// How much a [`Bounded`] still reads.
#[derive(Clone, Default)]
pub(super) struct Limit(Rc<Cell<Option<u64>>>);

impl Limit {
    /// From here on headers are read.
    pub(super) fn headers(&self) {
        self.0.set(Some(MOST_HEADER_BYTES));
    }

    /// From here on content is read, which nothing holds in memory.
    pub(super) fn content(&self) {
        self.0.set(None);
    }
}

impl<R: Read> Bounded<R> {
    pub(super) fn new(archive: R) -> (Self, Limit) {
        let left = Limit::default();
        let bounded = Self {
            archive,
            left: left.clone(),
        };
        (bounded, left)
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let Some(left) = self.left.0.get() else {
            return self.archive.read(buffer);
        };
        if left == 0 {
            let text = format!("an entry has headers of more than {MOST_HEADER_BYTES} bytes");
            return Err(Error::new(ErrorKind::InvalidData, text));
        }
        let most = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let length = self.archive.read(&mut buffer[..most])?;
        self.left.0.set(Some(left - length as u64));
        Ok(length)
    }
}
