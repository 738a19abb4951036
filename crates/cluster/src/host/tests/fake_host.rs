//! A host in a folder: programs, kernel settings, sockets.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::super::{Environment, Platform, Wishes};
use crate::choice::Flavour;

/// A Linux host of a user who is not root. It has whatever a test gave it, and nothing else.
pub(super) struct FakeHost {
    root: tempfile::TempDir,
}

impl FakeHost {
    /// One on which nothing is installed.
    pub(super) fn bare() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
        }
    }

    /// One with the programs and kernel settings that a full Konflux wants.
    pub(super) fn good() -> Self {
        let host = Self::bare();
        host.program("docker", "echo Docker version 28.2.2, build e6534b4");
        host.program("kind", "echo 0.32.0");
        host.program(
            "kubectl",
            r#"echo '{"clientVersion": {"gitVersion": "v1.36.3"}}'"#,
        );
        host.file("proc/sys/fs/inotify/max_user_watches", "524288\n");
        host.file("proc/sys/fs/inotify/max_user_instances", "512\n");
        host
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// Docker's default socket.
    pub(super) fn docker_socket(&self) -> PathBuf {
        self.path("var/run/docker.sock")
    }

    /// The socket of this user's Podman.
    pub(super) fn podman_socket(&self) -> PathBuf {
        self.path("run/user/podman/podman.sock")
    }

    pub(super) fn file(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A program on `PATH`: a shell script that can use nothing but what the shell itself has.
    pub(super) fn program(&self, name: &str, script: &str) {
        let path = format!("bin/{name}");
        self.file(&path, &format!("#!/bin/sh\n{script}\n"));
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.path(&path), executable).unwrap();
    }

    pub(super) fn environment(&self) -> Environment {
        self.environment_of(Platform::Linux)
    }

    pub(super) fn environment_of(&self, platform: Platform) -> Environment {
        let text = |path: &str| self.path(path).display().to_string();
        Environment::new(self.root.path(), platform, 1000)
            .with("PATH", text("bin"))
            .with("HOME", text("home"))
            .with("XDG_RUNTIME_DIR", text("run/user"))
    }

    /// Wishes without ports: those of the machine that runs the test are nobody's business.
    pub(super) fn wishes(&self, flavour: Flavour) -> Wishes {
        let mut wishes = Wishes::new(flavour, self.path("state"));
        wishes.node_image = Some("kindest/node:v1.36.1".to_owned());
        wishes
    }

    /// A text with this host's folder, which is another one in every run, called `/host`.
    pub(super) fn without_folder(&self, text: &str) -> String {
        text.replace(&*self.root.path().to_string_lossy(), "/host")
    }

    pub(super) fn root(&self) -> &Path {
        self.root.path()
    }
}
