//! `probe registry-login`

use std::path::PathBuf;

use clap::Args;

use super::{say, write_result};
use crate::error::Error;
use crate::registry::docker_config;

/// What stands in the result where a step is not logged in.
const ANONYMOUS: &str = "anonymous";

/// Tells who a step logs in as at a registry, by $HOME/.docker/config.json. Sends nothing, and shows no secret.
#[derive(Args)]
pub(super) struct Arguments {
    /// The repository, REGISTRY/REPOSITORY.
    #[arg(long, value_name = "REPOSITORY")]
    repository: oci::ImageReference,
    /// File for `user:NAME`, or `anonymous`.
    #[arg(long, value_name = "FILE")]
    login_result: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Error> {
    let repository = arguments.repository.name();
    let login = docker_config(None)?.lookup(&repository)?;
    let login = match login {
        Some(login) => format!("user:{}", login.username),
        None => ANONYMOUS.to_owned(),
    };
    write_result(arguments.login_result.as_deref(), &login)?;
    say(format_args!(
        "the login for {repository}: {}",
        login.escape_debug()
    ));
    Ok(())
}
