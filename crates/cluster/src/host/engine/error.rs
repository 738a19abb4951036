//! Why no container engine can be used.

use std::path::PathBuf;
use std::time::Duration;

use super::super::check::Remedy;
use super::super::environment::{Environment, Platform};
use super::{Address, Provider};
use crate::program::ProgramError;

/// No engine could be asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Neither a command nor a socket of any engine is there.
    #[error("no container engine was found: no docker, podman or nerdctl command, and no socket")]
    None,
    /// A variable names an address that cannot be used.
    #[error("{variable} {problem}")]
    Variable {
        /// The variable.
        variable: &'static str,
        /// What is wrong, without the value.
        problem: String,
    },
    /// The Docker context cannot be used.
    #[error("the Docker context `{name}` {problem}")]
    Context {
        /// The context.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// Docker's configuration cannot be read.
    #[error("cannot read {}, which says where Docker is: {problem}", path.display())]
    Configuration {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The engine is on another machine.
    #[error(
        "{address} ({origin}) is on another machine: the ports of a cluster there are not on this one"
    )]
    Elsewhere {
        /// Where it is.
        address: Address,
        /// Who says so.
        origin: String,
    },
    /// There is nothing at the address.
    #[error("{provider} is not there: {address} ({origin}) does not exist")]
    Absent {
        /// The engine.
        provider: Provider,
        /// Where it should be.
        address: Address,
        /// Who says so.
        origin: String,
    },
    /// This user may not use the socket.
    #[error("{provider} may not be used by this user: {address} ({origin}) denies access")]
    Denied {
        /// The engine.
        provider: Provider,
        /// Where it is.
        address: Address,
        /// Who says so.
        origin: String,
    },
    /// Nobody listens there.
    #[error("{provider} does not run: nobody answers at {address} ({origin})")]
    Refused {
        /// The engine.
        provider: Provider,
        /// Where it should be.
        address: Address,
        /// Who says so.
        origin: String,
    },
    /// It took the connection and said nothing.
    #[error("{provider} hangs: {address} ({origin}) gave no answer within {} s", limit.as_secs())]
    Silent {
        /// The engine.
        provider: Provider,
        /// Where it is.
        address: Address,
        /// Who says so.
        origin: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// Finding it took too long: a command that names it or its address hangs.
    #[error("no engine could be found within {} s: a `docker`, `podman` or `nerdctl` command hangs", limit.as_secs())]
    Undecided {
        /// How long it was waited for.
        limit: Duration,
    },
    /// It answered with an error of its own.
    #[error("{provider} at {address} ({origin}) cannot say what it is: status {status}{}", said(.message))]
    Troubled {
        /// The engine.
        provider: Provider,
        /// Where it is.
        address: Address,
        /// Who says so.
        origin: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// It said something that no engine says.
    #[error("what answers at {address} ({origin}) is no container engine: {problem}")]
    Nonsense {
        /// Where it is.
        address: Address,
        /// Who says so.
        origin: String,
        /// What was wrong with the answer.
        problem: String,
    },
    /// The engine's command, which is its only interface, did not work.
    #[error("the engine's own command does not work: {0}")]
    Command(#[from] ProgramError),
}

impl EngineError {
    /// What to do about it on this host.
    #[must_use]
    pub fn remedy(&self, environment: &Environment) -> Remedy {
        let mac = environment.platform() == Platform::MacOs;
        match self {
            Self::None => Remedy::advice(
                "install Docker (https://docs.docker.com/engine/install/) or Podman; --cluster embedded needs neither",
            ),
            Self::Variable { variable, .. } => Remedy::command(
                "unset it to use the default socket",
                format!("unset {variable}"),
            ),
            Self::Context { .. } => Remedy::command(
                "go back to the default context",
                "docker context use default",
            ),
            Self::Elsewhere { .. } => {
                Remedy::advice("use an engine of this machine, or --cluster embedded")
            }
            Self::Configuration { .. } => {
                Remedy::advice("mend the file, or say the address with DOCKER_HOST")
            }
            Self::Denied {
                provider: Provider::Docker,
                ..
            } => Remedy::command(
                "become a member of the socket's group, then log in again",
                "sudo usermod -aG docker \"$USER\"",
            ),
            Self::Denied { .. } => Remedy::advice(
                "use the socket of your own user: unset CONTAINER_HOST and DOCKER_HOST",
            ),
            Self::Absent { provider, .. } | Self::Refused { provider, .. } => match provider {
                Provider::Docker if mac => {
                    Remedy::command("start Docker Desktop", "open -a Docker")
                }
                Provider::Docker => Remedy::command("start it", "sudo systemctl start docker"),
                Provider::Podman if mac => {
                    Remedy::command("start Podman's machine", "podman machine start")
                }
                Provider::Podman if environment.user_id() == 0 => {
                    Remedy::command("let it listen", "systemctl enable --now podman.socket")
                }
                Provider::Podman => Remedy::command(
                    "let it listen",
                    "systemctl --user enable --now podman.socket",
                ),
                Provider::Nerdctl => Remedy::advice("start containerd"),
            },
            Self::Silent {
                provider: Provider::Docker,
                ..
            } if !mac => Remedy::command("start it again", "sudo systemctl restart docker"),
            Self::Undecided { .. } => Remedy::advice(
                "start the engine again, or say which one with KIND_EXPERIMENTAL_PROVIDER",
            ),
            Self::Silent { .. } | Self::Troubled { .. } => Remedy::advice("start it again"),
            Self::Nonsense { .. } => {
                Remedy::advice("let DOCKER_HOST or CONTAINER_HOST name the socket of an engine")
            }
            Self::Command(_) => Remedy::advice(
                "mend what it says, or choose another engine with KIND_EXPERIMENTAL_PROVIDER",
            ),
        }
    }
}

fn said(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(", {message}")
    }
}
