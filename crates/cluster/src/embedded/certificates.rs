//! The certificate authority of a deployment and what it signs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use serde::{Deserialize, Serialize};

use super::REGISTRY_NAMES;
use crate::state::{read_if_present, write_atomically, write_private};

/// Clocks of one machine may step back a little; certificates are valid from an hour before they were made.
const BACKDATED: Duration = Duration::from_secs(3600);
/// Certificates live ten years: a local deployment is destroyed long before.
const LIFETIME: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

const LOOPBACK_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
const API_SERVER_NAMES: [&str; 4] = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];

/// A certificate with its private key, both PEM.
#[derive(Clone)]
pub struct KeyPairPem {
    /// The certificate.
    pub certificate: String,
    /// Its private key. Never printed.
    pub key: String,
}

/// Every certificate of an embedded cluster.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// The authority's certificate, PEM.
    pub ca: String,
    /// For the API server's listener.
    pub api_server: KeyPairPem,
    /// For the registry's listener.
    pub registry: KeyPairPem,
    /// The client certificate of the kubeconfig: user `kubernetes-admin`, group `system:masters`.
    pub admin: KeyPairPem,
    /// The client certificate of the stand-in controllers.
    pub stand_ins: KeyPairPem,
}

/// The certificates cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read or written.
    #[error("cannot use {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A certificate cannot be made.
    #[error("cannot make a certificate: {0}")]
    Making(#[from] rcgen::Error),
    /// The clock lies outside the certificates' validity.
    #[error(
        "the clock says {now}, and this deployment's certificates are valid from {not_before} to {not_after}: set the clock, or destroy the deployment and deploy again"
    )]
    NotValidNow {
        /// The present, by the host's clock.
        now: Timestamp,
        /// Begin of validity.
        not_before: Timestamp,
        /// End of validity.
        not_after: Timestamp,
    },
}

/// The last file written: its presence says that the set is whole.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Validity {
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Certificates {
    /// Loads the set below `folder`, or makes it when there is none or only a part of one. Tells whether it was made.
    ///
    /// # Errors
    ///
    /// [`CertificateError`].
    pub fn ensure(folder: &Path, now: SystemTime) -> Result<(Self, bool), CertificateError> {
        let marker = folder.join("validity.json");
        let file_error = |path: &Path| {
            let path = path.to_owned();
            move |source| CertificateError::File { path, source }
        };
        let validity = read_if_present(&marker)
            .map_err(file_error(&marker))?
            .and_then(|content| serde_json::from_slice::<Validity>(&content).ok());
        if let Some(validity) = validity {
            validity.check(now)?;
            return Ok((Self::load(folder)?, false));
        }
        fs::create_dir_all(folder).map_err(file_error(folder))?;
        let validity = Validity {
            not_before: timestamp(now - BACKDATED),
            not_after: timestamp(now + LIFETIME),
        };
        let certificates = Self::make(&validity)?;
        for (name, content) in certificates.files() {
            let path = folder.join(name);
            write_private(&path, content.as_bytes()).map_err(file_error(&path))?;
        }
        let content = serde_json::to_vec(&validity).expect("two timestamps are always JSON");
        write_atomically(&marker, &content).map_err(file_error(&marker))?;
        Ok((certificates, true))
    }

    /// Loads a whole set.
    ///
    /// # Errors
    ///
    /// [`CertificateError::File`] for the first file that is missing or unreadable.
    pub fn load(folder: &Path) -> Result<Self, CertificateError> {
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).map_err(|source| CertificateError::File { path, source })
        };
        let pair = |name: &str| {
            Ok::<_, CertificateError>(KeyPairPem {
                certificate: read(&format!("{name}.crt"))?,
                key: read(&format!("{name}.key"))?,
            })
        };
        Ok(Self {
            ca: read("ca.crt")?,
            api_server: pair("api-server")?,
            registry: pair("registry")?,
            admin: pair("admin")?,
            stand_ins: pair("stand-ins")?,
        })
    }

    // The authority's own key is dropped when this returns: nothing else is ever signed, so nobody can steal it.
    fn make(validity: &Validity) -> Result<Self, CertificateError> {
        let mut parameters =
            validity.parameters("konflux-local certificate authority", Vec::new())?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let ca = parameters.self_signed(&key)?.pem();
        let issuer = Issuer::new(parameters, key);

        let server = |common_name: &str, names: &[&str]| {
            let names = LOOPBACK_NAMES
                .iter()
                .chain(names)
                .map(|&name| name.to_owned())
                .collect();
            let mut parameters = validity.parameters(common_name, names)?;
            parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            sign(parameters, &issuer)
        };
        let client = |common_name: &str, organization: &str| {
            let mut parameters = validity.parameters(common_name, Vec::new())?;
            parameters
                .distinguished_name
                .push(DnType::OrganizationName, organization);
            parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            sign(parameters, &issuer)
        };
        Ok(Self {
            ca,
            api_server: server("kube-apiserver", &API_SERVER_NAMES)?,
            registry: server("registry", &REGISTRY_NAMES)?,
            admin: client("kubernetes-admin", "system:masters")?,
            stand_ins: client("konflux-local:stand-ins", "system:masters")?,
        })
    }

    fn files(&self) -> Vec<(String, &str)> {
        let pairs = [
            ("api-server", &self.api_server),
            ("registry", &self.registry),
            ("admin", &self.admin),
            ("stand-ins", &self.stand_ins),
        ];
        let mut files = vec![("ca.crt".to_owned(), self.ca.as_str())];
        for (name, pair) in pairs {
            files.push((format!("{name}.crt"), &pair.certificate));
            files.push((format!("{name}.key"), &pair.key));
        }
        files
    }
}

impl Validity {
    fn check(&self, now: SystemTime) -> Result<(), CertificateError> {
        let now = timestamp(now);
        if (self.not_before..=self.not_after).contains(&now) {
            return Ok(());
        }
        Err(CertificateError::NotValidNow {
            now,
            not_before: self.not_before,
            not_after: self.not_after,
        })
    }

    fn parameters(
        &self,
        common_name: &str,
        names: Vec<String>,
    ) -> Result<CertificateParams, rcgen::Error> {
        let mut parameters = CertificateParams::new(names)?;
        parameters
            .distinguished_name
            .push(DnType::CommonName, common_name);
        parameters.not_before = SystemTime::from(self.not_before).into();
        parameters.not_after = SystemTime::from(self.not_after).into();
        Ok(parameters)
    }
}

fn sign(
    mut parameters: CertificateParams,
    issuer: &Issuer<'_, KeyPair>,
) -> Result<KeyPairPem, CertificateError> {
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = parameters.signed_by(&key, issuer)?.pem();
    Ok(KeyPairPem {
        certificate,
        key: key.serialize_pem(),
    })
}

fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl std::fmt::Debug for KeyPairPem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("KeyPairPem")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_made_once_and_then_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let (made, changed) = Certificates::ensure(folder.path(), SystemTime::now()).unwrap();
        assert!(changed);
        let (loaded, changed) = Certificates::ensure(folder.path(), SystemTime::now()).unwrap();
        assert!(!changed);
        assert_eq!(loaded.registry.certificate, made.registry.certificate);
    }

    #[test]
    fn a_set_that_was_cut_short_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        Certificates::ensure(folder.path(), SystemTime::now()).unwrap();
        fs::remove_file(folder.path().join("validity.json")).unwrap();
        let (_, changed) = Certificates::ensure(folder.path(), SystemTime::now()).unwrap();
        assert!(changed);
    }

    #[test]
    fn a_clock_outside_the_validity_gets_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        Certificates::ensure(folder.path(), SystemTime::now()).unwrap();
        let error = Certificates::ensure(folder.path(), SystemTime::UNIX_EPOCH).unwrap_err();
        assert!(
            error.to_string().contains("1970-01-01") && error.to_string().contains("set the clock"),
            "{error}"
        );
    }

    #[test]
    fn private_keys_are_not_printed_by_debug() {
        let folder = tempfile::tempdir().unwrap();
        let (made, _) = Certificates::ensure(folder.path(), SystemTime::now()).unwrap();
        assert!(!format!("{made:?}").contains("PRIVATE KEY"));
    }
}
