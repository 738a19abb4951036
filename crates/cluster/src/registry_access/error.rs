//! Why an account cannot be made or removed. No text holds a password or a hash.

use std::io;
use std::path::PathBuf;

/// The accounts of the registry cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// A file cannot be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// `read`, `write`, …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What would be written, or is there, is not what the registry reads.
    #[error(
        "{} would not be readable for the registry: {reason}; nothing was changed; mend the name, the right or the file",
        path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The registry's own words about it.
        reason: String,
    },
    /// The password cannot be hashed.
    #[error("cannot hash the password of account {account:?}: {reason}")]
    Hash {
        /// Whose password it is.
        account: String,
        /// What the library said.
        reason: String,
    },
    /// No source of random numbers.
    #[error("the operating system gave no random numbers, so no password can be made")]
    NoRandomness,
}
