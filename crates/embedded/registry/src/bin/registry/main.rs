//! The registry as a program of its own. `registry --help` says how it is used.

mod access;
mod arguments;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use registry::Registry;
use registry::storage::{Directory, Memory, Storage};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use self::arguments::{Arguments, Place};

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Threads that may wait for the disk at once. More would not make the disk faster, and each costs memory.
const BLOCKING_THREADS: usize = 4;

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build();
    runtime
        .context("could not start the runtime")?
        .block_on(serve(arguments))
}

async fn serve(arguments: &Arguments) -> anyhow::Result<()> {
    let storage: Arc<dyn Storage> = match &arguments.storage {
        Place::Memory => Arc::new(Memory::new()),
        Place::Directory(path) => Arc::new(Directory::open_with(path, arguments.durability())?),
    };
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => Some(registry::tls::server_config(
            &read(certificate)?,
            &read(key)?,
        )?),
        _ => None,
    };
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("could not listen on {}", arguments.listen))?;
    let address = listener.local_addr()?;
    let access = access::access(arguments, address)?;
    let router = Registry::new(storage, arguments.options(access)).router();
    let shutdown = CancellationToken::new();
    tokio::spawn(wait_for_signal(shutdown.clone()));
    match tls {
        Some(tls) => {
            announce(&format!("https://{address}"))?;
            registry::serve(listener, tls, router, shutdown).await?;
        }
        None => {
            announce(&format!("http://{address}"))?;
            registry::serve_plain_http(listener, router, shutdown).await?;
        }
    }
    Ok(())
}

/// Prints the URL on standard output: whoever started the program learns that it accepts connections, and on which port.
fn announce(url: &str) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{url}")?;
    output.flush()
}

/// Reads a text file that an option names.
fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))
}

/// Asks for shutdown at the first SIGINT or SIGTERM.
async fn wait_for_signal(shutdown: CancellationToken) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        tracing::warn!("signals cannot be received, end the process with kill -9");
        return;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("shutting down");
    shutdown.cancel();
}
