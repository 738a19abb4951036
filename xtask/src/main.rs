//! The command line of konflux-local: one file per command; parsing, printing, exit codes.

mod arguments;
mod conformance;
mod deploy_local;
mod destroy;
mod doctor;
mod exit;
mod registry;
mod report;
mod status;
mod view;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Cli, Command};
use exit::Exit;

fn main() -> ExitCode {
    if let Some(code) = cluster::entry::intercept() {
        return code;
    }
    // clap prints help and errors itself and ends with 2 for wrong use, as our table says.
    let cli = Cli::parse();
    // Installed already means installed by us: nobody else does.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    start_log();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            return report::failure(
                Exit::HostLacks,
                &anyhow::Error::new(error).context("cannot start the runtime"),
            );
        }
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::DeployLocal(arguments) => deploy_local::run(arguments).await,
            Command::Conformance(arguments) => conformance::run(arguments).await,
            Command::Status(arguments) => status::run(arguments).await,
            Command::Destroy(arguments) => destroy::run(arguments).await,
            Command::Doctor(arguments) => doctor::run(arguments).await,
            Command::Registry(arguments) => registry::run(arguments).await,
        }
    });
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => report::failure(failure.exit, &failure.error),
    }
}

/// Diagnostics are for contributors: silent unless `KONFLUX_LOCAL_LOG` asks for them.
fn start_log() {
    if let Ok(filter) = tracing_subscriber::EnvFilter::try_from_env("KONFLUX_LOCAL_LOG") {
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .init();
    }
}
