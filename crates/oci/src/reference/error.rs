//! Why a text is not an image reference.

use crate::digest::DigestError;

/// Why a text is not an [`ImageReference`](crate::ImageReference).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The first part is not a registry host.
    #[error(
        "`{0}` names no registry; write the host, for example docker.io/library/{0} or localhost:5001/{0}"
    )]
    NoRegistry(String),
    /// The host has characters that no host has, or a port out of range.
    #[error("`{0}` is not a registry host; it looks like quay.io, localhost:5001 or [::1]:5001")]
    InvalidRegistry(String),
    /// The repository breaks the specification's grammar.
    #[error(
        "`{0}` is not a repository name; its parts are lower-case letters and digits, joined by `.`, `_`, `__` or dashes, with `/` between parts"
    )]
    InvalidRepository(String),
    /// Host and repository together are longer than the specification allows clients to rely on.
    #[error("the image name `{0}` has more than 255 characters")]
    TooLong(String),
    /// The tag breaks the specification's grammar.
    #[error(
        "`{0}` is not a tag; a tag has at most 128 letters, digits, `_`, `.` and `-`, and does not start with `.` or `-`"
    )]
    InvalidTag(String),
    /// The digest is wrong.
    #[error(transparent)]
    Digest(#[from] DigestError),
}
