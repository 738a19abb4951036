//! What is wrong with a trusted artifact, or with what should become one.

use std::path::{Path, PathBuf};

use oci::{Digest, ImageReference};

use super::ArtifactUri;

/// A trusted artifact could not be stored or restored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrustedArtifactError {
    #[error("cannot put `{path}` into a trusted artifact: it {detail}")]
    Entry { path: String, detail: &'static str },
    #[error(
        "cannot put {} into a trusted artifact: it changed while it was read; run again when nothing writes to it",
        .0.display()
    )]
    Changed(PathBuf),
    #[error(
        "two results are called `{0}`, but the artifacts of one manifest are told apart by the base names of their result files; rename one"
    )]
    SameName(String),
    #[error(
        "the trusted artifacts {names} were not stored in {store}, and no result was written: {source}"
    )]
    NotStored {
        names: String,
        store: ImageReference,
        source: Box<oci::Error>,
    },
    #[error("`{}` is the root of all files; name a directory in it to extract to", .0.display())]
    Root(PathBuf),
    #[error("cannot fetch the trusted artifact {uri}: {source}")]
    NotFetched {
        uri: ArtifactUri,
        source: Box<oci::Error>,
    },
    #[error(
        "the trusted artifact {0} does not exist (any more): artifacts expire, and registries remove what no tag names; run the task that stores it again"
    )]
    Gone(ArtifactUri),
    #[error(
        "the trusted artifact {uri} is refused: the registry sent bytes that hash to {computed}; nothing was extracted"
    )]
    WrongDigest { uri: ArtifactUri, computed: Digest },
    #[error(
        "the trusted artifact {uri} is refused: its archive has more than the {most} bytes that may be used of {}",
        directory.display()
    )]
    TooLarge {
        uri: ArtifactUri,
        most: u64,
        directory: PathBuf,
    },
    #[error(
        "the trusted artifact {uri} is refused: with `{entry}` it unpacks to more than fits on the disk of {}",
        directory.display()
    )]
    NoRoom {
        uri: ArtifactUri,
        entry: String,
        directory: PathBuf,
    },
    #[error(
        "the trusted artifact {uri} is refused: its entry `{entry}` {detail}; what was extracted before it stays in {}",
        directory.display()
    )]
    Unsafe {
        uri: ArtifactUri,
        entry: String,
        detail: String,
        directory: PathBuf,
    },
    #[error(
        "the trusted artifact {uri} is refused: it is not a whole gzip-compressed tar archive: {detail}"
    )]
    Damaged { uri: ArtifactUri, detail: String },
    #[error("cannot extract `{entry}` of the trusted artifact {uri}: {detail}")]
    NotExtracted {
        uri: ArtifactUri,
        entry: String,
        detail: String,
    },
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
}

impl TrustedArtifactError {
    pub(super) fn file(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::File {
            action,
            path: path.to_owned(),
            source,
        }
    }
}
