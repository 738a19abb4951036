//! What is wrong with a source of COPY.

use std::path::{Path, PathBuf};

/// A source of COPY cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContextError {
    #[error("`{0}` leaves the build context; copy the file into the context")]
    Escapes(String),
    #[error("`{0}` does not exist in the build context")]
    Missing(String),
    #[error("nothing in the build context matches `{0}`")]
    NothingMatches(String),
    #[error("`{pattern}` is not a pattern: {detail}")]
    Pattern {
        pattern: String,
        detail: &'static str,
    },
    #[error("`{0}` is neither a file, a directory nor a symbolic link")]
    Special(String),
    #[error("the name of {} is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    #[error(
        "the build context has a .dockerignore, which probe build does not honour; remove it, and what it names"
    )]
    DockerIgnore,
    #[error("COPY of several sources needs a destination that ends with `/`; `{0}` does not")]
    DestinationNotDirectory(String),
    #[error("cannot read {}: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
}

impl ContextError {
    pub(super) fn read(path: &Path, source: std::io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }
}
