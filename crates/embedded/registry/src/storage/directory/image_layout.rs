//! Keeps each repository's `index.json` (OCI image specification, `image-layout.md`) up to date for other tools.
//!
//! The file names every manifest, so rewriting it costs time in proportion to the repository. A thread of its own does it after
//! the change was acknowledged, many changes at a time, and rests ten times as long as it worked.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::content::Content;
use super::repository::Repository;
use crate::media_type::OCI_IMAGE_INDEX;
use crate::storage::StorageError;
use crate::storage::index::RepositoryIndex;

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
    pub(super) fn start(content: Arc<Content>) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("image-layout".to_owned())
            .spawn(move || publish(&receiver, &content))?;
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

fn publish(changes: &Receiver<Arc<Repository>>, content: &Content) {
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
            if let Err(error) = write(&repository, content) {
                tracing::warn!(path = %path.display(), %error, "index.json is out of date until the next change");
            }
        }
        rest = GATHERING.max(begun.elapsed() * 10);
    }
}

/// Writes the `index.json` of one repository.
pub(super) fn write(repository: &Repository, content: &Content) -> Result<(), StorageError> {
    let document = document(&repository.state().index);
    content.replace(&repository.paths.index(), document.to_string().as_bytes())
}

fn document(index: &RepositoryIndex) -> Value {
    let mut manifests = Vec::new();
    for (record, tags) in index.entries() {
        let descriptor = &record.descriptor;
        let plain = json!({ "mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size });
        if tags.is_empty() {
            manifests.push(plain.clone());
        }
        for tag in tags {
            let mut tagged = plain.clone();
            tagged["annotations"] = json!({ REFERENCE_NAME: tag });
            manifests.push(tagged);
        }
    }
    json!({ "schemaVersion": 2, "mediaType": OCI_IMAGE_INDEX, "manifests": manifests })
}
