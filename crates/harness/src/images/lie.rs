//! What is not as it was said to be.

use oci::{ContentError, Digest, ImageReference};

/// An image, or a word about one, that is not true.
#[derive(Debug, thiserror::Error)]
pub enum Lie {
    /// The build's results name an image that is not there, or not like that.
    #[error("the build says that it pushed {reference}, but: {found}")]
    Pushed {
        /// Tag and digest by the build's results.
        reference: ImageReference,
        /// What the registry has.
        found: ContentError,
    },
    /// The image is not what its source describes.
    #[error("image {reference} is not what its source describes:\n  {}", .differences.join("\n  "))]
    Content {
        /// The image.
        reference: ImageReference,
        /// What differs, one line each.
        differences: Vec<String>,
    },
    /// The image went to another place than the component says.
    #[error(
        "the build says that it pushed to {pushed}, but its component's images belong in {repository}"
    )]
    Repository {
        /// Where the build says it pushed.
        pushed: ImageReference,
        /// Where the component's images belong.
        repository: ImageReference,
    },
    /// The Snapshot names another image than the one that was built.
    #[error("Snapshot {snapshot} names {named}, but the build pushed {pushed}")]
    Snapshot {
        /// `namespace/name`.
        snapshot: String,
        /// What the Snapshot has for the component, `nothing` if it has none.
        named: String,
        /// The image that was built, by digest.
        pushed: ImageReference,
    },
    /// A destination does not hold the released image.
    #[error("the Release says that {reference} was released, but: {found}")]
    Released {
        /// Destination tag, with the digest that the Snapshot names.
        reference: ImageReference,
        /// What the registry has.
        found: ContentError,
    },
    /// The Release's own report names another image or none.
    #[error("Release {release} reports {reported}, but what it released is {released}")]
    Reported {
        /// `namespace/name`.
        release: String,
        /// `status.artifacts`, as it is.
        reported: String,
        /// The image at its destination.
        released: ImageReference,
    },
    /// A trusted artifact does not hold what went into it.
    #[error("the trusted artifact {archive} does not hold what went into it:\n  {}", .differences.join("\n  "))]
    Artifact {
        /// The archive, by digest.
        archive: ImageReference,
        /// What differs, one line each.
        differences: Vec<String>,
    },
    /// A trusted artifact was stored in another place than it was meant for.
    #[error("the trusted artifact {archive} belongs in {repository}")]
    ArtifactElsewhere {
        /// The archive, by digest.
        archive: ImageReference,
        /// Where it belongs.
        repository: ImageReference,
    },
    /// A Secret is there, and no pipeline gets it.
    #[error(
        "credentials not linked: Secret {secret} is not among the secrets of ServiceAccount {service_account}, which has {}",
        if .linked.is_empty() { "none".to_owned() } else { .linked.join(", ") }
    )]
    NotLinked {
        /// `namespace/name`.
        secret: String,
        /// The ServiceAccount whose pipelines need it.
        service_account: String,
        /// What is linked to it.
        linked: Vec<String>,
    },
    /// The same source gave two images.
    #[error("the same source was built twice, and gave {first} and then {second}")]
    NotReproducible {
        /// The first build's digest.
        first: Digest,
        /// The second build's digest.
        second: Digest,
    },
    /// Something was pushed although it must not be.
    #[error("nothing may be pushed to {repository}, but it has the tags {}", .tags.join(", "))]
    NotEmpty {
        /// The repository.
        repository: ImageReference,
        /// The tags it has.
        tags: Vec<String>,
    },
}
