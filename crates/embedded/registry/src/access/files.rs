//! The files that users and rules are read from, and how a change of them is noticed.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Htpasswd, HtpasswdError, RuleError, Rules};

/// Coarser than the clock of any file system that is in use: a file that changed this long before it was read shows any later
/// change in its time of modification.
const CLOCK: Duration = Duration::from_secs(2);

/// Where users and rules are read from, now and whenever the files change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessFiles {
    /// Users and bcrypt hashes, as `htpasswd -B` writes them.
    pub htpasswd: PathBuf,
    /// Rules as [`Rules`] reads them. `None`: every user may do everything.
    pub rules: Option<PathBuf>,
}

/// Why users or rules cannot be read from their files.
#[derive(Debug, thiserror::Error)]
pub enum AccessFileError {
    /// A file cannot be read.
    #[error("could not read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The password file is none.
    #[error("{}: {source}", path.display())]
    Htpasswd {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: HtpasswdError,
    },
    /// The rules are none.
    #[error("{}: {source}", path.display())]
    Rules {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        source: RuleError,
    },
    /// No key can be made to sign tokens with.
    #[error(transparent)]
    NoRandomness(#[from] super::NoRandomness),
}

/// What a file looked like when it was read. It has not changed for as long as it looks the same.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    /// Device and inode: a file that was replaced is another one.
    identity: (u64, u64),
    size: u64,
    modified: Option<SystemTime>,
    /// Seconds and nanoseconds; unlike the time of modification nobody can set it back.
    changed: (i64, i64),
}

/// How both files looked when they were read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Looks {
    looks: [Option<Look>; 2],
    read: SystemTime,
}

impl AccessFiles {
    /// How the files look now; to be taken before they are read, so that a change in between is noticed.
    pub(super) fn looks(&self) -> Looks {
        let look = |path: &Path| std::fs::metadata(path).ok().map(|file| Look::of(&file));
        Looks {
            read: SystemTime::now(),
            looks: [look(&self.htpasswd), self.rules.as_deref().and_then(look)],
        }
    }

    /// Reads both files.
    pub(super) fn read(&self) -> Result<(Htpasswd, Rules), AccessFileError> {
        let users = text(&self.htpasswd)?.parse().map_err(|source| {
            let path = self.htpasswd.clone();
            AccessFileError::Htpasswd { path, source }
        })?;
        let rules = match &self.rules {
            None => Rules::every_user(),
            Some(path) => text(path)?.parse().map_err(|source| {
                let path = path.clone();
                AccessFileError::Rules { path, source }
            })?,
        };
        Ok((users, rules))
    }
}

impl Look {
    fn of(file: &Metadata) -> Self {
        Self {
            identity: (file.dev(), file.ino()),
            size: file.size(),
            modified: file.modified().ok(),
            changed: (file.ctime(), file.ctime_nsec()),
        }
    }
}

impl Looks {
    /// Whether files that looked like this when they were read, and look like `now`, have surely the content that was read.
    pub(super) fn prove_unchanged(&self, now: &Self) -> bool {
        self.looks == now.looks
            && self
                .looks
                .iter()
                .flatten()
                .all(|look| self.had_settled(look))
    }

    /// A file that was written just before it was read may be written again without a later time.
    fn had_settled(&self, look: &Look) -> bool {
        look.modified.is_some_and(|modified| {
            self.read
                .duration_since(modified)
                .is_ok_and(|age| age > CLOCK)
        })
    }
}

fn text(path: &Path) -> Result<String, AccessFileError> {
    std::fs::read_to_string(path).map_err(|source| AccessFileError::Read {
        path: path.to_owned(),
        source,
    })
}
