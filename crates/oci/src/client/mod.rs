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
mod catalog;
mod certificate_verifier;
mod challenge;
mod credential;
mod error_body;
mod listing;
mod manifests;
mod proxy;
mod request;
mod resolver;
mod retry;
mod retry_after;
mod tls;
mod transport_error;
mod transport_problem;
mod upload;

pub(crate) use authorization::TOKEN_SERVER_SAYS;
pub use blob_stream::BlobStream;
pub use builder::ClientBuilder;
pub use catalog::Repositories;
pub(crate) use challenge::{Challenge, challenges, choose};
pub use credential::{Anonymous, Credential, CredentialSource, SentCredential};
pub(crate) use error_body::{NO_EXPLANATION, detail, error_body, registry_words};
pub(crate) use listing::fallback_tag;
pub(crate) use request::{Access, Call};
pub use retry::Retry;
pub use transport_problem::TransportProblem;
pub(crate) use upload::{BlobContent, BlobUpload};

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use reqwest::header::HeaderValue;

use self::proxy::ProxySettings;
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
    /// Says through which proxy `http` goes.
    proxy: Arc<ProxySettings>,
    credentials: Arc<dyn CredentialSource>,
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

    /// The same client, with no login remembered: a check has to see what the registry says now.
    pub(crate) fn without_known_authorizations(&self) -> Self {
        Self(Arc::new(Inner {
            http: self.0.http.clone(),
            loopback: self.0.loopback.clone(),
            proxy: Arc::clone(&self.0.proxy),
            endpoints: self.0.endpoints.clone(),
            credentials: Arc::clone(&self.0.credentials),
            authorizations: Mutex::default(),
            retry: self.0.retry,
        }))
    }

    /// Where registries are reached.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.0.endpoints
    }

    /// `host[:port]` where `reference`'s registry is reached.
    pub(crate) fn address<'a>(&'a self, reference: &'a ImageReference) -> &'a str {
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
