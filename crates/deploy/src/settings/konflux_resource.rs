//! A look into the Konflux resource before anything is created.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The file named by `KONFLUX_CR` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KonfluxResourceError {
    /// It cannot be read.
    #[error("cannot read the Konflux resource {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no Konflux resource.
    #[error("{path} is not a Konflux resource: {problem}")]
    NotKonflux {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        problem: String,
    },
    /// It enables image-controller, which could not work.
    #[error(
        "{path} enables image-controller, which never becomes ready without a Quay token; set QUAY_TOKEN and QUAY_ORGANIZATION, or remove spec.imageController.enabled"
    )]
    ImageControllerWithoutQuay {
        /// The file.
        path: PathBuf,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Konflux {
    api_version: String,
    kind: String,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    image_controller: ImageController,
}

#[derive(Deserialize, Default)]
struct ImageController {
    #[serde(default)]
    enabled: bool,
}

/// Checks what can be known from the file alone.
pub(super) fn check(path: &Path, quay_is_set: bool) -> Result<(), KonfluxResourceError> {
    let not_konflux = |problem: String| KonfluxResourceError::NotKonflux {
        path: path.to_owned(),
        problem,
    };
    let text = std::fs::read_to_string(path).map_err(|source| KonfluxResourceError::File {
        path: path.to_owned(),
        source,
    })?;
    let konflux: Konflux =
        serde_saphyr::from_str(&text).map_err(|error| not_konflux(error.to_string()))?;
    if konflux.kind != "Konflux" || !konflux.api_version.starts_with("konflux.konflux-ci.dev/") {
        return Err(not_konflux(format!(
            "it holds {} of {}",
            konflux.kind, konflux.api_version
        )));
    }
    if konflux.spec.image_controller.enabled && !quay_is_set {
        return Err(KonfluxResourceError::ImageControllerWithoutQuay {
            path: path.to_owned(),
        });
    }
    Ok(())
}
