//! The log of small contents that have no file yet: a JSON line for each, followed by its bytes.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Durability;
use super::small_contents::Key;
use crate::digest::Digest;
use crate::name::RepositoryName;
use crate::storage::StorageError;
use crate::storage::error::FileContext as _;
use crate::verify::VerifiedDigest;

/// Longest content in the log, in bytes.
pub(super) const LARGEST: usize = 64 * 1024;

/// The line in front of the bytes.
#[derive(Serialize, Deserialize)]
struct Line {
    repository: RepositoryName,
    digest: Digest,
    /// How many bytes follow; none when the content was deleted.
    length: Option<usize>,
}

/// One entry.
pub(super) struct Record {
    pub(super) key: Key,
    /// `None`: the content was deleted.
    pub(super) content: Option<(VerifiedDigest, Bytes)>,
}

pub(super) struct SmallLog {
    path: PathBuf,
    file: File,
    length: u64,
    durability: Durability,
    /// Something is at the end that is not an entry, and nothing may follow it.
    broken: bool,
}

impl SmallLog {
    /// Opens or begins the log. Entries of an earlier process come with it; a last one that was not written to its end was never acknowledged,
    /// and is cut off.
    pub(super) fn open(
        path: PathBuf,
        durability: Durability,
    ) -> Result<(Self, Vec<Record>), StorageError> {
        let (records, whole) = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => (Vec::new(), 0),
            result => read(BufReader::new(result.file("open", &path)?)),
        };
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .file("open", &path)?;
        file.set_len(whole)
            .file("cut off the unfinished last entry of", &path)?;
        let log = Self {
            path,
            file,
            length: whole,
            durability,
            broken: false,
        };
        Ok((log, records))
    }

    /// Whether it takes no entries until it is emptied, because the disk failed.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Bytes in the log.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Writes that a content was stored, or deleted.
    pub(super) fn append(&mut self, key: &Key, bytes: Option<&[u8]>) -> Result<(), StorageError> {
        let (repository, digest) = key.clone();
        let line = Line {
            repository,
            digest,
            length: bytes.map(<[u8]>::len),
        };
        let mut record = serde_json::to_vec(&line).map_err(|error| damaged(&self.path, &error))?;
        record.push(b'\n');
        record.extend_from_slice(bytes.unwrap_or_default());
        let written = self.file.write_all(&record).and_then(|()| self.sync());
        if let Err(error) = written {
            // Half an entry must not be glued to the next one.
            self.broken = self.file.set_len(self.length).is_err();
            return Err(error).file("append to", &self.path);
        }
        self.length += record.len() as u64;
        Ok(())
    }

    /// Forgets every entry.
    pub(super) fn clear(&mut self) -> Result<(), StorageError> {
        if self.length > 0 || self.broken {
            let emptied = self.file.set_len(0).and_then(|()| self.sync());
            emptied.file("empty", &self.path)?;
            self.length = 0;
            self.broken = false;
        }
        Ok(())
    }

    fn sync(&self) -> std::io::Result<()> {
        match self.durability {
            Durability::ProcessEnd => Ok(()),
            Durability::PowerLoss => self.file.sync_data(),
        }
    }
}

/// Every entry up to the first that is not whole, and their length.
fn read(mut log: BufReader<File>) -> (Vec<Record>, u64) {
    let (mut records, mut whole) = (Vec::new(), 0);
    while let Some(record) = read_record(&mut log) {
        records.push(record);
        whole = log.stream_position().unwrap_or(whole);
    }
    (records, whole)
}

fn read_record(log: &mut BufReader<File>) -> Option<Record> {
    let mut line = String::new();
    log.read_line(&mut line).ok()?;
    let Line {
        repository,
        digest,
        length,
    } = serde_json::from_str(&line).ok()?;
    let key = (repository, digest);
    let Some(length) = length else {
        return Some(Record { key, content: None });
    };
    let mut bytes = vec![0; length.min(LARGEST)];
    log.read_exact(&mut bytes).ok()?;
    let verified = VerifiedDigest::of(key.1.algorithm(), &bytes);
    // Whatever changed the log behind our back: content is served under its own digest or not at all.
    (*verified.digest() == key.1).then(|| Record {
        key,
        content: Some((verified, bytes.into())),
    })
}

fn damaged(path: &Path, error: &serde_json::Error) -> StorageError {
    StorageError::Damaged {
        path: path.to_owned(),
        reason: format!("an entry cannot be written: {error}"),
    }
}
