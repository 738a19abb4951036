//! Signing certificates.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use super::{CertificateError, KeyPairPem, Validity};

const LOOPBACK_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// An authority that lives as long as this value: once it is dropped nothing else is ever signed, so nobody can steal its key.
pub(crate) struct Authority<'a> {
    validity: &'a Validity,
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl<'a> Authority<'a> {
    pub(crate) fn make(validity: &'a Validity) -> Result<Self, CertificateError> {
        let mut parameters =
            validity.parameters("konflux-local certificate authority", Vec::new())?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = parameters.self_signed(&key)?.pem();
        Ok(Self {
            validity,
            certificate,
            issuer: Issuer::new(parameters, key),
        })
    }

    /// Its own certificate, PEM.
    pub(crate) fn certificate(&self) -> String {
        self.certificate.clone()
    }

    /// A certificate of a server with these names and the loopback ones.
    pub(crate) fn server(
        &self,
        common_name: &str,
        names: &[&str],
    ) -> Result<KeyPairPem, CertificateError> {
        let names = LOOPBACK_NAMES.iter().chain(names);
        let names = names.map(|&name| name.to_owned()).collect();
        let mut parameters = self.validity.parameters(common_name, names)?;
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(parameters)
    }

    /// A certificate of a client, who is this user in this group.
    pub(crate) fn client(&self, user: &str, group: &str) -> Result<KeyPairPem, CertificateError> {
        let mut parameters = self.validity.parameters(user, Vec::new())?;
        parameters
            .distinguished_name
            .push(DnType::OrganizationName, group);
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(parameters)
    }

    fn sign(&self, mut parameters: CertificateParams) -> Result<KeyPairPem, CertificateError> {
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &self.issuer)?.pem();
        Ok(KeyPairPem {
            certificate,
            key: key.serialize_pem(),
        })
    }
}
