//! What can go wrong between us and a registry.

mod refusal;

pub use refusal::RefusedBy;
use refusal::{registry_of, what_to_check};
use std::path::PathBuf;
use std::time::Duration;

use crate::{
    Digest, ImageReference, Platform, ReferenceError, SentCredential, TransportProblem, printable,
};

/// A registry's content is not what was asked for. Each of these is a lie that somebody told, or damage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// A tag names another manifest than it was said to.
    #[error(
        "tag moved: {reference} names {found}, expected {expected}; something pushed to that tag in between"
    )]
    TagMoved {
        /// The tag.
        reference: ImageReference,
        /// The digest that was asked for.
        expected: Digest,
        /// The digest that the tag has now.
        found: Digest,
    },
    /// A manifest does not exist.
    #[error("missing manifest: {reference} does not exist{}", missing_because(.needed_by.as_ref()))]
    MissingManifest {
        /// The manifest.
        reference: ImageReference,
        /// The index that lists it; `None` when it was asked for by name.
        needed_by: Option<Digest>,
    },
    /// A blob does not exist.
    #[error("missing blob: {digest} does not exist in {repository}; push the image again")]
    MissingBlob {
        /// `HOST/REPOSITORY`.
        repository: String,
        /// The blob.
        digest: Digest,
    },
    /// Content hashes to another digest than claimed.
    #[error(
        "digest mismatch: {claimed_by} says that {object} is {expected}, its bytes hash to {computed}"
    )]
    DigestMismatch {
        /// What was hashed.
        object: String,
        /// Who claims the expected digest.
        claimed_by: Claim,
        /// The digest that was claimed.
        expected: Digest,
        /// The digest of the bytes that came.
        computed: Digest,
    },
    /// Content has another size than claimed.
    #[error("size mismatch: {object} is said to have {expected} bytes, {actual} came")]
    SizeMismatch {
        /// What was counted.
        object: String,
        /// Bytes that its descriptor claims.
        expected: u64,
        /// Bytes that came, or were announced.
        actual: u64,
    },
    /// Content whose size nobody told is larger than there is room for.
    #[error("too large: {object} has more than the {most} bytes that were allowed for")]
    TooLarge {
        /// What was counted.
        object: String,
        /// Bytes that it may have.
        most: u64,
    },
    /// Content has another media type than claimed, or one that has no place there.
    #[error("wrong media type: {object} is {found}, expected {expected}")]
    WrongMediaType {
        /// What has the media type.
        object: String,
        /// What was claimed or would have a place there.
        expected: String,
        /// What was found.
        found: String,
    },
    /// An image has no manifest for a platform.
    #[error("platform missing: {reference} has no {platform}; it has {}", list(.available))]
    PlatformMissing {
        /// The image.
        reference: ImageReference,
        /// The platform that was asked for.
        platform: Platform,
        /// The platforms that it has.
        available: Vec<Platform>,
    },
    /// An index says that a manifest is for one platform, its configuration names another.
    #[error("wrong platform: {object} is listed as {expected}, its configuration says {found}")]
    WrongPlatform {
        /// The manifest.
        object: String,
        /// Platform in the index.
        expected: Box<Platform>,
        /// Platform in the configuration.
        found: Box<Platform>,
    },
    /// Content cannot be read as what it is said to be.
    #[error("malformed content: {object}: {detail}")]
    Malformed {
        /// What cannot be read.
        object: String,
        /// Why.
        detail: String,
    },
}

/// Who claims a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The reference that was asked for.
    Reference,
    /// The registry's `Docker-Content-Digest` header.
    Header,
    /// The descriptor in a manifest or index.
    Descriptor,
    /// `rootfs.diff_ids` of the image's configuration, over the uncompressed layer.
    DiffId,
}

impl std::fmt::Display for Claim {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Reference => "the reference",
            Self::Header => "the registry's Docker-Content-Digest header",
            Self::Descriptor => "the descriptor",
            Self::DiffId => "the configuration's diff_ids",
        })
    }
}

/// An operation on a registry, or on an image layout, failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The content is not what was asked for.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// A reference that the operation would have to make up is not one.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// A reference lacks the part that the operation needs.
    #[error("cannot {action}: the reference has no {missing}")]
    IncompleteReference {
        /// What was attempted, on what.
        action: String,
        /// `tag`, `digest` or `tag or digest`.
        missing: &'static str,
    },
    /// No answer came: name resolution, connection, TLS or a broken transfer.
    #[error("cannot {action}: no answer from {address}: {cause}")]
    Transport {
        /// What was attempted, on what.
        action: String,
        /// `host[:port]` that was connected to.
        address: String,
        /// The chain of causes, outermost first.
        cause: String,
        /// What kind of failure it is.
        problem: TransportProblem,
        /// Whether trying again can help.
        transient: bool,
    },
    /// 401: the registry wants a login, or another one.
    #[error(
        "cannot {action}: {} refuses the login (401): {said}; {}",
        registry_of(.place),
        what_to_check(.sent, .place)
    )]
    Unauthorized {
        /// What was attempted, on what.
        action: String,
        /// `HOST/REPOSITORY`, or the host alone where no repository is concerned.
        place: String,
        /// What the registry or its token server said.
        said: String,
        /// The credential that was sent.
        sent: SentCredential,
        /// Who refused it.
        refused_by: RefusedBy,
    },
    /// 403: the login is known and has no right to do this.
    #[error(
        "cannot {action}: {registry} denies it (403): {detail}; the credential needs that right on the repository"
    )]
    Forbidden {
        /// What was attempted, on what.
        action: String,
        /// The registry.
        registry: String,
        /// What the registry said.
        detail: String,
    },
    /// Another status than the specification gives for success.
    #[error("cannot {action}: {address} answered {status}: {detail}")]
    Status {
        /// What was attempted, on what.
        action: String,
        /// `host[:port]` that answered.
        address: String,
        /// HTTP status code.
        status: u16,
        /// What the registry said, shortened.
        detail: String,
        /// The time the registry asked to wait before the next try.
        retry_after: Option<Duration>,
    },
    /// The answer breaks the distribution specification.
    #[error(
        "cannot {action}: the answer of {address} is against the distribution specification: {detail}"
    )]
    Protocol {
        /// What was attempted, on what.
        action: String,
        /// `host[:port]` that answered.
        address: String,
        /// What is wrong with the answer.
        detail: String,
    },
    /// The credentials for a registry could not be looked up.
    #[error("cannot {action}: {}", printable(.detail))]
    Credential {
        /// What was attempted, on what.
        action: String,
        /// Why, without any secret.
        detail: String,
    },
    /// The client cannot be made: certificate authority or TLS settings.
    #[error("cannot prepare TLS: {0}")]
    Tls(String),
    /// The given proxy cannot be used.
    #[error("the given proxy is not a URL; write http://proxy.example:3128")]
    ProxyAddress,
    /// A directory is not an OCI image layout, or not one with exactly one image.
    #[error("{} is not an OCI image layout that can be used: {detail}", path.display())]
    Layout {
        /// The directory or the file in it.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {}: {detail}", path.display())]
    File {
        /// `read`, `write`, …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        detail: String,
    },
    /// An image cannot be assembled as asked.
    #[error("cannot assemble the image: {0}")]
    Assembly(String),
}

impl Error {
    /// Whether the same operation may succeed when it is tried again: broken connections, 5xx and 429.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transport { transient, .. } => *transient,
            Self::Status { status, .. } => *status >= 500 || *status == 429,
            _ => false,
        }
    }

    pub(crate) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
        source: &std::io::Error,
    ) -> Self {
        Self::File {
            action,
            path: path.into(),
            detail: source.to_string(),
        }
    }
}

fn missing_because(index: Option<&Digest>) -> String {
    match index {
        Some(index) => format!(", though the index {index} lists it"),
        None => "; check repository and tag, or push it first".to_owned(),
    }
}

fn list(platforms: &[Platform]) -> String {
    let names: Vec<String> = platforms.iter().map(Platform::to_string).collect();
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}
