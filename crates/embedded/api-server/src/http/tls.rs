//! TLS: the server's certificate, and client certificates checked against the client CA.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;

/// What the server presents, and whom it believes. Everything is PEM.
#[derive(Clone)]
pub struct ServerTls {
    /// The server's certificate, followed by the intermediate certificates up to the one that clients know.
    pub certificate_chain_pem: String,
    /// Private key of the first certificate of the chain.
    pub private_key_pem: String,
    /// Certificate authorities of client certificates. The first one is also published in each namespace's ConfigMap
    /// `kube-root-ca.crt` unless [`Options::root_certificate_pem`](crate::Options) names another.
    pub client_ca_pem: String,
}

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ServerTls").finish_non_exhaustive()
    }
}

/// The given certificates and keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("the {what} is not PEM: {error}")]
    Pem {
        what: &'static str,
        error: rustls::pki_types::pem::Error,
    },
    #[error("the client certificate authority cannot be used: {0}")]
    ClientCa(rustls::server::VerifierBuilderError),
    #[error("the server certificate cannot be used: {0}")]
    Certificate(#[from] rustls::Error),
}

/// The configuration of a server that speaks HTTP/1.1 and HTTP/2 and lets clients without a certificate in: those may have a
/// token, and if not they are told so with 401 instead of a broken connection.
pub(crate) fn server_config(tls: &ServerTls) -> Result<rustls::ServerConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    for certificate in certificates("client certificate authority", &tls.client_ca_pem)? {
        roots.add(certificate)?;
    }
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()
            .map_err(TlsError::ClientCa)?;
    let key = PrivateKeyDer::from_pem_slice(tls.private_key_pem.as_bytes()).map_err(|error| {
        TlsError::Pem {
            what: "private key",
            error,
        }
    })?;
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            certificates("certificate chain", &tls.certificate_chain_pem)?,
            key,
        )?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(what: &'static str, pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| TlsError::Pem { what, error })
}
