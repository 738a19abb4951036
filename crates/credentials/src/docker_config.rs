//! A whole docker config.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::json::{object, object_value, wrong_type};
use crate::{AuthEntry, Credential, FileError, LookupError, ParseError, lookup, shape};

/// The content of a `config.json` (Docker), `auth.json` (Podman, Skopeo) or `.dockerconfigjson` (Kubernetes).
///
/// Keys are kept exactly as written; [`DockerConfig::lookup`] is the only place that interprets them. Members outside `auths`
/// (`credsStore`, `credHelpers`, …) are kept for writing back.
#[derive(Clone, Default)]
pub struct DockerConfig {
    auths: BTreeMap<String, AuthEntry>,
    other: Map<String, Value>,
}

impl DockerConfig {
    /// A config without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the JSON text of a docker config.
    ///
    /// # Errors
    /// The text is not JSON, or a member has the wrong type. Values of entries are not judged here: a damaged entry for one
    /// registry must not stand in the way of another one's.
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        let mut other = object(text)?;
        let auths = other.remove("auths").unwrap_or_default();
        let auths = entries_of(object_value(auths, || "auths".to_owned())?)?;
        Ok(Self { auths, other })
    }

    /// Reads the JSON text of a file that a person has or names: like [`parse`](Self::parse), and refuses what only looks like a docker
    /// config. (Tekton takes such a text for a config without entries, which is why `parse` does too.)
    ///
    /// # Errors
    /// As `parse`; also [`ParseError::LegacyShape`] and [`ParseError::KubernetesObject`].
    pub fn parse_login_file(text: &[u8]) -> Result<Self, ParseError> {
        if let Some(error) = shape::of_other_object(&object(text)?) {
            return Err(error);
        }
        Self::parse(text)
    }

    /// Reads the JSON text of a `.dockercfg`: entries without `auths` around them.
    ///
    /// # Errors
    /// The text is not JSON, or an entry is not one.
    pub fn parse_legacy(text: &[u8]) -> Result<Self, ParseError> {
        Ok(Self {
            auths: entries_of(object(text)?)?,
            other: Map::new(),
        })
    }

    /// The JSON text, keys sorted, with a line feed at its end.
    #[must_use]
    pub fn to_json(&self) -> SecretString {
        let auths = self
            .auths
            .iter()
            .map(|(key, entry)| (key.clone(), entry.to_json()))
            .collect();
        let mut members = self.other.clone();
        members.insert("auths".to_owned(), Value::Object(auths));
        format!("{:#}\n", Value::Object(members)).into()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read or is not a docker config.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, FileError> {
        let path = path.as_ref();
        let text = std::fs::read(path).map_err(|source| FileError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text).map_err(|source| FileError::Parse {
            path: path.to_owned(),
            source,
        })
    }

    /// Writes a file that only its owner can read (mode 0600), creating missing parent directories.
    ///
    /// The file appears whole or not at all: it is written beside `path` and renamed over it.
    ///
    /// # Errors
    /// The operating system refused; what was at `path` before is unchanged.
    pub fn write_to(&self, path: impl AsRef<Path>) -> Result<(), FileError> {
        let path = path.as_ref();
        self.write_atomically(path)
            .map_err(|source| FileError::Write {
                path: path.to_owned(),
                source,
            })
    }

    fn write_atomically(&self, path: &Path) -> std::io::Result<()> {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(directory)?;
        // tempfile creates its files with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(self.to_json().expose_secret().as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }

    /// The credential that Podman, Buildah and Skopeo log in with for `repository`, for example `quay.io/team/application` (no tag, no
    /// digest): what the steps of a pipeline get out of this config.
    ///
    /// The rule is that of containers/image. The longest key that is written exactly as the repository or as a prefix of it at a `/`
    /// wins; else a key with a scheme, reduced to its host. `quay.io/` and `Quay.IO` answer for nothing, and `quay.io/v2` for the
    /// organization `v2` alone. Docker Hub's names (`docker.io`, `index.docker.io`, `registry-1.docker.io`) are one registry. Of the
    /// entry only `auth` counts, never `username` and `password` beside it. `None`: no key matches, or the one that matches has no
    /// `auth`; both mean anonymous access.
    ///
    /// # Errors
    /// The entry that matches is damaged.
    pub fn lookup(&self, repository: &str) -> Result<Option<Credential>, LookupError> {
        match lookup::find(&self.auths, repository) {
            Some((key, entry)) if entry.has_auth() => credential(key, entry),
            _ => Ok(None),
        }
    }

    /// The key of the entry that [`lookup`](Self::lookup) looks into, as written.
    #[must_use]
    pub fn matching_key(&self, repository: &str) -> Option<&str> {
        lookup::find(&self.auths, repository).map(|(key, _)| key)
    }

    /// The entry that a person has for `repository`, however it is written, with its key; for finding credentials, never for predicting
    /// what a pipeline does.
    pub(crate) fn entry_meant_for(&self, repository: &str) -> Option<(&str, &AuthEntry)> {
        lookup::find_meant(&self.auths, repository)
    }

    /// All entries, sorted by key.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &AuthEntry)> {
        self.auths.iter().map(|(key, entry)| (key.as_str(), entry))
    }

    /// The entry with exactly this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&AuthEntry> {
        self.auths.get(key)
    }

    /// Adds an entry; returns the one that had exactly this key before.
    pub fn insert(&mut self, key: impl Into<String>, entry: AuthEntry) -> Option<AuthEntry> {
        self.auths.insert(key.into(), entry)
    }

    /// Takes out the entry that has exactly this key.
    pub fn remove(&mut self, key: &str) -> Option<AuthEntry> {
        self.auths.remove(key)
    }

    /// The credential helper that `credHelpers` names for the registry of `repository`: its key as written, and its name.
    ///
    /// # Errors
    /// `credHelpers` is not an object of strings.
    pub fn credential_helper(&self, repository: &str) -> Result<Option<(&str, &str)>, ParseError> {
        let helpers = match self.other.get("credHelpers") {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Object(helpers)) => helpers,
            Some(_) => return Err(wrong_type("credHelpers".to_owned(), "an object")),
        };
        let registry = lookup::registry_of(repository);
        // As with entries, the key that is written exactly like the registry comes first.
        let Some((key, name)) = helpers.get_key_value(&registry).or_else(|| {
            helpers
                .iter()
                .find(|(key, _)| lookup::plain(key) == registry)
        }) else {
            return Ok(None);
        };
        match name {
            Value::String(name) => Ok(Some((key, name))),
            _ => Err(wrong_type(format!("credHelpers.\"{key}\""), "a string")),
        }
    }

    /// The credential helper that `credsStore` names for all registries.
    ///
    /// # Errors
    /// `credsStore` is not a string.
    pub fn credentials_store(&self) -> Result<Option<&str>, ParseError> {
        match self.other.get("credsStore") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(name)) if name.is_empty() => Ok(None),
            Some(Value::String(name)) => Ok(Some(name)),
            Some(_) => Err(wrong_type("credsStore".to_owned(), "a string")),
        }
    }

    /// True when there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.auths.is_empty()
    }
}

/// What an entry says, with its key where that is nonsense.
pub(crate) fn credential(key: &str, entry: &AuthEntry) -> Result<Option<Credential>, LookupError> {
    entry.credential().map_err(|problem| LookupError {
        key: key.to_owned(),
        problem,
    })
}

fn entries_of(members: Map<String, Value>) -> Result<BTreeMap<String, AuthEntry>, ParseError> {
    members
        .into_iter()
        .map(|(key, value)| Ok((key.clone(), AuthEntry::from_json(&key, value)?)))
        .collect()
}

impl fmt::Debug for DockerConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DockerConfig")
            .field("auths", &self.auths)
            .field("other", &self.other.keys().collect::<Vec<_>>())
            .finish()
    }
}
