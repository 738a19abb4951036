//! Why a source cannot be had.

use std::fmt;
use std::io;
use std::path::PathBuf;

use oci::Digest;

use super::{DownloadError, LockFileError};

/// A source cannot be had, or must not be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Sources are not there and may not be fetched.
    #[error("{} cannot be had without the network:{}", count(.0.len()), lines(.0))]
    Missing(Vec<Missing>),
    /// The content is not what it should be.
    #[error(transparent)]
    Digest(Box<DigestMismatch>),
    /// The catalog and the lock file say different things.
    #[error(transparent)]
    Disagreement(Box<Disagreement>),
    /// Fetching failed.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// The lock file cannot be used.
    #[error(transparent)]
    LockFile(#[from] LockFileError),
    /// No place for the cache is known.
    #[error(
        "cannot find a place for fetched sources: set XDG_CACHE_HOME or HOME to an absolute path"
    )]
    NoCache,
    /// A file of the cache or of the directory of sources cannot be used.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// What was attempted: "read", "write".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A content that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot use {name} {version} from {from}: its digest is {found}, and {expected_by} says {expected}; {}", remedy(.recorded)
)]
pub struct DigestMismatch {
    /// The source.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where the content came from.
    pub from: String,
    /// The digest of the content.
    pub found: Digest,
    /// The digest that it should have.
    pub expected: Digest,
    /// Who says so.
    pub expected_by: String,
    /// The lock file, when it is that which says so.
    pub recorded: Option<PathBuf>,
}

/// Two digests for one source, before any content was looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot use {name} {version}: fixtures/sources.toml says {pinned}, and {} says {recorded}; find out which is right, and if it is the first, remove the entry from {}", .lock.display(), .lock.display()
)]
pub struct Disagreement {
    /// The source.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The digest in the catalog.
    pub pinned: Digest,
    /// The digest in the lock file.
    pub recorded: Digest,
    /// The lock file.
    pub lock: PathBuf,
}

/// A source that is not there and may not be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The source.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where the project publishes it.
    pub url: String,
    /// Where it was looked for, as a clause.
    pub looked: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            version,
            url,
            looked,
        } = self;
        write!(
            formatter,
            "{name} {version}: {looked}; it is published at {url}"
        )
    }
}

fn count(count: usize) -> String {
    match count {
        1 => "one source".to_owned(),
        count => format!("{count} sources"),
    }
}

fn lines(missing: &[Missing]) -> String {
    missing
        .iter()
        .map(|missing| format!("\n  {missing}"))
        .collect()
}

fn remedy(recorded: &Option<PathBuf>) -> String {
    match recorded {
        Some(lock) => format!(
            "what is published changed after it was recorded: compare with the project's release, and if the new content is right, remove the entry from {} and run again",
            lock.display()
        ),
        None => {
            "nothing of it was used; whoever serves it serves something else than what was released"
                .to_owned()
        }
    }
}
