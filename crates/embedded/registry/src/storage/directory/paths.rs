//! Where everything lies in the directory. The only code that turns names and digests into paths; both types
//! are parsed strictly and cannot contain anything that leaves the directory.

use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::name::RepositoryName;

/// Stands for `/` in directory names of repositories; cannot occur in a repository name.
const SEPARATOR: char = '+';

pub(super) struct Paths {
    root: PathBuf,
}

impl Paths {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(super) fn uploads(&self) -> PathBuf {
        self.root.join("uploads")
    }

    pub(super) fn small_log(&self) -> PathBuf {
        self.root.join("small.log")
    }

    pub(super) fn repositories(&self) -> PathBuf {
        self.root.join("repositories")
    }

    pub(super) fn content_of(&self, algorithm: &str) -> PathBuf {
        self.root.join("content").join(algorithm)
    }

    pub(super) fn content(&self, digest: &Digest) -> PathBuf {
        self.content_of(digest.algorithm().name())
            .join(digest.encoded())
    }

    pub(super) fn repository(&self, name: &RepositoryName) -> RepositoryPaths {
        RepositoryPaths {
            root: self
                .repositories()
                .join(name.as_str().replace('/', &SEPARATOR.to_string())),
        }
    }
}

/// The name of the repository that is kept in the directory of this name.
pub(super) fn repository_name(directory: &str) -> Option<RepositoryName> {
    directory.replace(SEPARATOR, "/").parse().ok()
}

#[derive(Clone)]
pub(super) struct RepositoryPaths {
    root: PathBuf,
}

impl RepositoryPaths {
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn oci_layout(&self) -> PathBuf {
        self.root.join("oci-layout")
    }

    pub(super) fn index(&self) -> PathBuf {
        self.root.join("index.json")
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.root.join("journal.jsonl")
    }

    pub(super) fn blobs_of(&self, algorithm: &str) -> PathBuf {
        self.root.join("blobs").join(algorithm)
    }

    pub(super) fn blob(&self, digest: &Digest) -> PathBuf {
        self.blobs_of(digest.algorithm().name())
            .join(digest.encoded())
    }
}
