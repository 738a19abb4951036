//! How the HTTP client is made: whom it trusts, which way it goes, how long it waits.

use std::time::Duration;

use reqwest::redirect::{Action, Attempt, Policy};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret, SecretString};

use super::Problem;

/// No chain of redirections of a sound server is longer.
const LONGEST_REDIRECTION: usize = 5;

/// How files are fetched.
#[derive(Debug, Clone)]
pub struct DownloadOptions {
    /// Certificate authorities to trust beside the system's, PEM. `SSL_CERT_FILE` replaces the system's.
    pub ca_certificates_pem: Vec<Vec<u8>>,
    /// The way to the server.
    pub proxy: ProxyChoice,
    /// How long the server may take to accept a connection.
    pub connect_limit: Duration,
    /// The longest silence before or within an answer; a transfer that moves may take as long as it needs.
    pub silence_limit: Duration,
    /// How often something that may pass is tried, the first time included.
    pub attempts: u32,
    /// The pause before the second attempt; each further one is twice as long.
    pub first_delay: Duration,
    /// The largest file that is taken, bytes.
    pub largest: u64,
}

/// Which proxy is used.
#[derive(Debug, Clone, Default)]
pub enum ProxyChoice {
    /// What `HTTPS_PROXY`, `NO_PROXY` and their like say.
    #[default]
    Environment,
    /// None, whatever the environment says.
    Without,
    /// This one: `http://[USER:PASSWORD@]HOST:PORT`.
    Given(SecretString),
}

impl Default for DownloadOptions {
    fn default() -> Self {
        Self {
            ca_certificates_pem: Vec::new(),
            proxy: ProxyChoice::default(),
            connect_limit: Duration::from_secs(10),
            silence_limit: Duration::from_secs(30),
            attempts: 3,
            first_delay: Duration::from_millis(500),
            largest: 64 << 20,
        }
    }
}

/// Why a redirection is not followed. The address is not shown: it may hold a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfollowed {
    #[error(
        "one of them leads to an address that is no https:// address, where nobody's identity is verified"
    )]
    NotHttps,
    #[error("there are more than {LONGEST_REDIRECTION}")]
    TooMany,
}

/// A redirection to another host is followed: the digest decides, and a login stays with the host that it is for.
fn follow(attempt: Attempt<'_>) -> Action {
    if attempt.url().scheme() != "https" {
        attempt.error(Unfollowed::NotHttps)
    } else if attempt.previous().len() > LONGEST_REDIRECTION {
        attempt.error(Unfollowed::TooMany)
    } else {
        attempt.follow()
    }
}

impl DownloadOptions {
    pub(super) fn client(&self) -> Result<reqwest::Client, Problem> {
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls()?)
            .https_only(true)
            .redirect(Policy::custom(follow))
            .connect_timeout(self.connect_limit)
            .read_timeout(self.silence_limit)
            .user_agent(concat!("konflux-local/", env!("CARGO_PKG_VERSION")));
        let builder = match &self.proxy {
            ProxyChoice::Environment => builder,
            ProxyChoice::Without => builder.no_proxy(),
            ProxyChoice::Given(url) => {
                // Its own error may repeat the address, and that may hold a login.
                let proxy =
                    reqwest::Proxy::https(url.expose_secret()).map_err(|_| Problem::Proxy)?;
                builder.no_proxy().proxy(proxy)
            }
        };
        builder
            .build()
            .map_err(|error| Problem::Tls(error.to_string()))
    }

    fn tls(&self) -> Result<ClientConfig, Problem> {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(system.certs);
        for pem in &self.ca_certificates_pem {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| {
                    Problem::Tls(format!(
                        "a given certificate authority is no PEM: {error:?}"
                    ))
                })?;
                roots.add(certificate).map_err(|error| {
                    Problem::Tls(format!(
                        "a given certificate authority cannot be used: {error}"
                    ))
                })?;
            }
        }
        if roots.is_empty() {
            return Err(Problem::Tls(
                "this machine trusts no certificate authority: install ca-certificates, or set SSL_CERT_FILE"
                    .to_owned(),
            ));
        }
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Problem::Tls(error.to_string()))?;
        Ok(config.with_root_certificates(roots).with_no_client_auth())
    }
}
