//! The authoritative list of a repository's manifests and tags: one JSON document per line, only ever appended to.
//!
//! One append is one acknowledged change, so a push costs the same whether the repository has ten tags or ten thousand.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::content::Content;
use crate::digest::Digest;
use crate::manifest::Descriptor;
use crate::name::Tag;
use crate::storage::StorageError;
use crate::storage::error::FileContext as _;
use crate::storage::index::{Listed, ManifestRecord, RepositoryIndex};

/// Rewriting is worth it when this many lines say nothing new, and at least half of all lines do.
const SUPERSEDED_LINES: usize = 1024;

/// One change.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Entry {
    /// A manifest was stored and the tags were pointed at it.
    PutManifest {
        manifest: Descriptor,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<Digest>,
        tags: Vec<Tag>,
    },
    /// A tag was removed.
    DeleteTag(Tag),
    /// A manifest was removed, with its tags.
    DeleteManifest(Digest),
}

impl Entry {
    pub(super) fn put(record: ManifestRecord, tags: Vec<Tag>) -> Self {
        let ManifestRecord {
            descriptor,
            subject,
        } = record;
        Self::PutManifest {
            manifest: descriptor,
            subject,
            tags,
        }
    }

    fn apply(self, index: &mut RepositoryIndex) {
        match self {
            Self::PutManifest {
                manifest,
                subject,
                tags,
            } => {
                index.put(
                    &ManifestRecord {
                        descriptor: manifest,
                        subject,
                    },
                    &tags,
                );
            }
            Self::DeleteTag(tag) => drop(index.delete_tag(&tag)),
            Self::DeleteManifest(digest) => drop(index.delete_manifest(&digest)),
        }
    }
}

/// The line of a journal that says all there is to say about a manifest.
fn entry(listed: Listed) -> Result<Entry, serde_json::Error> {
    let Listed {
        info,
        tags,
        referrer,
    } = listed;
    let plain = || Descriptor {
        media_type: info.media_type.into_owned(),
        digest: info.digest,
        size: info.size,
        artifact_type: None,
        annotations: None,
    };
    Ok(match referrer {
        None => Entry::PutManifest {
            manifest: plain(),
            subject: None,
            tags,
        },
        Some((subject, referrer)) => {
            let manifest = serde_json::from_str(&referrer.descriptor)?;
            Entry::PutManifest {
                manifest,
                subject: Some(subject),
                tags,
            }
        }
    })
}

pub(super) struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    lines: usize,
}

impl Journal {
    /// Reads a journal, or begins one. A last line that was not written to its end was never acknowledged: it is cut off.
    pub(super) fn open(path: &Path) -> Result<(Self, RepositoryIndex), StorageError> {
        let text = match std::fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            result => result.file("read", path)?,
        };
        let complete = text
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |position| position + 1);
        let mut index = RepositoryIndex::default();
        let mut lines = 0;
        for line in text[..complete]
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            lines += 1;
            let entry: Entry =
                serde_json::from_slice(line).map_err(|error| StorageError::Damaged {
                    path: path.to_owned(),
                    reason: format!("line {lines}: {error}"),
                })?;
            entry.apply(&mut index);
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .file("open", path)?;
        if complete < text.len() {
            file.set_len(complete as u64)
                .file("cut off the unfinished last line of", path)?;
        }
        Ok((
            Self {
                path: path.to_owned(),
                file,
                length: complete as u64,
                lines,
            },
            index,
        ))
    }

    /// Writes a change, then applies it.
    pub(super) fn append(
        &mut self,
        entry: Entry,
        index: &mut RepositoryIndex,
        content: &Content,
    ) -> Result<(), StorageError> {
        let line = line(&entry, &self.path)?;
        let written = self.file.write_all(&line).file("append to", &self.path);
        if let Err(error) = written.and_then(|()| content.sync(&self.file, &self.path)) {
            // Half a line must not be glued to the next one, nor a line stay that was not acknowledged. If even this fails, `open` reports
            // the line as damaged.
            self.file
                .set_len(self.length)
                .file("cut off the unfinished last line of", &self.path)?;
            return Err(error);
        }
        self.length += line.len() as u64;
        self.lines += 1;
        entry.apply(index);
        self.compact(index, content)
    }

    fn compact(&mut self, index: &RepositoryIndex, content: &Content) -> Result<(), StorageError> {
        let live = index.manifest_count();
        if self.lines < live + SUPERSEDED_LINES.max(live) {
            return Ok(());
        }
        let mut text = Vec::new();
        for listed in index.list() {
            let entry = entry(listed).map_err(|error| damaged(&self.path, &error))?;
            text.extend(line(&entry, &self.path)?);
        }
        content.replace(&self.path, &text)?;
        self.file = OpenOptions::new()
            .append(true)
            .open(&self.path)
            .file("open", &self.path)?;
        self.length = text.len() as u64;
        self.lines = live;
        Ok(())
    }
}

fn line(entry: &Entry, path: &Path) -> Result<Vec<u8>, StorageError> {
    let mut line = serde_json::to_vec(entry).map_err(|error| damaged(path, &error))?;
    line.push(b'\n');
    Ok(line)
}

fn damaged(path: &Path, error: &serde_json::Error) -> StorageError {
    StorageError::Damaged {
        path: path.to_owned(),
        reason: format!("a change cannot be written: {error}"),
    }
}
