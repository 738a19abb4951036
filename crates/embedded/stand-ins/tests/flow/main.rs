//! The stand-ins against a real API server and a real registry, with the real probe in the steps.
//!
//! This binary is also the probe: with `__probe` as its first argument it is what a step runs.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "without the standard harness these lints do not see that this is a test"
)]

mod build_and_release;
mod certificates;
mod refusals;
mod releases;
mod scene;
mod steps;
mod trust;
mod trusted_artifacts;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments
        .peek()
        .is_some_and(|argument| argument == scene::PROBE)
    {
        return probe::run(arguments);
    }
    // Fails only when it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trials = build_and_release::trials()
        .into_iter()
        .chain(refusals::trials())
        .chain(releases::trials())
        .chain(steps::trials())
        .chain(trust::trials())
        .chain(trusted_artifacts::trials())
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A test with a runtime of its own.
fn trial<Story>(name: &str, story: fn() -> Story) -> Trial
where
    Story: Future<Output = ()> + 'static,
{
    Trial::test(name.to_owned(), move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        runtime.block_on(story());
        Ok::<(), Failed>(())
    })
}
