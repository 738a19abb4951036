//! `probe trusted-artifact`

mod create;
mod restore;

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Subcommand};
use oci::{Client, ImageReference};

use super::RegistryArguments;
use crate::error::Error;
use crate::registry::{client_with, docker_config};
use crate::trusted_artifact::{announce, login};

/// Hands files from one task to another through a registry, as Konflux's build-trusted-artifacts does.
///
/// A trusted artifact is named oci:REPOSITORY@DIGEST after the digest of its archive, so it cannot be changed on the way.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Create(create::Arguments),
    Use(restore::Arguments),
}

pub(super) async fn run(arguments: &Arguments) -> Result<(), Error> {
    match &arguments.command {
        Command::Create(arguments) => create::run(arguments).await,
        Command::Use(arguments) => restore::run(arguments).await,
    }
}

/// How repositories of trusted artifacts are accessed.
#[derive(Args)]
struct AccessArguments {
    /// Docker config with the logins. Only keys that are written as the repository or a prefix of it count; without one, access is
    /// anonymous. Default: $HOME/.docker/config.json.
    #[arg(long, value_name = "FILE", env = "AUTHFILE", value_parser = OsStringValueParser::new().map(PathBuf::from))]
    auth_file: Option<PathBuf>,
    #[command(flatten)]
    registry: RegistryArguments,
}

impl AccessArguments {
    /// A client, after saying which login it uses for `repository`.
    fn client(&self, repository: &ImageReference) -> Result<Client, Error> {
        let named = self.auth_file.as_deref();
        // AUTHFILE may be set to nothing, which means that it is not set.
        let named = named.filter(|path| !path.as_os_str().is_empty());
        let config = docker_config(named)?;
        announce(&config, repository);
        client_with(self.registry.ca_file.as_deref(), login(config))
    }
}
