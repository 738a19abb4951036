//! The file that `collect-data` writes and `push-snapshot` reads, and the one that `push-snapshot` writes.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// What a release copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseData {
    /// `NAMESPACE/NAME` of the Snapshot.
    pub(crate) snapshot: String,
    pub(crate) images: Vec<ImageCopies>,
}

/// One component's image and where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImageCopies {
    /// Name of the component.
    pub(crate) name: String,
    /// The image by digest.
    pub(crate) source: oci::ImageReference,
    /// Tags.
    pub(crate) destinations: Vec<oci::ImageReference>,
}

/// What a release has copied; goes into the Release's `status.artifacts` (push-snapshot-results.json of the release catalog).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) images: Vec<ReleasedImage>,
}

/// One component's image at its destinations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReleasedImage {
    pub(crate) arches: Vec<String>,
    pub(crate) oses: Vec<String>,
    pub(crate) name: String,
    pub(crate) shasum: String,
    pub(crate) urls: Vec<String>,
}

/// Reads one of these files.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let bytes = std::fs::read(path).map_err(|error| Error::file("read", path, error))?;
    serde_json::from_slice(&bytes).map_err(|error| Error::Content {
        path: path.to_owned(),
        detail: error.to_string(),
    })
}

/// Writes one of these files, in a directory that is made when it is missing.
pub(crate) fn write(path: &Path, content: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(content).map_err(|error| Error::Content {
        path: path.to_owned(),
        detail: error.to_string(),
    })?;
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)
            .map_err(|error| Error::file("create", directory, error))?;
    }
    std::fs::write(path, text + "\n").map_err(|error| Error::file("write", path, error))
}
