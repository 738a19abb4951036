//! The command line: parsing, printing, exit codes.

mod build;
mod collect_data;
mod copy;
mod fetch_source;
mod push;
mod push_snapshot;
mod registry_login;
mod trusted_artifact;
mod update_cr_status;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::error::Error;

/// It ran and failed.
const FAILED: u8 = 1;
/// Wrong use.
const WRONG_USE: u8 = 2;

/// Steps of konflux-local's own pipelines: fetch a source, hand it on, build, push and copy images, release a Snapshot.
///
/// Exit codes: 0 done, 1 it failed (the reason is on standard error), 2 wrong use.
#[derive(Parser)]
#[command(name = "probe", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    FetchSource(fetch_source::Arguments),
    Build(build::Arguments),
    Push(push::Arguments),
    Copy(copy::Arguments),
    CollectData(collect_data::Arguments),
    PushSnapshot(push_snapshot::Arguments),
    TrustedArtifact(trusted_artifact::Arguments),
    RegistryLogin(registry_login::Arguments),
    UpdateCrStatus(update_cr_status::Arguments),
}

/// How registries are trusted. Verification cannot be turned off.
#[derive(Args)]
struct RegistryArguments {
    /// PEM file with certificate authorities to trust beside the system's. It may be missing, as an optional mount may be.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl RegistryArguments {
    fn client(&self) -> Result<oci::Client, Error> {
        crate::registry::client(self.ca_file.as_deref())
    }
}

/// Where the name and the digest of the pushed image are written, without a line feed, as Tekton results are.
#[derive(Args)]
struct ImageResults {
    /// File for the image's name.
    #[arg(long, value_name = "FILE")]
    image_url_result: Option<PathBuf>,
    /// File for the image's digest.
    #[arg(long, value_name = "FILE")]
    image_digest_result: Option<PathBuf>,
}

impl ImageResults {
    fn write(&self, image: &oci::ImageReference, digest: &oci::Digest) -> Result<(), Error> {
        write_result(self.image_url_result.as_deref(), &image.to_string())?;
        write_result(self.image_digest_result.as_deref(), &digest.to_string())
    }
}

/// Runs the program: argument 0 is its name. The result is the exit code of the process.
///
/// Installs `ring` as the process's TLS provider when there is none yet.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let command = match CommandLine::try_parse_from(arguments) {
        Ok(command_line) => command_line.command,
        Err(error) => {
            let code = if error.use_stderr() { WRONG_USE } else { 0 };
            // Nobody is left to tell when even this cannot be printed.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    // Fails only when the caller has installed one, which then serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match start(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("error: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

fn start(command: Command) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Start)?;
    runtime.block_on(async {
        match command {
            Command::FetchSource(arguments) => fetch_source::run(&arguments),
            Command::Build(arguments) => Box::pin(build::run(arguments)).await,
            Command::Push(arguments) => Box::pin(push::run(&arguments)).await,
            Command::Copy(arguments) => Box::pin(copy::run(&arguments)).await,
            Command::CollectData(arguments) => Box::pin(collect_data::run(&arguments)).await,
            Command::PushSnapshot(arguments) => Box::pin(push_snapshot::run(&arguments)).await,
            Command::TrustedArtifact(arguments) => {
                Box::pin(trusted_artifact::run(&arguments)).await
            }
            Command::RegistryLogin(arguments) => registry_login::run(&arguments),
            Command::UpdateCrStatus(arguments) => Box::pin(update_cr_status::run(&arguments)).await,
        }
    })
}

/// Prints a line for people.
pub(crate) fn say(text: std::fmt::Arguments<'_>) {
    // A closed standard error must not fail the command.
    let _ = writeln!(std::io::stderr(), "probe: {text}");
}

fn write_result(path: Option<&Path>, value: &str) -> Result<(), Error> {
    match path {
        Some(path) => {
            std::fs::write(path, value).map_err(|error| Error::file("write", path, error))
        }
        None => Ok(()),
    }
}
