//! Keeps each repository's `index.json` (OCI image specification, `image-layout.md`) up to date for other tools.
//!
//! The file names every manifest, so rewriting it costs time in proportion to the repository. A thread of its own does it after
//! the change was acknowledged, many changes at a time, and rests thirty times as long as it worked.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::content::Content;
use super::repository::Repository;
use super::small_contents::SmallContents;
use crate::digest::Digest;
use crate::media_type::OCI_IMAGE_INDEX;
use crate::storage::index::Listed;
use crate::storage::{ManifestInfo, StorageError};

/// Content of the file `oci-layout`.
pub(super) const OCI_LAYOUT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// Annotation that gives a manifest in an `index.json` its tag.
const REFERENCE_NAME: &str = "org.opencontainers.image.ref.name";

/// Shortest time in which changes of one repository are gathered.
const GATHERING: Duration = Duration::from_millis(20);

/// Writes `index.json` files in the background; writes what is left when it is dropped.
pub(super) struct Publisher {
    changes: Option<Sender<Arc<Repository>>>,
    thread: Option<JoinHandle<()>>,
}

impl Publisher {
    pub(super) fn start(content: Arc<Content>, small: Arc<SmallContents>) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("image-layout".to_owned())
            .spawn(move || publish(&receiver, &content, &small))?;
        Ok(Self {
            changes: Some(sender),
            thread: Some(thread),
        })
    }

    /// Says that a repository's `index.json` is out of date.
    pub(super) fn changed(&self, repository: &Arc<Repository>) {
        if let Some(changes) = &self.changes {
            // The receiver lives as long as the thread, which ends only when this sender is dropped.
            drop(changes.send(Arc::clone(repository)));
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.changes.take();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn publish(changes: &Receiver<Arc<Repository>>, content: &Content, small: &SmallContents) {
    let mut rest = GATHERING;
    while let Ok(first) = changes.recv() {
        let mut repositories: HashMap<PathBuf, Arc<Repository>> = HashMap::new();
        repositories.insert(first.paths.index(), first);
        let until = Instant::now() + rest;
        while let Ok(next) = changes.recv_timeout(until.saturating_duration_since(Instant::now())) {
            repositories.insert(next.paths.index(), next);
        }
        let begun = Instant::now();
        for (path, repository) in repositories {
            if let Err(error) = write(&repository, content, small) {
                tracing::warn!(path = %path.display(), %error, "index.json is out of date until the next change");
            }
        }
        rest = GATHERING.max(begun.elapsed() * 30);
    }
}

/// Writes the `index.json` of one repository.
fn write(
    repository: &Repository,
    content: &Content,
    small: &SmallContents,
) -> Result<(), StorageError> {
    // The repository can be used again while the list is written.
    let listed = repository.state().index.list();
    // What the list names can be read when the list can.
    small.settle_all(Some(&repository.name))?;
    content.replace_with(&repository.paths.index(), |file| write_index(file, &listed))
}

fn write_index(file: &mut impl Write, listed: &[Listed]) -> std::io::Result<()> {
    write!(
        file,
        r#"{{"schemaVersion":2,"mediaType":"{OCI_IMAGE_INDEX}","manifests":["#
    )?;
    let mut separator = "";
    for Listed { info, tags, .. } in listed {
        // An untagged manifest has one entry, a tagged one has an entry for each tag.
        let untagged = tags.is_empty().then_some(None);
        for tag in tags.iter().map(Some).chain(untagged) {
            let annotations = tag.map(|tag| BTreeMap::from([(REFERENCE_NAME, tag.as_str())]));
            let ManifestInfo {
                digest,
                media_type,
                size,
            } = info;
            write!(file, "{separator}")?;
            serde_json::to_writer(
                &mut *file,
                &Described {
                    media_type,
                    digest,
                    size: *size,
                    annotations,
                },
            )?;
            separator = ",";
        }
    }
    write!(file, "]}}")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described<'index> {
    media_type: &'index str,
    digest: &'index Digest,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<BTreeMap<&'static str, &'index str>>,
}
