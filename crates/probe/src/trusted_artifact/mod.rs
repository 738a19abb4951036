//! Trusted artifacts: files that one task hands to another through a registry, so that nobody can change them on the way.
//!
//! The format is that of Konflux's build-trusted-artifacts: a gzip-compressed tar archive, stored as a layer of a manifest, and named by
//! `oci:REPOSITORY@DIGEST`, where the digest is that of the archive and not that of the manifest. Whoever has the name has the content.

mod bounded;
mod disk;
mod entry_path;
mod error;
mod fetch;
mod login;
mod pack;
mod publish;
mod shown;
mod unpack;
mod uri;

pub(crate) use disk::Room;
pub(crate) use error::TrustedArtifactError;
pub(crate) use fetch::fetch;
pub(crate) use login::{announce, login};
pub(crate) use pack::pack;
pub(crate) use publish::{NamedArchive, publish};
pub(crate) use unpack::unpack;
pub(crate) use uri::ArtifactUri;

/// In a directory this file means: its content is neither stored nor restored.
pub(crate) const SKIP_FILE: &str = ".skip-trusted-artifacts";

/// What the release catalog gives as a repository, and as a URI, where trusted artifacts are not used.
pub(crate) const NOT_USED: &str = "empty";

#[cfg(test)]
mod tests;
