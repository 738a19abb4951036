//! Is there a container engine, and is `kind` installed?

use std::env;
use std::path::{Path, PathBuf};

/// What a quick look at the host found. Nothing is started and nothing is asked over the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    socket: Option<PathBuf>,
    kind_program: Option<PathBuf>,
}

/// Looks for an engine's socket and for the `kind` program on `PATH`.
#[must_use]
pub fn look() -> Glance {
    Glance {
        socket: candidate_sockets().into_iter().find(|path| path.exists()),
        kind_program: find_program("kind"),
    }
}

impl Glance {
    /// What was found, as a lowercase fragment for the reason of a choice.
    #[must_use]
    pub fn summary(&self) -> String {
        match (&self.socket, &self.kind_program) {
            (None, None) => {
                "no container engine's socket and no kind program were found".to_owned()
            }
            (None, Some(_)) => "no container engine's socket was found".to_owned(),
            (Some(socket), None) => {
                format!("{} exists, but no kind program was found", socket.display())
            }
            (Some(socket), Some(_)) => format!("{} exists and kind is installed", socket.display()),
        }
    }
}

fn candidate_sockets() -> Vec<PathBuf> {
    let mut sockets = Vec::new();
    if let Some(path) = env::var("DOCKER_HOST")
        .ok()
        .as_deref()
        .and_then(|host| host.strip_prefix("unix://"))
    {
        sockets.push(PathBuf::from(path));
    }
    if let Some(runtime) = env::var_os("XDG_RUNTIME_DIR") {
        let runtime = PathBuf::from(runtime);
        sockets.push(runtime.join("docker.sock"));
        sockets.push(runtime.join("podman/podman.sock"));
    }
    sockets.push(PathBuf::from("/var/run/docker.sock"));
    sockets.push(PathBuf::from("/run/podman/podman.sock"));
    sockets
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| is_file(file))
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_what_is_missing() {
        let nothing = Glance {
            socket: None,
            kind_program: None,
        };
        assert!(nothing.summary().contains("no container engine"));
        let engine_only = Glance {
            socket: Some("/run/docker.sock".into()),
            kind_program: None,
        };
        assert_eq!(
            engine_only.summary(),
            "/run/docker.sock exists, but no kind program was found"
        );
    }
}
