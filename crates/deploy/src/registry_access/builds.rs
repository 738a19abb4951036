//! Where the builds of a Component push to.

use konflux_api::konflux::Component;
use konflux_api::names;
use kube::Client;
use oci::{ImageReference, ReferenceError};

use super::cluster_objects::read;
use super::{NamespaceName, ObjectError, Place, Recipient, Registries, ResourceName};

/// The repository and the ServiceAccount of a Component's builds.
#[derive(Clone, Debug)]
pub struct Build {
    /// Who pushes where.
    pub recipient: Recipient,
    /// What a person should know about it.
    pub notes: Vec<String>,
}

/// It cannot be told where a Component's builds push to.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no such Component, and nobody said which registry.
    #[error(
        "Component {namespace}/{name} does not exist, so that its image cannot tell the registry; check the name (`kubectl get components -n {namespace}`), or say --registry HOST/PREFIX"
    )]
    NoComponent {
        /// Its namespace.
        namespace: NamespaceName,
        /// Its name.
        name: ResourceName,
    },
    /// The Component names no image.
    #[error(
        "Component {namespace}/{name} has no spec.containerImage yet; set it to the repository that builds push to, wait for image-controller to do so, or say --registry HOST/PREFIX"
    )]
    NoImage {
        /// Its namespace.
        namespace: NamespaceName,
        /// Its name.
        name: ResourceName,
    },
    /// What the Component names is no image.
    #[error("spec.containerImage of Component {namespace}/{name} is `{image}`: {source}")]
    WrongImage {
        /// Its namespace.
        namespace: NamespaceName,
        /// Its name.
        name: ResourceName,
        /// As written.
        image: String,
        /// What is wrong with it.
        source: ReferenceError,
    },
    /// The registry and the Component's name make no repository.
    #[error("--registry {registry} and the Component's name make no repository: {source}")]
    WrongRepository {
        /// The registry.
        registry: Place,
        /// What is wrong.
        source: ReferenceError,
    },
    /// The cluster cannot be read.
    #[error(transparent)]
    Object(#[from] ObjectError),
}

/// The repository is the Component's `spec.containerImage`. With `registry`, that is used where it lies below the place, and otherwise
/// `PLACE/COMPONENT`, so that credentials can be given before a Component exists.
///
/// # Errors
/// [`BuildError`].
pub async fn build_of(
    client: &Client,
    registries: &Registries,
    namespace: &NamespaceName,
    name: &ResourceName,
    registry: Option<&Place>,
) -> Result<Build, BuildError> {
    let component: Option<Component> = read(client, namespace, name.as_str()).await?;
    let exists = component.is_some();
    let image = component.and_then(|component| component.spec.container_image);
    let image = image.filter(|image| !image.is_empty());
    let image = image.map(|image| {
        let parsed = image.parse::<ImageReference>();
        let parsed = parsed.map(|reference| reference.without_tag_and_digest());
        parsed.map_err(|source| BuildError::WrongImage {
            namespace: namespace.clone(),
            name: name.clone(),
            image,
            source,
        })
    });
    let image = image.transpose()?;
    let mut notes = Vec::new();
    let repository = match (registry, image) {
        (None, Some(image)) => image,
        (None, None) => {
            let (namespace, name) = (namespace.clone(), name.clone());
            return Err(match exists {
                true => BuildError::NoImage { namespace, name },
                false => BuildError::NoComponent { namespace, name },
            });
        }
        (Some(place), image) => {
            let inside = registries.in_cluster(place);
            if let Some(inside) = &inside {
                notes.push(format!(
                    "{} is the registry's address on this computer; pipelines know it as {}",
                    place.registry(),
                    inside.registry()
                ));
            }
            let place = inside.as_ref().unwrap_or(place);
            match image {
                Some(image) if place.contains(&image) => image,
                other => {
                    notes.push(match other {
                        Some(image) => format!(
                            "Component {name} pushes to {image}, which is not below {place}: its builds need credentials for that, too"
                        ),
                        None if exists => format!("Component {name} names no image yet"),
                        None => format!("Component {name} does not exist yet"),
                    });
                    let repository = place.repository(name.as_str());
                    repository.map_err(|source| BuildError::WrongRepository {
                        registry: place.clone(),
                        source,
                    })?
                }
            }
        }
    };
    let recipient = Recipient {
        service_account: names::build_pipeline_service_account(name.as_str()),
        repositories: vec![repository],
        sources: Vec::new(),
    };
    Ok(Build { recipient, notes })
}
