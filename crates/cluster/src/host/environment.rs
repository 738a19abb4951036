//! What this process was given: variables, user, platform. A value, so that tests can judge a host they made up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::program::find_on;

/// The kind of operating system, as far as the checks differ by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// The engine shares the kernel with this process.
    Linux,
    /// The engine lives in a virtual machine.
    MacOs,
    /// Neither.
    Other,
}

/// The surroundings of an examination. Values are secrets: a proxy's URL may hold a password.
#[derive(Debug, Clone)]
pub struct Environment {
    variables: BTreeMap<String, SecretString>,
    user_id: u32,
    platform: Platform,
    root: PathBuf,
}

impl Environment {
    /// The real one.
    #[must_use]
    pub fn of_this_process() -> Self {
        let platform = if cfg!(target_os = "linux") {
            Platform::Linux
        } else if cfg!(target_os = "macos") {
            Platform::MacOs
        } else {
            Platform::Other
        };
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            // What is not text cannot be a variable that is asked for here.
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        variables.fold(
            Self::new(
                Path::new("/"),
                platform,
                rustix::process::geteuid().as_raw(),
            ),
            |environment, (name, value)| environment.with(name, value),
        )
    }

    /// One without variables, whose absolute paths (`/proc`, `/run`, `/etc`) begin at `root`.
    #[must_use]
    pub fn new(root: &Path, platform: Platform, user_id: u32) -> Self {
        Self {
            variables: BTreeMap::new(),
            user_id,
            platform,
            root: root.to_owned(),
        }
    }

    /// The same, with a variable set.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// A variable's value. An empty one counts as not set, as the engines' clients do it.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?.expose_secret();
        (!value.is_empty()).then_some(value)
    }

    /// The effective user; 0 is root.
    #[must_use]
    pub fn user_id(&self) -> u32 {
        self.user_id
    }

    /// The kind of operating system.
    #[must_use]
    pub fn platform(&self) -> Platform {
        self.platform
    }

    /// The user's home folder.
    #[must_use]
    pub fn home(&self) -> Option<PathBuf> {
        self.variable("HOME").map(PathBuf::from)
    }

    /// An absolute path of the host.
    #[must_use]
    pub fn path(&self, absolute: &str) -> PathBuf {
        self.root.join(absolute.trim_start_matches('/'))
    }

    /// The file that would be run for a name.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        find_on(self.variable("PATH")?.as_ref(), name.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let environment =
            Environment::new(Path::new("/"), Platform::Linux, 1000).with("DOCKER_HOST", "");
        assert_eq!(environment.variable("DOCKER_HOST"), None);
    }

    #[test]
    fn no_value_appears_in_the_debug_form() {
        let environment = Environment::new(Path::new("/"), Platform::Linux, 1000)
            .with("HTTPS_PROXY", "http://user:s3cret@proxy:3128");
        assert!(!format!("{environment:?}").contains("s3cret"));
    }

    #[test]
    fn a_file_that_cannot_be_executed_is_no_program() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("kind"), "").unwrap();
        let path = folder.path().to_str().unwrap();
        let environment = Environment::new(Path::new("/"), Platform::Linux, 0).with("PATH", path);
        assert_eq!(environment.program("kind"), None);
    }
}
