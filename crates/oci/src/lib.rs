//! The client side of OCI registries: names, content that is checked by its digest, transfer, and the assembly of small images.
//!
//! - [`ImageReference`], [`Digest`], [`Platform`], [`Manifest`]: parsed once, at the edge
//! - [`Endpoints`]: where a registry that is named in a reference is reached from here
//! - [`Client`]: fetch, [`verify`](Client::verify), push, copy, list, delete over verified TLS
//! - [`access`]: whether a credential can pull and push, step by step
//! - [`Client::describe`]: what an image is made of and what hangs on it
//! - [`Layout`]: an OCI image layout directory
//! - [`image`]: reproducible assembly of images
//! - [`source`]: the revision of a source tree
//!
//! ```no_run
//! # async fn example() -> Result<(), oci::Error> {
//! let client = oci::Client::builder().build()?;
//! let image = client.verify(&"quay.io/team/application:v1".parse()?).await?;
//! println!("{} has {} platforms, every byte checked", image.digest, image.platforms.len());
//! # Ok(())
//! # }
//! ```

pub mod access;
mod client;
mod description;
mod digest;
mod endpoints;
mod error;
pub mod image;
mod layout;
mod manifest;
pub mod media_type;
mod platform;
mod platforms;
mod printable;
mod reference;
pub mod source;
mod transfer;
mod verify;

pub use client::{
    Anonymous, BlobStream, Client, ClientBuilder, Credential, CredentialSource, Repositories,
    Retry, SentCredential, TransportProblem,
};
pub use description::{
    Attachment, AttachmentKind, ConfigDescription, FoundBy, ImageDescription, LayerDescription,
    ManifestDescription, SbomFormat,
};
pub use digest::{Algorithm, Digest, DigestError, Hasher};
pub use endpoints::{Endpoints, EndpointsError};
pub use error::{Claim, ContentError, Error, RefusedBy};
pub use layout::Layout;
pub use manifest::{Descriptor, ImageManifest, Index, Manifest, ManifestContent};
pub use platform::{Platform, PlatformError};
pub(crate) use printable::printable;
pub use reference::{ImageReference, ReferenceError};
pub use verify::{VerifiedImage, VerifiedLayer, VerifiedManifest};
