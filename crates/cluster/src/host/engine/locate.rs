//! Where the engine's API is, found as the engine's own client finds it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::super::environment::{Environment, Platform};
use super::super::programs;
use super::address::WITH_TLS;
use super::contexts;
use super::{Address, EngineError, Provider, Selected};

/// Docker's default socket.
pub(super) const DOCKER_SOCKET: &str = "/var/run/docker.sock";
/// The socket of a rootful Podman.
pub(super) const PODMAN_SOCKET: &str = "/run/podman/podman.sock";
/// How long `podman machine inspect` may take.
const LIMIT: Duration = Duration::from_secs(1);

/// An address, and who named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Where to ask.
    pub address: Address,
    /// Who says so, as a fragment: `DOCKER_HOST`, `the default socket`.
    pub origin: String,
}

/// Finds the address of an engine. Nothing is connected.
///
/// # Errors
///
/// [`EngineError`] when what names the address cannot be used.
pub async fn locate(
    environment: &Environment,
    selected: &Selected,
) -> Result<Located, EngineError> {
    match selected.provider {
        Provider::Docker => docker(environment),
        Provider::Podman => podman(environment).await,
        Provider::Nerdctl => Ok(Located {
            address: Address::Command(selected.command.clone()),
            origin: "it has no socket for Docker's API".to_owned(),
        }),
    }
}

/// Sockets of engines that exist, whoever is chosen: for the advice to use another one.
#[must_use]
pub fn others_that_exist(environment: &Environment, but: &Address) -> Vec<(Provider, PathBuf)> {
    let mut sockets = vec![
        (Provider::Docker, environment.path(DOCKER_SOCKET)),
        (Provider::Podman, environment.path(PODMAN_SOCKET)),
    ];
    if let Some(folder) = environment.variable("XDG_RUNTIME_DIR").map(Path::new) {
        sockets.push((Provider::Docker, folder.join("docker.sock")));
        sockets.push((Provider::Podman, folder.join("podman/podman.sock")));
    }
    sockets.retain(|(_, path)| path.exists() && *but != Address::Unix(path.clone()));
    sockets
}

fn docker(environment: &Environment) -> Result<Located, EngineError> {
    if let Some(host) = environment.variable("DOCKER_HOST") {
        let address = read("DOCKER_HOST", host)?;
        let tcp = matches!(address, Address::Tcp { .. });
        if tcp && environment.variable("DOCKER_TLS_VERIFY").is_some() {
            return Err(EngineError::Variable {
                variable: "DOCKER_TLS_VERIFY",
                problem: WITH_TLS.to_owned(),
            });
        }
        return Ok(Located {
            address,
            origin: "DOCKER_HOST".to_owned(),
        });
    }
    if let Some(name) = contexts::current(environment)? {
        return Ok(Located {
            address: contexts::address(environment, &name)?,
            origin: format!("Docker context {name}"),
        });
    }
    Ok(Located {
        address: Address::Unix(environment.path(DOCKER_SOCKET)),
        origin: "the default socket".to_owned(),
    })
}

async fn podman(environment: &Environment) -> Result<Located, EngineError> {
    if let Some(host) = environment.variable("CONTAINER_HOST") {
        return Ok(Located {
            address: read("CONTAINER_HOST", host)?,
            origin: "CONTAINER_HOST".to_owned(),
        });
    }
    if environment.platform() == Platform::MacOs {
        return machine(environment).await;
    }
    let rootless = environment
        .variable("XDG_RUNTIME_DIR")
        .map(|folder| Path::new(folder).join("podman/podman.sock"));
    Ok(match rootless {
        Some(path) if environment.user_id() != 0 => Located {
            address: Address::Unix(path),
            origin: "the socket of this user".to_owned(),
        },
        _ => Located {
            address: Address::Unix(environment.path(PODMAN_SOCKET)),
            origin: "the system's socket".to_owned(),
        },
    })
}

/// On macOS Podman lives in a virtual machine, which says where its socket is.
async fn machine(environment: &Environment) -> Result<Located, EngineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Machine {
        name: String,
        connection_info: ConnectionInfo,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct ConnectionInfo {
        podman_socket: Option<Socket>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Socket {
        path: PathBuf,
    }
    let mut arguments = vec!["machine", "inspect"];
    arguments.extend(environment.variable("PODMAN_MACHINE_NAME"));
    let answer = programs::ask(environment, "podman", &arguments, LIMIT).await?;
    let machines: Vec<Machine> =
        serde_json::from_str(&answer).map_err(|error| EngineError::Variable {
            variable: "PODMAN_MACHINE_NAME",
            problem: format!("leads to no machine that can be understood: {error}"),
        })?;
    let found = machines
        .into_iter()
        .find_map(|machine| Some((machine.name, machine.connection_info.podman_socket?.path)));
    found.map_or(Err(EngineError::None), |(name, path)| {
        Ok(Located {
            address: Address::Unix(path),
            origin: format!("podman machine {name}"),
        })
    })
}

fn read(variable: &'static str, text: &str) -> Result<Address, EngineError> {
    Address::read(text).map_err(|problem| EngineError::Variable { variable, problem })
}
