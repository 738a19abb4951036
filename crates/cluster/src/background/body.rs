//! What every background process does around its own work.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use super::{Background, Role};
use crate::state::{DeploymentDirectory, StateRoot};

/// The arguments of a hidden subcommand, in their order.
pub(crate) struct Arguments<I>(I);

impl<I: Iterator<Item = OsString>> Arguments<I> {
    /// The next argument, as text.
    pub(crate) fn next(&mut self, what: &str) -> anyhow::Result<String> {
        let argument = self.path(what)?;
        let text = argument.to_str();
        let text = text.ok_or_else(|| anyhow!("{what}, {}, is not text", argument.display()))?;
        Ok(text.to_owned())
    }

    fn path(&mut self, what: &str) -> anyhow::Result<OsString> {
        self.0
            .next()
            .with_context(|| format!("argument {what} is missing"))
    }
}

/// Runs the process: `PROGRAM ENTRY STATE_ROOT NAME …`. `parse` reads the arguments that follow, `work` is what the process is for. The log goes to
/// standard error.
pub(crate) fn main<R: Role, I: Iterator<Item = OsString>, A>(
    arguments: I,
    parse: impl FnOnce(&mut Arguments<I>) -> anyhow::Result<A>,
    work: impl AsyncFnOnce(&DeploymentDirectory, A) -> anyhow::Result<()>,
) -> ExitCode {
    // A session of its own: neither Ctrl-C in the terminal nor its end reaches the process. It fails only for a
    // process that leads its group already, and then there is nothing to leave.
    let _own_session = rustix::process::setsid();
    start_log();
    match run::<R, _, _>(Arguments(arguments), parse, work) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{} ends: {error:#}", R::NAME);
            ExitCode::FAILURE
        }
    }
}

fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("KONFLUX_LOCAL_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(false)
        .init();
}

fn run<R: Role, I: Iterator<Item = OsString>, A>(
    mut arguments: Arguments<I>,
    parse: impl FnOnce(&mut Arguments<I>) -> anyhow::Result<A>,
    work: impl AsyncFnOnce(&DeploymentDirectory, A) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let root = StateRoot::at(PathBuf::from(arguments.path("STATE_ROOT")?));
    let deployment = root.deployment(&arguments.next("NAME")?.parse()?);
    let parsed = parse(&mut arguments)?;
    let background = Background::<R>::of(&deployment);
    let Some(_life) = background
        .take_life_lock()
        .context("cannot take the life lock")?
    else {
        bail!("another process of this deployment lives");
    };
    // A provider that is installed already is the one we want: only this program installs any.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(work(&deployment, parsed))
}

/// Writes down what the process says of itself, then tells whoever started it, if anybody still listens.
pub(crate) fn announce<R: Role>(
    deployment: &DeploymentDirectory,
    words: &R::Words,
) -> anyhow::Result<()> {
    Background::<R>::of(deployment)
        .write_words(words)
        .with_context(|| format!("cannot write {}", R::FILES.1))?;
    let mut output = io::stdout().lock();
    let _nobody_waits = writeln!(output, "listening").and_then(|()| output.flush());
    Ok(())
}

/// Waits for a signal, or for a part that ends although it should not.
pub(crate) async fn wait_for_the_end(
    parts: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => tracing::info!("asked to end"),
        _ = interrupt.recv() => tracing::info!("interrupted"),
        ended = parts.join_next() => match ended {
            Some(Ok(Ok(()))) | None => bail!("a part ended although nobody asked it to"),
            Some(Ok(Err(error))) => return Err(error),
            Some(Err(panicked)) => return Err(panicked).context("a part panicked"),
        },
    }
    Ok(())
}
