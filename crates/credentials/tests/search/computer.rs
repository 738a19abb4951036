//! A home folder, a `PATH` and the variables that point at them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use credentials::{Environment, FindError, Found, Search};
use tempfile::TempDir;

pub(crate) struct Computer {
    folder: TempDir,
    pub(crate) environment: Environment,
}

impl Computer {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |relative: &str| Some(folder.path().join(relative));
        let search_path = format!("{}:/usr/bin:/bin", folder.path().join("bin").display());
        let environment = Environment {
            home: at("home"),
            xdg_runtime_dir: at("runtime"),
            path: Some(search_path.into()),
            ..Environment::default()
        };
        Self {
            folder,
            environment,
        }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub(crate) fn file(&self, relative: &str, content: &str) -> PathBuf {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A config whose entries have the given user names; the password is `secret`.
    pub(crate) fn logins(&self, relative: &str, entries: &[(&str, &str)]) -> PathBuf {
        let mut config = credentials::DockerConfig::new();
        for (key, user) in entries {
            let entry = credentials::AuthEntry::login(user, &"secret".into());
            config.insert(*key, entry);
        }
        let path = self.path(relative);
        config.write_to(&path).unwrap();
        path
    }

    /// A credential helper that is a shell script. Another process writes it: one that this process has open for writing while another
    /// test starts a program cannot be run ("text file busy").
    pub(crate) fn helper(&self, name: &str, script: &str) {
        let path = self.path(&format!("bin/docker-credential-{name}"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut writer = Command::new("sh")
            .args(["-c", r#"cat >"$0" && chmod 755 "$0""#])
            .arg(path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let script = format!("#!/bin/sh\n{script}\n");
        let mut input = writer.stdin.take().unwrap();
        input.write_all(script.as_bytes()).unwrap();
        drop(input);
        assert!(writer.wait().unwrap().success());
    }

    pub(crate) fn search(&self) -> Search {
        Search::new(None, &self.environment)
    }

    pub(crate) async fn find(&self, repository: &str) -> Result<Found, FindError> {
        self.search().find(repository).await
    }

    pub(crate) async fn find_in(&self, file: &Path, repository: &str) -> Result<Found, FindError> {
        Search::new(Some(file), &self.environment)
            .find(repository)
            .await
    }

    /// The text of the failure, with the temporary folder written as `/computer`.
    pub(crate) async fn failure(&self, repository: &str) -> String {
        self.shown(&self.find(repository).await.unwrap_err())
    }

    pub(crate) fn shown(&self, error: &FindError) -> String {
        let folder = self.folder.path().display().to_string();
        error.to_string().replace(&folder, "/computer")
    }
}
