//! Whom we trust: the system's certificate authorities and the given ones. There is no way to trust everybody.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::certificate_verifier::CertificateVerifier;
use crate::Error;

/// The TLS settings of a client. `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's store, as they do for OpenSSL.
pub(super) fn client_config(ca_certificates_pem: &[Vec<u8>]) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    // A machine without a store is common (containers); it can still use the given authorities.
    let system = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(system.certs);
    for pem in ca_certificates_pem {
        add_pem(&mut roots, pem)?;
    }
    if roots.is_empty() {
        let reasons: Vec<String> = system.errors.iter().map(ToString::to_string).collect();
        return Err(Error::Tls(format!(
            "this machine has no certificate authorities and none was given, so no registry could be verified; pass a CA file {}",
            reasons.join("; ")
        )));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| Error::Tls(error.to_string()))?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Tls(error.to_string()))?
        // The danger is a verifier that accepts too much. This one accepts what rustls' own accepts, and explains what that refuses.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(CertificateVerifier(verifier)))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn add_pem(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), Error> {
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate
            .map_err(|error| Error::Tls(format!("the given CA is not valid PEM: {error:?}")))?;
        roots
            .add(certificate)
            .map_err(|error| Error::Tls(format!("the given CA cannot be used: {error}")))?;
        found = true;
    }
    match found {
        true => Ok(()),
        false => Err(Error::Tls(
            "the given CA holds no certificate; a CA file has lines `-----BEGIN CERTIFICATE-----`"
                .into(),
        )),
    }
}
