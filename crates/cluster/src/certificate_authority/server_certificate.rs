//! The certificate of one server, with an authority of its own.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::{Authority, CertificateError, KeyPairPem, Validity};
use crate::embedded::REGISTRY_NAMES;
use crate::state::write_private;

/// A server's certificate and the authority that signed it.
#[derive(Debug, Clone)]
pub struct ServerCertificate {
    /// The authority's certificate, PEM: what clients trust.
    pub ca: String,
    /// For the server's listener.
    pub server: KeyPairPem,
}

impl ServerCertificate {
    /// Of a deployment's internal registry, with every name that it has inside the cluster and on this host.
    /// Loads it from `folder`, or makes it before there is a cluster. Tells whether it was made.
    ///
    /// # Errors
    ///
    /// [`CertificateError`].
    pub fn ensure_for_registry(
        folder: &Path,
        now: SystemTime,
    ) -> Result<(Self, bool), CertificateError> {
        Self::ensure(folder, "registry", &REGISTRY_NAMES, now)
    }

    /// Loads the certificate from `folder` (`ca.crt`, `server.crt`, `server.key`), or makes it for these names and the
    /// loopback ones when there is none or only a part. Tells whether it was made.
    ///
    /// # Errors
    ///
    /// [`CertificateError`].
    pub fn ensure(
        folder: &Path,
        common_name: &str,
        names: &[&str],
        now: SystemTime,
    ) -> Result<(Self, bool), CertificateError> {
        if let Some(validity) = Validity::of_set(folder)? {
            validity.check(now)?;
            return Ok((Self::load(folder)?, false));
        }
        fs::create_dir_all(folder).map_err(|source| CertificateError::File {
            path: folder.to_owned(),
            source,
        })?;
        let validity = Validity::from(now);
        let authority = Authority::make(&validity)?;
        let made = Self {
            ca: authority.certificate(),
            server: authority.server(common_name, names)?,
        };
        for (name, content) in [
            ("ca.crt", &made.ca),
            ("server.crt", &made.server.certificate),
            ("server.key", &made.server.key),
        ] {
            let path = folder.join(name);
            write_private(&path, content.as_bytes())
                .map_err(|source| CertificateError::File { path, source })?;
        }
        validity.mark_set(folder)?;
        Ok((made, true))
    }

    fn load(folder: &Path) -> Result<Self, CertificateError> {
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).map_err(|source| CertificateError::File { path, source })
        };
        Ok(Self {
            ca: read("ca.crt")?,
            server: KeyPairPem {
                certificate: read("server.crt")?,
                key: read("server.key")?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registrys_certificate_is_made_once_and_then_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let (made, changed) = ServerCertificate::ensure_for_registry(folder.path(), now).unwrap();
        assert!(changed);
        let (loaded, changed) = ServerCertificate::ensure_for_registry(folder.path(), now).unwrap();
        assert!(!changed);
        assert_eq!(loaded.server.certificate, made.server.certificate);
        assert_eq!(loaded.ca, made.ca);
        assert!(!format!("{made:?}").contains("PRIVATE KEY"));
    }

    #[test]
    fn a_set_that_was_cut_short_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        ServerCertificate::ensure_for_registry(folder.path(), now).unwrap();
        fs::remove_file(folder.path().join("validity.json")).unwrap();
        assert!(
            ServerCertificate::ensure_for_registry(folder.path(), now)
                .unwrap()
                .1
        );
    }
}
