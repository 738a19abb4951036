//! One repository: its image layout on disk, its journal, its index in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::content::{Content, create_directory};
use super::image_layout;
use super::journal::{Entry, Journal};
use super::paths::RepositoryPaths;
use crate::digest::Algorithm;
use crate::name::RepositoryName;
use crate::storage::StorageError;
use crate::storage::index::RepositoryIndex;

pub(super) struct Repository {
    pub(super) name: RepositoryName,
    pub(super) paths: RepositoryPaths,
    state: Mutex<State>,
}

pub(super) struct State {
    pub(super) index: RepositoryIndex,
    journal: Journal,
}

impl Repository {
    /// Opens a repository; creates what is missing of it.
    pub(super) fn open(
        name: RepositoryName,
        paths: RepositoryPaths,
        content: &Content,
    ) -> Result<Self, StorageError> {
        for algorithm in Algorithm::ALL {
            create_directory(&paths.blobs_of(algorithm.name()))?;
        }
        if !paths.oci_layout().exists() {
            content.replace(&paths.oci_layout(), image_layout::OCI_LAYOUT)?;
        }
        let (journal, index) = Journal::open(&paths.journal())?;
        for path in [
            paths.root(),
            &paths.journal(),
            &paths.blobs_of(Algorithm::Sha256.name()),
        ] {
            content.sync_parent(path)?;
        }
        Ok(Self {
            name,
            paths,
            state: Mutex::new(State { index, journal }),
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(super) fn record(&mut self, entry: Entry, content: &Content) -> Result<(), StorageError> {
        self.journal.append(entry, &mut self.index, content)
    }
}
