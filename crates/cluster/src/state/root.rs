//! Where state lives, and the paths inside a deployment's folder.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a deployment: a DNS label, because clusters and contexts carry it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeploymentName(String);

/// A name that no deployment can have.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` cannot name a deployment: use 1 to 40 characters of a-z, 0-9 and '-', beginning and ending with a letter or digit"
)]
pub struct InvalidName(String);

/// The folder that holds every deployment of this user.
#[derive(Debug, Clone)]
pub struct StateRoot(PathBuf);

/// The state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// No environment variable says where it is.
    #[error(
        "cannot tell where to keep state: neither KONFLUX_LOCAL_STATE_DIR, XDG_STATE_HOME nor HOME names an absolute folder; set KONFLUX_LOCAL_STATE_DIR"
    )]
    Unknown,
    /// It cannot be created or written.
    #[error(
        "cannot write below {path}: {source}; make it writable, or set KONFLUX_LOCAL_STATE_DIR to a folder that is"
    )]
    NotWritable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl StateRoot {
    /// The folder itself, as given.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// `$KONFLUX_LOCAL_STATE_DIR`, else `$XDG_STATE_HOME/konflux-local`, else `~/.local/state/konflux-local`.
    /// As in the XDG base directory specification, a path that is not absolute is ignored in the last two.
    ///
    /// # Errors
    ///
    /// [`RootError::Unknown`] when none of them is set.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, RootError> {
        let folder = |name: &str| {
            variable(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        if let Some(path) = folder("KONFLUX_LOCAL_STATE_DIR") {
            return std::path::absolute(&path)
                .map(Self)
                .map_err(|source| RootError::NotWritable { path, source });
        }
        let absolute = |name: &str| folder(name).filter(|path| path.is_absolute());
        absolute("XDG_STATE_HOME")
            .map(|state| state.join("konflux-local"))
            .or_else(|| absolute("HOME").map(|home| home.join(".local/state/konflux-local")))
            .map(Self)
            .ok_or(RootError::Unknown)
    }

    /// Creates the folder and proves that it can be written.
    ///
    /// # Errors
    ///
    /// [`RootError::NotWritable`] with the reason.
    pub fn ensure_writable(&self) -> Result<(), RootError> {
        fs::create_dir_all(&self.0)
            .and_then(|()| tempfile::tempfile_in(&self.0).map(drop))
            .map_err(|source| RootError::NotWritable {
                path: self.0.clone(),
                source,
            })
    }

    /// The folder's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of one deployment, whether it exists or not.
    #[must_use]
    pub fn deployment(&self, name: &DeploymentName) -> DeploymentDirectory {
        DeploymentDirectory {
            path: self.0.join(name.as_str()),
            lock: self.0.join(format!("{name}.lock")),
        }
    }
}

/// The paths of one deployment.
#[derive(Debug, Clone)]
pub struct DeploymentDirectory {
    path: PathBuf,
    lock: PathBuf,
}

impl DeploymentDirectory {
    /// The folder. It doubles as a certificate folder for `skopeo --cert-dir`: the only certificate in it is `ca.crt`.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn lock_file(&self) -> &Path {
        &self.lock
    }

    /// The schema-versioned record, `deployment.json`.
    #[must_use]
    pub fn record(&self) -> PathBuf {
        self.path.join("deployment.json")
    }

    /// The kubeconfig, mode 0600: it holds a client key.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.path.join("kubeconfig")
    }

    /// The certificate authority of the deployment, PEM.
    #[must_use]
    pub fn ca_certificate(&self) -> PathBuf {
        self.path.join("ca.crt")
    }

    /// The login to the deployment's own registry, as skopeo and podman read it; mode 0600. Only where it asks for one.
    #[must_use]
    pub fn registry_auth_file(&self) -> PathBuf {
        self.path.join("auth.json")
    }

    /// The list of the files that the login was written to.
    #[must_use]
    pub fn login_files(&self) -> PathBuf {
        self.path.join("logins.json")
    }

    /// The event stream, one JSON object a line.
    #[must_use]
    pub fn events(&self) -> PathBuf {
        self.path.join("events.jsonl")
    }

    /// What is collected when something fails.
    #[must_use]
    pub fn evidence(&self) -> PathBuf {
        self.path.join("evidence")
    }

    /// The log of the stand-ins' process.
    #[must_use]
    pub fn stand_ins_log(&self) -> PathBuf {
        self.path.join("stand-ins.log")
    }

    /// The log of the embedded cluster's process.
    #[must_use]
    pub fn embedded_log(&self) -> PathBuf {
        self.path.join("embedded.log")
    }

    /// The embedded cluster's own data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.path.join("data")
    }
}

impl DeploymentName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A command on this deployment, ready to paste: the default name need not be said.
    #[must_use]
    pub fn command(&self, subcommand: &str) -> String {
        let name = if *self == Self::default() {
            String::new()
        } else {
            format!(" --name {self}")
        };
        format!("cargo xtask {subcommand}{name}")
    }
}

impl Default for DeploymentName {
    fn default() -> Self {
        Self("konflux".to_owned())
    }
}

impl FromStr for DeploymentName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = text.as_bytes();
        let valid = (1..=40).contains(&bytes.len())
            && bytes.iter().all(|&byte| alphanumeric(byte) || byte == b'-')
            && alphanumeric(bytes[0])
            && alphanumeric(bytes[bytes.len() - 1]);
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName(text.to_owned()))
        }
    }
}

impl TryFrom<String> for DeploymentName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DeploymentName> for String {
    fn from(name: DeploymentName) -> Self {
        name.0
    }
}

impl fmt::Display for DeploymentName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(variables: &[(&str, &str)]) -> Result<StateRoot, RootError> {
        StateRoot::from_environment(|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_state_folder_follows_the_design_in_order() {
        let all = [
            ("KONFLUX_LOCAL_STATE_DIR", "/own"),
            ("XDG_STATE_HOME", "/xdg"),
            ("HOME", "/home/me"),
        ];
        assert_eq!(root(&all).unwrap().path(), Path::new("/own"));
        assert_eq!(
            root(&all[1..]).unwrap().path(),
            Path::new("/xdg/konflux-local")
        );
        assert_eq!(
            root(&all[2..]).unwrap().path(),
            Path::new("/home/me/.local/state/konflux-local")
        );
        assert_eq!(
            root(&[("XDG_STATE_HOME", "relative"), ("HOME", "/h")])
                .unwrap()
                .path(),
            Path::new("/h/.local/state/konflux-local")
        );
        assert!(matches!(root(&[("HOME", "")]), Err(RootError::Unknown)));
    }

    #[test]
    fn a_folder_below_a_file_is_not_writable() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = StateRoot::at(file.path().join("state"))
            .ensure_writable()
            .unwrap_err();
        assert!(
            error.to_string().contains("KONFLUX_LOCAL_STATE_DIR"),
            "{error}"
        );
    }

    #[test]
    fn a_command_names_every_deployment_but_the_default_one() {
        let other: DeploymentName = "other".parse().unwrap();
        assert_eq!(
            DeploymentName::default().command("destroy"),
            "cargo xtask destroy"
        );
        assert_eq!(other.command("destroy"), "cargo xtask destroy --name other");
    }

    #[test]
    fn names_that_could_leave_the_folder_are_refused() {
        for name in ["", "..", "a/b", "-a", "a-", "A", "a b", &"a".repeat(41)] {
            assert!(name.parse::<DeploymentName>().is_err(), "{name}");
        }
        assert_eq!(
            "konflux-2".parse::<DeploymentName>().unwrap().as_str(),
            "konflux-2"
        );
    }
}
