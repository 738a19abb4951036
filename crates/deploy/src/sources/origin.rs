//! Where sources come from, when the cache does not hold them.

use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::SourceFile;

/// Where sources come from, when the cache does not hold them. Whatever it is, digests decide.
#[derive(Debug, Clone, Default)]
pub enum Origin {
    /// The projects that release them.
    #[default]
    Project,
    /// A server that holds them as `NAME/VERSION/FILE`.
    Mirror(Mirror),
    /// A folder that holds them as `NAME/VERSION/FILE`; nothing is fetched.
    Directory(PathBuf),
}

/// A server that holds sources as `NAME/VERSION/FILE` below one address.
#[derive(Clone)]
pub struct Mirror {
    base: Url,
    login: Option<(String, SecretString)>,
}

/// The address of a mirror cannot be used. It is not repeated, as it may hold a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MirrorError {
    /// It is no address, or of no server whose identity can be verified.
    #[error("cannot use the mirror of sources: its address is no https:// URL")]
    Address,
    /// It has parts that would be lost.
    #[error("cannot use the mirror of sources: its address has a query or a fragment")]
    Parts,
}

impl Mirror {
    /// Reads an address: `https://[USER:PASSWORD@]HOST[:PORT]/PATH`.
    ///
    /// # Errors
    ///
    /// [`MirrorError`].
    pub fn parse(address: &SecretString) -> Result<Self, MirrorError> {
        let mut base: Url = address
            .expose_secret()
            .parse()
            .map_err(|_| MirrorError::Address)?;
        if base.scheme() != "https" || base.host_str().is_none() {
            return Err(MirrorError::Address);
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(MirrorError::Parts);
        }
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8_lossy()
                .into_owned()
        };
        let login = base.password().map(|password| {
            let password = SecretString::from(decoded(password));
            (decoded(base.username()), password)
        });
        // From here on the address may be shown.
        base.set_username("")
            .and_then(|()| base.set_password(None))
            .map_err(|()| MirrorError::Address)?;
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        Ok(Self { base, login })
    }

    /// Where the mirror holds a file.
    #[must_use]
    pub fn url(&self, file: &SourceFile) -> Url {
        let relative = format!("{}/{}/{}", file.name, file.version, file.file_name());
        // Names, versions and file names are checked to need no encoding.
        self.base
            .join(&relative)
            .unwrap_or_else(|_| self.base.clone())
    }

    pub(super) fn login(&self) -> Option<&(String, SecretString)> {
        self.login.as_ref()
    }
}

impl fmt::Debug for Mirror {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Mirror")
            .field("base", &self.base.as_str())
            .field("has_login", &self.login.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Catalog;

    fn mirror(address: &str) -> Result<Mirror, MirrorError> {
        Mirror::parse(&SecretString::from(address))
    }

    #[test]
    fn a_file_lies_below_the_address_by_name_and_version() {
        let catalog = Catalog::of_this_project().unwrap();
        let tekton = catalog.file("tekton-pipelines").unwrap();
        for base in [
            "https://mirror.example.org/files",
            "https://mirror.example.org/files/",
        ] {
            assert_eq!(
                mirror(base).unwrap().url(tekton).as_str(),
                "https://mirror.example.org/files/tekton-pipelines/v1.15.0/release.yaml"
            );
        }
    }

    #[test]
    fn a_login_in_the_address_is_used_and_never_shown() {
        let mirror = mirror("https://ada:pass%40word@mirror.example.org/").unwrap();
        let (user, password) = mirror.login().unwrap();
        assert_eq!(user, "ada");
        assert_eq!(password.expose_secret(), "pass@word");
        let shown = format!("{mirror:?}");
        assert!(!shown.contains("pass") && !shown.contains("ada"), "{shown}");
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_without_being_repeated() {
        for address in [
            "http://ada:password@example.org/",
            "example.org",
            "https://",
            "file:///sources",
        ] {
            let error = mirror(address).unwrap_err();
            assert_eq!(error, MirrorError::Address, "{address}");
            assert!(!error.to_string().contains("password"));
        }
        assert_eq!(
            mirror("https://example.org/?a=b").unwrap_err(),
            MirrorError::Parts
        );
    }
}
