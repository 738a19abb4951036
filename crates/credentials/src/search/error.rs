//! Why no credential was found. No variant carries a secret value.

use std::path::PathBuf;

use super::NotFound;
use crate::{FileError, HelperError, Location, LookupError, RegistriesConfError, printable_path};

/// There is no usable credential for a repository.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// Nobody has logged in.
    #[error("{0}")]
    NotFound(NotFound),
    /// The file that was asked for is not there.
    #[error(
        "the docker config {} does not exist ({}); correct the path, or leave it out to search the usual places",
        printable_path(&location.path), location.source
    )]
    NamedFileMissing {
        /// The file.
        location: Location,
    },
    /// A file cannot be read or is not a docker config.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file that may name credential helpers cannot be used.
    #[error(transparent)]
    RegistriesConf(#[from] RegistriesConfError),
    /// The entry that answers is damaged.
    #[error("{}: {source}", printable_path(path))]
    Entry {
        /// The file.
        path: PathBuf,
        /// The entry and what is wrong with it.
        source: LookupError,
    },
    /// The helper that should answer did not.
    #[error("{}: {source}", printable_path(path))]
    Helper {
        /// The file that names the helper.
        path: PathBuf,
        /// What went wrong.
        source: HelperError,
    },
}
