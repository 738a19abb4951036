//! The client of the OCI distribution API.
//!
//! Why not the `oci-client` crate: its raw manifests come without the `Content-Type` that has to be compared, a refused mount is an
//! error that leaves an upload open, a failing token server is passed over and the request goes out anonymously, its passwords are
//! plain strings, deletion, paging of tags and `Retry-After` are missing, and it falls back to the default configuration when a CA
//! cannot be read. What would be left of it is less than the code that works around it. HTTP, TLS and the challenge grammar are
//! `reqwest`'s, `rustls`' and `http-auth`'s.

mod authorization;
mod blob_stream;
mod blobs;
mod builder;
mod challenge;
mod credential;
mod listing;
mod manifests;
mod request;
mod retry;
mod tls;
mod transport_error;
mod upload;

pub use blob_stream::BlobStream;
pub use builder::ClientBuilder;
pub use credential::{Anonymous, Credential, CredentialSource};
pub(crate) use listing::fallback_tag;
pub use retry::Retry;
pub(crate) use upload::{BlobContent, BlobUpload};

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use reqwest::header::HeaderValue;

use crate::{Endpoints, ImageReference};

/// Talks to registries over verified TLS. Cheap to clone; clones share connections and tokens.
///
/// Every operation names its object in errors, is tried again where that can help ([`Retry`]), and answers authentication
/// challenges (Basic, and Bearer as in <https://distribution.github.io/distribution/spec/auth/token/>).
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    /// Honours the environment's proxy settings.
    http: reqwest::Client,
    /// For loopback addresses, which no proxy can reach.
    loopback: reqwest::Client,
    endpoints: Endpoints,
    credentials: Box<dyn CredentialSource>,
    /// Registry and scope → `Authorization` that worked last.
    authorizations: Mutex<HashMap<(String, String), HeaderValue>>,
    retry: Retry,
}

impl Client {
    /// Starts a client that trusts the system's certificate authorities, knows no credentials and rewrites no address.
    #[must_use]
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Where registries are reached.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.0.endpoints
    }

    /// `host[:port]` where `reference`'s registry is reached.
    fn address<'a>(&'a self, reference: &'a ImageReference) -> &'a str {
        self.0.endpoints.address(reference.registry())
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Client")
            .field("endpoints", &self.0.endpoints)
            .finish_non_exhaustive()
    }
}
