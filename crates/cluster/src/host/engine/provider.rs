//! Which engine: decided as `kind` decides it, because Kind's nodes live there.

use std::fmt;
use std::time::Duration;

use super::super::environment::Environment;
use super::super::programs;
use super::EngineError;
use super::locate::{DOCKER_SOCKET, PODMAN_SOCKET};

/// How long `docker --version` may take. It asks no daemon.
const LIMIT: Duration = Duration::from_secs(1);

/// A container engine that Kind can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Docker, rootful, rootless or Desktop.
    Docker,
    /// Podman, rootful, rootless or in a machine.
    Podman,
    /// containerd by `nerdctl` or `finch`.
    Nerdctl,
}

/// A decided engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Which one.
    pub provider: Provider,
    /// The command with which Kind drives it.
    pub command: String,
    /// Why this one, as a fragment.
    pub because: String,
}

/// Decides: `KIND_EXPERIMENTAL_PROVIDER`; else the first of docker, nerdctl and podman whose command is what it is called
/// (a `docker` that is Podman in disguise is no Docker); else whoever has a socket.
///
/// # Errors
///
/// [`EngineError::None`] when there is no sign of any engine.
pub async fn select(environment: &Environment) -> Result<Selected, EngineError> {
    let chosen = |provider, command: &str, because: &str| Selected {
        provider,
        command: command.to_owned(),
        because: because.to_owned(),
    };
    let named = environment.variable("KIND_EXPERIMENTAL_PROVIDER");
    let provider = match named {
        Some("docker") => Some(Provider::Docker),
        Some("podman") => Some(Provider::Podman),
        Some("nerdctl" | "finch" | "nerdctl.lima") => Some(Provider::Nerdctl),
        // Kind warns of other words and goes on as without.
        _ => None,
    };
    if let (Some(provider), Some(command)) = (provider, named) {
        return Ok(chosen(
            provider,
            command,
            "KIND_EXPERIMENTAL_PROVIDER says so",
        ));
    }
    let (docker, nerdctl, podman) = tokio::join!(
        greets(environment, "docker", "Docker version"),
        greets(environment, "nerdctl", "nerdctl version"),
        greets(environment, "podman", "podman version"),
    );
    let because = "the first that kind finds";
    if docker {
        return Ok(chosen(Provider::Docker, "docker", because));
    }
    if nerdctl {
        return Ok(chosen(Provider::Nerdctl, "nerdctl", because));
    }
    if podman {
        return Ok(chosen(Provider::Podman, "podman", because));
    }
    by_socket(environment)
        .map(|provider| chosen(provider, provider.command(), "it has a socket"))
        .ok_or(EngineError::None)
}

/// Is the command there, and what it is called?
async fn greets(environment: &Environment, command: &str, greeting: &str) -> bool {
    environment.program(command).is_some()
        && programs::ask(environment, command, &["--version"], LIMIT)
            .await
            .is_ok_and(|answer| answer.starts_with(greeting))
}

fn by_socket(environment: &Environment) -> Option<Provider> {
    let docker = ["DOCKER_HOST", "DOCKER_CONTEXT"];
    if docker
        .iter()
        .any(|name| environment.variable(name).is_some())
        || environment.path(DOCKER_SOCKET).exists()
    {
        return Some(Provider::Docker);
    }
    let rootless = environment.variable("XDG_RUNTIME_DIR").map(|folder| {
        std::path::Path::new(folder)
            .join("podman/podman.sock")
            .exists()
    });
    (rootless == Some(true)
        || environment.variable("CONTAINER_HOST").is_some()
        || environment.path(PODMAN_SOCKET).exists())
    .then_some(Provider::Podman)
}

impl Provider {
    /// The command with which it is used by hand, and by Kind.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Nerdctl => "nerdctl",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Docker => "Docker",
            Self::Podman => "Podman",
            Self::Nerdctl => "containerd (nerdctl)",
        })
    }
}
