//! A router on a free loopback port, over TLS, with a certificate authority of its own.

use std::time::Duration;

use axum::Router;
use oci::{Client, ClientBuilder, ImageReference, Retry};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use registry::storage::Memory;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub struct Server {
    /// `localhost:PORT`
    pub host: String,
    /// The certificate authority, PEM.
    pub authority: String,
    shutdown: CancellationToken,
}

impl Server {
    /// The sibling crate's registry.
    pub async fn registry() -> Self {
        let storage = std::sync::Arc::new(Memory::new());
        let registry = registry::Registry::new(storage, registry::Options::default());
        Self::start(registry.router()).await
    }

    pub async fn start(router: Router) -> Self {
        Self::start_with(router, |_| {}).await
    }

    /// With `change` made to the server's certificate.
    pub async fn start_with(router: Router, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let (authority, chain, key) = certificates(change);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("localhost:{}", listener.local_addr().unwrap().port());
        let tls = registry::tls::server_config(&chain, &key).unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(registry::serve(listener, tls, router, shutdown.clone()));
        Self {
            host,
            authority,
            shutdown,
        }
    }

    /// A client that trusts this server and tries again without waiting.
    pub fn client_builder(&self) -> ClientBuilder {
        Client::builder()
            .ca_certificate_pem(self.authority.clone())
            .retry(Retry {
                attempts: 3,
                first_delay: Duration::ZERO,
                longest_delay: Duration::ZERO,
            })
    }

    pub fn client(&self) -> Client {
        self.client_builder().build().unwrap()
    }

    /// `REST` at this server.
    pub fn image(&self, rest: &str) -> ImageReference {
        format!("{}/{rest}", self.host).parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Authority, certificate for `localhost`, and its key, as PEM.
pub fn certificates(change: impl FnOnce(&mut CertificateParams)) -> (String, String, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority
        .distinguished_name
        .push(DnType::CommonName, "test authority");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    change(&mut certificate);
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    (authority.pem(), certificate.pem(), key.serialize_pem())
}
