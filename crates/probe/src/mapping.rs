//! `data.mapping` of a ReleasePlanAdmission applied to a Snapshot (release catalog, task `apply-mapping`).

mod model;
mod template;

use oci::ImageReference;

use crate::release_data::ImageCopies;
use model::{Component, MappedComponent, Mapping};

/// A mapping cannot be applied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MappingError {
    #[error(
        "spec.data.mapping: {0}; only name, repository, repositories[].url, tags, defaults.tags and failOnEmptyResult are carried out"
    )]
    Mapping(serde_json::Error),
    #[error("the Snapshot: {0}")]
    Snapshot(serde_json::Error),
    #[error(
        "component {0} contains an invalid containerImage value `{1}`: sha reference is required (REPOSITORY@sha256:…, no port in the host)"
    )]
    ContainerImage(String, String),
    #[error("component {0} is mapped to no repository; set repository or repositories[].url")]
    NoRepository(String),
    #[error("component {component} has no tag for {repository}; set tags or defaults.tags")]
    NoTag {
        component: String,
        repository: String,
    },
    #[error("component {component}: the template `{{{{ {template} }}}}` {problem}")]
    Template {
        component: String,
        template: String,
        problem: &'static str,
    },
    #[error("component {component}: {error}")]
    Reference {
        component: String,
        error: oci::ReferenceError,
    },
    #[error("no component of the Snapshot is mapped, and failOnEmptyResult asks for at least one")]
    Empty,
}

/// What the mapping makes of the Snapshot's components.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mapped {
    pub(crate) images: Vec<ImageCopies>,
    /// Components that the mapping does not name; they are not released.
    pub(crate) unmapped: Vec<String>,
}

/// Applies the mapping. `admission` and `snapshot` are the whole objects. `fail_on_empty_result` asks for at least one image, as the
/// mapping's own `failOnEmptyResult` does.
pub(crate) fn apply(
    admission: &serde_json::Value,
    snapshot: &serde_json::Value,
    fail_on_empty_result: bool,
) -> Result<Mapped, MappingError> {
    let mapping: Mapping = match admission.pointer("/spec/data/mapping") {
        Some(mapping) => serde_json::from_value(mapping.clone()).map_err(MappingError::Mapping)?,
        None => Mapping::default(),
    };
    let components = snapshot
        .pointer("/spec/components")
        .cloned()
        .unwrap_or_default();
    let components: Option<Vec<Component>> =
        serde_json::from_value(components).map_err(MappingError::Snapshot)?;
    let created = snapshot
        .pointer("/metadata/creationTimestamp")
        .and_then(|time| time.as_str());
    let mut mapped = Mapped {
        images: Vec::new(),
        unmapped: Vec::new(),
    };
    for component in components.unwrap_or_default() {
        match mapping
            .components
            .iter()
            .find(|known| known.name == component.name)
        {
            Some(known) => mapped
                .images
                .push(image(&mapping, known, &component, created)?),
            None => mapped.unmapped.push(component.name),
        }
    }
    match mapped.images.is_empty() && (fail_on_empty_result || mapping.fail_on_empty_result) {
        true => Err(MappingError::Empty),
        false => Ok(mapped),
    }
}

fn image(
    mapping: &Mapping,
    known: &MappedComponent,
    component: &Component,
    created: Option<&str>,
) -> Result<ImageCopies, MappingError> {
    let source = source(component)?;
    let values = template::Values {
        component,
        source: &source,
        created,
    };
    let targets = known.targets();
    if targets.is_empty() {
        return Err(MappingError::NoRepository(component.name.clone()));
    }
    let mut destinations: Vec<ImageReference> = Vec::new();
    for (repository, own_tags) in targets {
        let reference = |error| MappingError::Reference {
            component: component.name.clone(),
            error,
        };
        let target: ImageReference = repository.parse().map_err(reference)?;
        let target = target.without_tag_and_digest();
        let mut tags = mapping.defaults.tags.iter().chain(own_tags).peekable();
        if tags.peek().is_none() {
            return Err(MappingError::NoTag {
                component: component.name.clone(),
                repository: repository.to_owned(),
            });
        }
        for tag in tags {
            let destination = target.with_tag(&values.expand(tag)?).map_err(reference)?;
            if !destinations.contains(&destination) {
                destinations.push(destination);
            }
        }
    }
    Ok(ImageCopies {
        name: component.name.clone(),
        source,
        destinations,
    })
}

/// The catalog demands `^[^:]+@sha256:[0-9a-f]+$`: one colon, that of the digest.
fn source(component: &Component) -> Result<ImageReference, MappingError> {
    let text = &component.container_image;
    let invalid = || MappingError::ContainerImage(component.name.clone(), text.clone());
    let (repository, digest) = text.split_once('@').ok_or_else(invalid)?;
    if repository.contains(':') || !digest.starts_with("sha256:") {
        return Err(invalid());
    }
    text.parse().map_err(|_| invalid())
}

#[cfg(test)]
mod tests;
