//! What can go wrong below the interface: only the medium, never the request.

use std::io;
use std::path::{Path, PathBuf};

/// A store could not do what was asked, for a reason that lies in its medium.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The file system refused; the message of the operating system says why (disk full, permissions, …).
    #[error("could not {action} {path}: {source}")]
    File {
        /// What was attempted, as a verb.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
    /// A file of the store holds something that this program did not write.
    #[error(
        "{path} is damaged: {reason}; restore it from a backup, or remove the repository's directory and push again"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A storage task ended before it answered, because the process is shutting down.
    #[error("the storage task was interrupted by the shutdown of the process")]
    Interrupted,
}

/// Attaches action and path to an I/O error.
pub(crate) trait FileContext<T> {
    fn file(self, action: &'static str, path: &Path) -> Result<T, StorageError>;
}

impl<T> FileContext<T> for io::Result<T> {
    fn file(self, action: &'static str, path: &Path) -> Result<T, StorageError> {
        self.map_err(|source| StorageError::File {
            action,
            path: path.to_owned(),
            source,
        })
    }
}
