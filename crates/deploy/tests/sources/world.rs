//! A cache, a lock file and a catalog of a test's own.

use std::path::PathBuf;
use std::time::Duration;

use deploy::sources::{
    Cache, Catalog, DownloadOptions, LockFile, ProxyChoice, SourceError, SourceFile, SourceStore,
};
use oci::Digest;
use tempfile::TempDir;

use crate::server::Authority;

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) authority: Authority,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            authority: Authority::new(),
        }
    }

    pub(crate) fn cache(&self) -> Cache {
        Cache::at(self.folder.path().join("cache"))
    }

    pub(crate) fn lock(&self) -> LockFile {
        LockFile::at(self.folder.path().join("sources.lock"))
    }

    /// Trusts the test's authority, uses no proxy, tries twice without a pause.
    pub(crate) fn options(&self) -> DownloadOptions {
        DownloadOptions {
            ca_certificates_pem: vec![self.authority.pem()],
            proxy: ProxyChoice::Without,
            attempts: 2,
            first_delay: Duration::ZERO,
            ..DownloadOptions::default()
        }
    }

    pub(crate) fn store(&self) -> SourceStore {
        SourceStore::new(self.cache(), self.lock()).downloads(self.options())
    }

    /// Files that a broken download left in the cache.
    pub(crate) fn partial_files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path().join("cache"));
        let paths = entries
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path());
        paths
            .filter(|path| {
                path.file_name()
                    .unwrap()
                    .to_string_lossy()
                    .starts_with("partial-")
            })
            .collect()
    }
}

/// A source without a digest.
pub(crate) fn unpinned(name: &str, host: &str) -> SourceFile {
    source(name, host, "")
}

/// A source whose digest is that of `content`.
pub(crate) fn pinned(name: &str, host: &str, content: &str) -> SourceFile {
    source(name, host, &digest(content).to_string())
}

pub(crate) fn digest(content: &str) -> Digest {
    Digest::sha256(content.as_bytes())
}

fn source(name: &str, host: &str, digest: &str) -> SourceFile {
    let text = format!(
        "[[file]]\nname = '{name}'\nversion = 'v1'\nurl = 'https://{host}/releases/v1/release.yaml'\ndigest = '{digest}'\n"
    );
    Catalog::parse(&text).unwrap().file(name).unwrap().clone()
}

/// The error, as a person reads it.
pub(crate) fn sentence<T: std::fmt::Debug>(result: Result<T, SourceError>) -> String {
    result.unwrap_err().to_string()
}
