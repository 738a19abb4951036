//! Making a [`Client`].

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Anonymous, Client, CredentialSource, Inner, Retry, tls};
use crate::{Endpoints, Error};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest silence within an answer; a transfer that moves may take as long as it needs.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
const LONGEST_REDIRECTION: usize = 10;

/// Collects what a [`Client`] needs to know.
pub struct ClientBuilder {
    endpoints: Endpoints,
    ca_certificates_pem: Vec<Vec<u8>>,
    credentials: Box<dyn CredentialSource>,
    retry: Retry,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            endpoints: Endpoints::new(),
            ca_certificates_pem: Vec::new(),
            credentials: Box::new(Anonymous),
            retry: Retry::default(),
        }
    }
}

impl ClientBuilder {
    /// Sets where registries are reached.
    #[must_use]
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Trusts the certificate authorities in `pem` too, beside the system's. May be called more than once.
    #[must_use]
    pub fn ca_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificates_pem.push(pem.into());
        self
    }

    /// Sets who knows the credentials.
    #[must_use]
    pub fn credentials(mut self, credentials: impl CredentialSource + 'static) -> Self {
        self.credentials = Box::new(credentials);
        self
    }

    /// Sets how often and when operations are tried again.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Makes the client. Connects to nothing.
    ///
    /// # Errors
    /// A certificate authority cannot be read, or there is none at all: neither in the system nor given.
    pub fn build(self) -> Result<Client, Error> {
        let tls = tls::client_config(&self.ca_certificates_pem)?;
        let loopback = http_client(tls.clone(), reqwest::ClientBuilder::no_proxy)?;
        let http = http_client(tls, std::convert::identity)?;
        Ok(Client(Arc::new(Inner {
            http,
            loopback,
            endpoints: self.endpoints,
            credentials: self.credentials,
            authorizations: Mutex::default(),
            retry: self.retry,
        })))
    }
}

fn http_client(
    tls: rustls::ClientConfig,
    proxy: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Result<reqwest::Client, Error> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .redirect(reqwest::redirect::Policy::limited(LONGEST_REDIRECTION))
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .user_agent(concat!("konflux-local/", env!("CARGO_PKG_VERSION")));
    proxy(builder)
        .build()
        .map_err(|error| Error::Tls(error.to_string()))
}
