//! The client side of OCI registries.

mod digest;
mod endpoints;
mod reference;
pub mod source;

pub use digest::{Algorithm, Digest, DigestError, Hasher};
pub use endpoints::{Endpoints, EndpointsError};
pub use reference::{ImageReference, ReferenceError};
