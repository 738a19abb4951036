//! Making a [`Client`].

use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;

use super::proxy::{ProxyChoice, ProxySettings};
use super::resolver::Resolver;
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
    credentials: Arc<dyn CredentialSource>,
    retry: Retry,
    connect_timeout: Duration,
    proxy: ProxyChoice,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            endpoints: Endpoints::new(),
            ca_certificates_pem: Vec::new(),
            credentials: Arc::new(Anonymous),
            retry: Retry::default(),
            connect_timeout: CONNECT_TIMEOUT,
            proxy: ProxyChoice::Environment,
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
        self.credentials = Arc::new(credentials);
        self
    }

    /// Sets how often and when operations are tried again.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Sets how long a registry may take to accept a connection; 10 seconds if this is not called.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Sets the proxy to go through, `http://[USER:PASSWORD@]HOST:PORT`, in place of what the environment says (`HTTPS_PROXY`, `NO_PROXY`). Loopback
    /// addresses are always reached directly.
    #[must_use]
    pub fn proxy(mut self, url: impl Into<SecretString>) -> Self {
        self.proxy = ProxyChoice::Given(url.into());
        self
    }

    /// Goes through no proxy, whatever the environment says.
    #[must_use]
    pub fn without_proxy(mut self) -> Self {
        self.proxy = ProxyChoice::Without;
        self
    }

    /// Makes the client. Connects to nothing.
    ///
    /// # Errors
    /// A certificate authority or the proxy's address cannot be read, or there is no authority at all: neither in the system nor given.
    pub fn build(self) -> Result<Client, Error> {
        let tls = tls::client_config(&self.ca_certificates_pem)?;
        let proxy = ProxySettings::new(self.proxy)?;
        let limit = self.connect_timeout;
        let loopback = http_client(tls.clone(), limit, reqwest::ClientBuilder::no_proxy)?;
        let http = http_client(tls, limit, |builder| proxy.apply(builder))?;
        Ok(Client(Arc::new(Inner {
            http,
            loopback,
            proxy: Arc::new(proxy),
            endpoints: self.endpoints,
            credentials: self.credentials,
            authorizations: Mutex::default(),
            retry: self.retry,
        })))
    }
}

fn http_client(
    tls: rustls::ClientConfig,
    connect_timeout: Duration,
    proxy: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Result<reqwest::Client, Error> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .redirect(reqwest::redirect::Policy::limited(LONGEST_REDIRECTION))
        .dns_resolver(Resolver)
        .connect_timeout(connect_timeout)
        .read_timeout(READ_TIMEOUT)
        .user_agent(concat!("konflux-local/", env!("CARGO_PKG_VERSION")));
    proxy(builder)
        .build()
        .map_err(|error| Error::Tls(error.to_string()))
}
