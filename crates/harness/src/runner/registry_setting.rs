//! Which external registry scenarios run against.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use credentials::Environment;
use oci::{Endpoints, EndpointsError, ImageReference, ReferenceError};
use serde::{Deserialize, Serialize};

use crate::RegistryAccess;

/// The environment variables of the external registry, each with its value's shape and meaning: for `--help` and the docs.
pub const REGISTRY_SETTINGS: [(&str, &str, &str); 3] = [
    (
        REGISTRY,
        "HOST[/PREFIX]",
        "external registry that builds and releases push to, below the prefix; without it, a peer (docker-registry) is started for the run. \
         Its login is found where podman, skopeo and docker keep it",
    ),
    (
        AUTHORITY,
        "path of a file",
        "certificate authority of that registry, PEM, where it is none of the well-known ones",
    ),
    (
        ADDRESS,
        "HOST:PORT",
        "where connections to that registry go, if not to its name; only where steps run on this host (embedded)",
    ),
];

const REGISTRY: &str = "CONFORMANCE_REGISTRY";
const AUTHORITY: &str = "CONFORMANCE_REGISTRY_CA";
const ADDRESS: &str = "CONFORMANCE_REGISTRY_ADDRESS";

/// An external registry that a person named, [`REGISTRY_SETTINGS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegistrySetting {
    /// `HOST[/PREFIX]`.
    place: String,
    /// The file of its certificate authority.
    authority: Option<PathBuf>,
    /// Where connections to it go.
    address: Option<String>,
}

/// The settings name no registry that can be used.
#[derive(Debug, thiserror::Error)]
pub enum RegistrySettingError {
    /// A variable is not text.
    #[error("{0} is not text")]
    NotText(&'static str),
    /// It is no registry, or no part of one.
    #[error("{REGISTRY} is `{place}`, which is no HOST[/PREFIX]: {source}")]
    Place {
        /// As written.
        place: String,
        /// What is wrong with it.
        source: ReferenceError,
    },
    /// Konflux cannot work with it.
    #[error(
        "{REGISTRY} is `{0}`, and Konflux's controllers cut image references at their first colon: name the registry without a port, and say in {ADDRESS} where it listens"
    )]
    Port(String),
    /// Something is said of a registry that is not named.
    #[error("{0} is set and {REGISTRY} is not; set both or neither")]
    NoRegistry(&'static str),
    /// The address cannot be used.
    #[error("{ADDRESS} is `{address}`, which is no HOST:PORT: {source}")]
    Address {
        /// As written.
        address: String,
        /// What is wrong with it.
        source: EndpointsError,
    },
    /// The authority cannot be read.
    #[error("{AUTHORITY} names {}, which cannot be read: {source}", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no authority.
    #[error("{AUTHORITY} names {}, which is no certificate authority: {source}", path.display())]
    NoAuthority {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<oci::Error>,
    },
}

impl RegistrySetting {
    /// Reads the variables of this process; `None` when no registry is named. Empty counts as not set.
    ///
    /// # Errors
    ///
    /// [`RegistrySettingError`].
    pub fn from_environment() -> Result<Option<Self>, RegistrySettingError> {
        Self::from_variables(std::env::var_os)
    }

    /// Reads the variables that a function gives.
    ///
    /// # Errors
    ///
    /// [`RegistrySettingError`].
    pub fn from_variables(
        variable: impl Fn(&'static str) -> Option<OsString>,
    ) -> Result<Option<Self>, RegistrySettingError> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let text = |name| {
            let value = variable(name).map(OsString::into_string).transpose();
            value.map_err(|_| RegistrySettingError::NotText(name))
        };
        let (place, address) = (text(REGISTRY)?, text(ADDRESS)?);
        let authority = variable(AUTHORITY).map(PathBuf::from);
        let Some(place) = place else {
            return match (authority, address) {
                (None, None) => Ok(None),
                (Some(_), _) => Err(RegistrySettingError::NoRegistry(AUTHORITY)),
                (None, Some(_)) => Err(RegistrySettingError::NoRegistry(ADDRESS)),
            };
        };
        let setting = Self {
            place: place.trim_end_matches('/').to_owned(),
            // The suite's program has another working directory.
            authority: authority.map(|path| std::path::absolute(&path).unwrap_or(path)),
            address,
        };
        setting.access().map(|_| Some(setting))
    }

    /// What it names, `HOST[/PREFIX]`.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether only processes of this host can reach it.
    pub(crate) fn is_rewritten(&self) -> bool {
        self.address.is_some()
    }

    /// How it is reached. Its login is this computer's.
    pub(crate) fn access(&self) -> Result<RegistryAccess, RegistrySettingError> {
        let (host, prefix) = self.place.split_once('/').unzip();
        let host = host.unwrap_or(&self.place);
        let judged = format!("{}/repository", self.place).parse::<ImageReference>();
        judged.map_err(|source| RegistrySettingError::Place {
            place: self.place.clone(),
            source,
        })?;
        if host.contains(':') {
            return Err(RegistrySettingError::Port(self.place.clone()));
        }
        let endpoints = match &self.address {
            None => Endpoints::new(),
            Some(address) => Endpoints::new().with(host, address).map_err(|source| {
                RegistrySettingError::Address {
                    address: address.clone(),
                    source,
                }
            })?,
        };
        Ok(RegistryAccess {
            host: host.to_owned(),
            prefix: prefix.map(str::to_owned),
            endpoints,
            authority: self.authority.as_deref().map(authority).transpose()?,
            logins: Environment::of_process(),
        })
    }
}

/// The PEM of a file, judged now and not in the middle of a run.
fn authority(path: &Path) -> Result<String, RegistrySettingError> {
    let pem = std::fs::read_to_string(path);
    let pem = pem.map_err(|source| RegistrySettingError::Authority {
        path: path.to_owned(),
        source,
    })?;
    let judged = oci::Client::builder()
        .ca_certificate_pem(pem.clone())
        .build();
    judged.map_err(|source| RegistrySettingError::NoAuthority {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    Ok(pem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<RegistrySetting>, RegistrySettingError> {
        RegistrySetting::from_variables(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).into())
        })
    }

    #[test]
    fn a_registry_is_named_with_or_without_a_prefix() {
        let access =
            |variables: &[(&str, &str)]| read(variables).unwrap().unwrap().access().unwrap();
        let whole = access(&[(REGISTRY, "quay.io/")]);
        assert_eq!(whole.repository("a").unwrap().to_string(), "quay.io/a");
        assert!(whole.endpoints().is_empty() && whole.authority().is_none());
        let part = access(&[(REGISTRY, "quay.io/team/sub"), (ADDRESS, "localhost:5")]);
        assert_eq!(
            part.repository("a").unwrap().to_string(),
            "quay.io/team/sub/a"
        );
        assert_eq!(part.endpoints().to_string(), "quay.io=localhost:5");
    }

    #[test]
    fn the_docs_say_of_each_setting_what_the_help_says() {
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/settings.md");
        let docs = std::fs::read_to_string(docs).unwrap();
        for (name, value, meaning) in REGISTRY_SETTINGS {
            let row = format!("| `{name}` | {value} | {meaning} |");
            assert!(docs.contains(&row), "docs/settings.md must contain: {row}");
        }
    }

    #[test]
    fn nothing_or_only_empty_values_name_no_registry() {
        assert_eq!(read(&[]).unwrap(), None);
        let empty = [(REGISTRY, ""), (AUTHORITY, ""), (ADDRESS, "")];
        assert_eq!(read(&empty).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_used_is_refused_by_what_is_wrong() {
        let error = |variables: &[(&str, &str)]| read(variables).unwrap_err().to_string();
        for (variables, words) in [
            (&[(REGISTRY, "localhost:5001/team")][..], "without a port"),
            (&[(REGISTRY, "quay.io/Team")], "`quay.io/Team`"),
            (&[(REGISTRY, "https://quay.io")], "`https://quay.io`"),
            (&[(ADDRESS, "localhost:5")], "CONFORMANCE_REGISTRY is not"),
            (&[(AUTHORITY, "ca.crt")], "CONFORMANCE_REGISTRY_CA is set"),
            (
                &[(REGISTRY, "quay.io"), (ADDRESS, "a b")],
                "`a b`, which is no HOST:PORT",
            ),
            (
                &[(REGISTRY, "quay.io"), (AUTHORITY, "/nowhere/ca.crt")],
                "/nowhere/ca.crt, which cannot be read",
            ),
            (
                &[
                    (REGISTRY, "quay.io"),
                    (
                        AUTHORITY,
                        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
                    ),
                ],
                "is no certificate authority",
            ),
        ] {
            let error = error(variables);
            assert!(error.contains(words), "{error}");
        }
    }
}
