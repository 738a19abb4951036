//! The certificates of an embedded cluster.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::REGISTRY_NAMES;
use crate::certificate_authority::{Authority, Validity};
pub use crate::certificate_authority::{CertificateError, KeyPairPem};
use crate::state::write_private;

const API_SERVER_NAMES: [&str; 4] = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];

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

impl Certificates {
    /// Loads the set below `folder`, or makes it when there is none or only a part of one. Tells whether it was made.
    ///
    /// # Errors
    ///
    /// [`CertificateError`].
    pub fn ensure(folder: &Path, now: SystemTime) -> Result<(Self, bool), CertificateError> {
        if let Some(validity) = Validity::of_set(folder)? {
            validity.check(now)?;
            return Ok((Self::load(folder)?, false));
        }
        let file_error = |path: &Path| {
            let path = path.to_owned();
            move |source| CertificateError::File { path, source }
        };
        fs::create_dir_all(folder).map_err(file_error(folder))?;
        let validity = Validity::from(now);
        let certificates = Self::make(&validity)?;
        for (name, content) in certificates.files() {
            let path = folder.join(name);
            write_private(&path, content.as_bytes()).map_err(file_error(&path))?;
        }
        validity.mark_set(folder)?;
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
        let authority = Authority::make(validity)?;
        Ok(Self {
            ca: authority.certificate(),
            api_server: authority.server("kube-apiserver", &API_SERVER_NAMES)?,
            registry: authority.server("registry", &REGISTRY_NAMES)?,
            admin: authority.client("kubernetes-admin", "system:masters")?,
            stand_ins: authority.client("konflux-local:stand-ins", "system:masters")?,
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
