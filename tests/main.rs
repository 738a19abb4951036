//! The conformance suite: builds and releases put the right image into the registry.
//!
//! `cargo test -p conformance` runs it against an embedded deployment of its own; `cargo xtask conformance` points the
//! same scenarios at a deployment. Each file beside this one is a family of scenarios.
//!
//! What scenarios share is the deployment, and `serial_test` keeps that in order: `#[parallel(deployment)]` is a scenario that
//! uses it, in a tenant of its own; `#[serial(deployment)]` is one that breaks it, and has it alone.

mod builds;
mod commands;
mod computer;
mod credentials;
mod deployment;
mod external_registry;
mod lies;
mod logins;
mod predictions;
mod recovery;
mod releases;
mod secrets;
mod trusted_artifacts;

use std::process::ExitCode;
use std::sync::Arc;

use harness::{Scenario, runner};

fn main() -> ExitCode {
    // The suite's own embedded cluster, and its pipeline steps, are started from this very program.
    if let Some(code) = cluster::entry::intercept() {
        return code;
    }
    // Installed already means installed by us: nobody else does.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let families = [
        builds::SCENARIOS,
        releases::SCENARIOS,
        credentials::SCENARIOS,
        logins::SCENARIOS,
        predictions::SCENARIOS,
        secrets::SCENARIOS,
        trusted_artifacts::SCENARIOS,
        external_registry::SCENARIOS,
        recovery::SCENARIOS,
        lies::SCENARIOS,
    ];
    let scenarios: Vec<Scenario> = families.concat();
    match deployment::Own::new() {
        Ok(own) => runner::main(&scenarios, Arc::new(own)),
        Err(error) => deployment::refuse(&error),
    }
}
