//! Changing what a released file deploys: typed changes of its parsed documents, never of its text. A change that finds nothing to change
//! is an error, because then the release is not what the change was written for.

mod containers;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use k8s_openapi::api::core::v1::ResourceRequirements;
use kube::api::DynamicObject;
use oci::ImageReference;
use serde_json::Value;

use containers::{for_each_container, for_each_image};

/// A file cannot be changed as it should be.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// It does not hold Kubernetes objects.
    #[error("cannot read {name} as a list of Kubernetes objects: {problem}")]
    Malformed {
        /// The source.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// An image is not in it.
    #[error("cannot replace image {image}: no container uses it; those that are used: {}", listed(.used))]
    NoImage {
        /// The image, as it should have been written.
        image: String,
        /// The images that are there.
        used: BTreeSet<String>,
    },
    /// A container is not in it.
    #[error("cannot change {container}: there is none; those that are there: {}", listed(.there))]
    NoContainer {
        /// The container that should have been there.
        container: ContainerName,
        /// The containers that are there.
        there: BTreeSet<String>,
    },
}

/// Where a container is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContainerName {
    /// The kind of the object that makes its pods: `Deployment`, `StatefulSet`, …
    pub kind: String,
    /// The name of that object.
    pub object: String,
    /// The name of the container.
    pub container: String,
}

/// The documents of a file of Kubernetes objects; empty ones are left out.
///
/// # Errors
///
/// [`PatchError::Malformed`].
pub fn documents(name: &str, content: &[u8]) -> Result<Vec<Value>, PatchError> {
    let malformed = |problem: String| PatchError::Malformed {
        name: name.to_owned(),
        problem,
    };
    let text = std::str::from_utf8(content).map_err(|error| malformed(error.to_string()))?;
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(text).map_err(|error| malformed(error.to_string()))?;
    let documents: Vec<Value> = documents
        .into_iter()
        .filter(|document| !document.is_null())
        .collect();
    for (place, document) in documents.iter().enumerate() {
        let named = ["apiVersion", "kind"]
            .iter()
            .all(|field| document[*field].is_string())
            && document["metadata"]["name"].is_string();
        if !named {
            let place = place + 1;
            return Err(malformed(format!(
                "its document {place} has no apiVersion, kind or name"
            )));
        }
    }
    if documents.is_empty() {
        return Err(malformed("it holds none".to_owned()));
    }
    Ok(documents)
}

/// The documents as objects that can be applied.
///
/// # Errors
///
/// [`PatchError::Malformed`].
pub fn objects(name: &str, documents: Vec<Value>) -> Result<Vec<DynamicObject>, PatchError> {
    let objects: Result<Vec<_>, _> = documents.into_iter().map(serde_json::from_value).collect();
    objects.map_err(|error| PatchError::Malformed {
        name: name.to_owned(),
        problem: error.to_string(),
    })
}

/// Every image that the documents make a node pull, as it is written: those of containers, and those that a controller is told in its
/// arguments (`-entrypoint-image IMAGE`).
#[must_use]
pub fn images(documents: &[Value]) -> BTreeSet<String> {
    let mut images = BTreeSet::new();
    // The walk is written once, for changing; what it changes here is thrown away.
    for document in documents {
        let mut document = document.clone();
        for_each_image(&mut document, |image| {
            images.insert(image.to_owned());
            None
        });
    }
    images
}

/// Replaces images, wherever they are used. The key is the image as it is written in the file.
///
/// # Errors
///
/// [`PatchError::NoImage`] for an image that nothing uses; then nothing is changed.
pub fn replace_images(
    documents: &mut [Value],
    replacements: &BTreeMap<String, ImageReference>,
) -> Result<(), PatchError> {
    let used = images(documents);
    if let Some(image) = replacements.keys().find(|image| !used.contains(*image)) {
        let image = image.clone();
        return Err(PatchError::NoImage { image, used });
    }
    for document in documents {
        for_each_image(document, |image| {
            replacements.get(image).map(ToString::to_string)
        });
    }
    Ok(())
}

/// Sets what a container asks for and what it may use, in place of what the file says.
///
/// # Errors
///
/// [`PatchError::NoContainer`]; then nothing is changed.
pub fn set_resources(
    documents: &mut [Value],
    container: &ContainerName,
    resources: &ResourceRequirements,
) -> Result<(), PatchError> {
    let resources = serde_json::to_value(resources).expect("resources are always JSON");
    let (mut found, mut there) = (false, BTreeSet::new());
    for document in documents {
        for_each_container(document, |name, specification| {
            if name == *container {
                found = true;
                specification.insert("resources".to_owned(), resources.clone());
            }
            there.insert(name.to_string());
        });
    }
    if found {
        Ok(())
    } else {
        let container = container.clone();
        Err(PatchError::NoContainer { container, there })
    }
}

impl fmt::Display for ContainerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            object,
            container,
        } = self;
        write!(formatter, "container {container} of {kind} {object}")
    }
}

fn listed(there: &BTreeSet<String>) -> String {
    if there.is_empty() {
        return "none".to_owned();
    }
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    there.join(", ")
}

#[cfg(test)]
mod tests;
