//! A person's computer, as far as registry credentials go: a home folder of its own, with what logins leave in it.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use credentials::{AuthEntry, DockerConfig, Environment};
use harness::tenant::Robot;
use harness::{Failure, Verdict};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

/// A home folder, and the variables that lead to it. Nothing of the computer that runs the suite is seen.
pub(crate) struct Computer {
    folder: TempDir,
    environment: Environment,
}

impl Computer {
    /// Without any login.
    pub(crate) fn new() -> Result<Self, Failure> {
        let folder = tempfile::tempdir().map_err(failed)?;
        let environment = Environment {
            home: Some(folder.path().join("home")),
            xdg_runtime_dir: Some(folder.path().join("run")),
            // Credential helpers are scripts here, and use the system's programs.
            path: std::env::join_paths([folder.path().join("bin")].into_iter().chain(
                std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()),
            ))
            .ok(),
            ..Environment::default()
        };
        Ok(Self {
            folder,
            environment,
        })
    }

    /// After `podman login`.
    pub(crate) fn logged_in(host: &str, robot: &Robot<'_>) -> Result<Self, Failure> {
        let computer = Self::new()?;
        computer.podman_login(&[(host, robot.login())])?;
        Ok(computer)
    }

    /// Logs in once more, as `podman login` does.
    pub(crate) fn podman_login(&self, logins: &[(&str, AuthEntry)]) -> Verdict {
        self.write_logins("run/containers/auth.json", logins)
            .map(drop)
    }

    /// A docker config at a path below the folder, mode 0600.
    pub(crate) fn write_logins(
        &self,
        path: &str,
        logins: &[(&str, AuthEntry)],
    ) -> Result<PathBuf, Failure> {
        let mut config = DockerConfig::new();
        for (key, entry) in logins {
            config.insert(*key, entry.clone());
        }
        let path = self.path(path);
        let written = config.write_to(&path);
        written.map_err(|error| Failure::Scenario(error.to_string()))?;
        Ok(path)
    }

    /// A credential helper that knows one login and is asked for nothing else, and a docker config that names it for a host.
    pub(crate) fn install_helper(
        &self,
        host: &str,
        username: &str,
        password: &SecretString,
    ) -> Verdict {
        let bin = self.path("bin");
        fs::create_dir_all(&bin).map_err(failed)?;
        let answer = format!(
            r#"{{"ServerURL": "{host}", "Username": "{username}", "Secret": "{}"}}"#,
            password.expose_secret()
        );
        fs::write(bin.join("answer.json"), answer).map_err(failed)?;
        let script = format!(
            "#!/bin/sh\n\
             read -r server\n\
             [ \"$1\" = get ] && [ \"$server\" = {host} ] || {{ echo credentials not found in native keychain; exit 1; }}\n\
             cat '{}'\n",
            bin.join("answer.json").display()
        );
        let program = bin.join("docker-credential-of-the-story");
        fs::write(&program, script).map_err(failed)?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        let config = format!(r#"{{"credHelpers": {{"{host}": "of-the-story"}}}}"#);
        let path = self.path("home/.docker/config.json");
        fs::create_dir_all(path.parent().unwrap_or(&path)).map_err(failed)?;
        fs::write(path, config).map_err(failed)
    }

    /// The variables.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The variables, to be changed.
    pub(crate) fn environment_mut(&mut self) -> &mut Environment {
        &mut self.environment
    }

    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(path)
    }
}

fn failed(error: io::Error) -> Failure {
    Failure::Scenario(format!("cannot set up a home folder: {error}"))
}
