//! An embeddable OCI distribution registry (distribution specification 1.1).
//!
//! [`Registry`] is an `axum` service over a [`Storage`](storage::Storage); [`serve()`] puts it on a port with TLS. Every byte is hashed
//! while it arrives, and what does not match its digest is refused and leaves nothing behind.
//!
//! ```no_run
//! use std::sync::Arc;
//! use registry::{Options, Registry, storage::Directory};
//!
//! # async fn run(certificate_chain_pem: &str, private_key_pem: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let registry = Registry::new(Arc::new(Directory::open("data")?), Options::default());
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:5001").await?;
//! let tls = registry::tls::server_config(certificate_chain_pem, private_key_pem)?;
//! let shutdown = tokio_util::sync::CancellationToken::new();
//! registry::serve(listener, tls, registry.router(), shutdown).await?;
//! # Ok(())
//! # }
//! ```

pub mod access;
mod api;
mod digest;
mod error;
mod manifest;
pub mod media_type;
mod name;
mod options;
mod registry;
mod serve;
pub mod storage;
pub mod tls;
mod upload;
mod verify;

pub use digest::{Algorithm, Digest, ParseDigestError};
pub use manifest::Descriptor;
pub use name::{
    LONGEST_REPOSITORY_NAME, LONGEST_TAG, ParseNameError, ParseReferenceError, Reference,
    RepositoryName, Tag,
};
pub use options::Options;
pub use registry::Registry;
pub use serve::{serve, serve_plain_http};
pub use verify::VerifiedDigest;
