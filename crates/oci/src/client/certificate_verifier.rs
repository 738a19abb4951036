//! Who issued a certificate that is refused.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, Error as TlsError, OtherError, SignatureScheme,
};
use x509_parser::prelude::{FromDer, X509Certificate};

/// The certificate leads to an authority that is not trusted.
#[derive(Debug, thiserror::Error)]
#[error("invalid peer certificate: unknown issuer `{issuer}`")]
pub(super) struct UnknownIssuer {
    /// The distinguished name of the authority.
    pub(super) issuer: String,
}

/// `rustls`' own verifier. What it accepts and what it refuses is unchanged; a refusal for an unknown issuer says which one that is,
/// because a person who is to pass a CA certificate has to know whose.
#[derive(Debug)]
pub(super) struct CertificateVerifier(pub(super) Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for CertificateVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let verified =
            self.0
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| match error {
            TlsError::InvalidCertificate(CertificateError::UnknownIssuer) => {
                named(intermediates.last().unwrap_or(end_entity)).unwrap_or(error)
            }
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.0
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.0
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// The refusal, with the issuer of the last certificate that the server sent; `None` when that one is unreadable or names nobody.
fn named(last: &CertificateDer<'_>) -> Option<TlsError> {
    let (_, certificate) = X509Certificate::from_der(last).ok()?;
    let issuer = certificate.issuer().to_string();
    let unknown = (!issuer.is_empty()).then_some(UnknownIssuer { issuer })?;
    Some(TlsError::InvalidCertificate(CertificateError::Other(
        OtherError(Arc::new(unknown)),
    )))
}
