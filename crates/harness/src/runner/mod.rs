//! Runs scenarios: under `cargo test` like any test binary, under `cargo xtask conformance` as the [`Request`] says.
//!
//! `libtest-mimic` gives the command line of Rust's own test runner, its filters and its closing line. What it does not
//! give is added here: needs, the deployment under test, reports, and the exit codes of this project.

mod interrupt;
mod own_deployment;
mod pattern;
mod registry_setting;
mod request;
mod scenario;
mod stage;

pub use own_deployment::{OwnDeployment, Target};
pub use registry_setting::{REGISTRY_SETTINGS, RegistrySetting, RegistrySettingError};
pub use request::{Request, RequestError};
pub use scenario::{Need, Scenario, offered};

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use libtest_mimic::{Arguments, Conclusion, Trial};

use crate::report::{self, Report};
use stage::Stage;

/// Scenarios wait more than they compute, so more of them run at once than there are processors.
const AT_ONCE: usize = 8;

/// Exit codes of a run that `cargo xtask conformance` asked for.
mod exit {
    pub(super) const DONE: u8 = 0;
    pub(super) const FAILED: u8 = 1;
    pub(super) const WRONG_USE: u8 = 2;
    pub(super) const NOTHING_RAN: u8 = 4;
}

/// Runs the suite of this process and gives its exit code.
///
/// `own` makes the deployment for a run that names none; it is only asked when a scenario is about to run, and always
/// asked to destroy what it made, also when scenarios fail, panic, or the run is interrupted.
///
/// [`REGISTRY_SETTINGS`] in the environment choose the external registry.
///
/// Without a [`Request`] the exit code is that of Rust's test runner; with one it is 0 when every scenario passed or was
/// skipped, 1 when one failed, 2 when the request is wrong, and 4 when scenarios were chosen and none of them ran.
pub fn main(scenarios: &[Scenario], own: Arc<dyn OwnDeployment>) -> ExitCode {
    match Request::from_environment() {
        Ok(Some(request)) => run_request(scenarios, own, &request, Arguments::default()),
        Ok(None) => run_as_tests(scenarios, own, Arguments::from_args()),
        Err(error) => refuse(&error.to_string()),
    }
}

/// As a Rust test binary.
fn run_as_tests(
    scenarios: &[Scenario],
    own: Arc<dyn OwnDeployment>,
    arguments: Arguments,
) -> ExitCode {
    match perform(scenarios, own, &Request::default(), arguments) {
        Ok((conclusion, _report)) => conclusion.exit_code(),
        Err(code) => code,
    }
}

/// As `cargo xtask conformance` asks.
fn run_request(
    scenarios: &[Scenario],
    own: Arc<dyn OwnDeployment>,
    request: &Request,
    arguments: Arguments,
) -> ExitCode {
    let is_chosen = |scenario: &&Scenario| is_chosen(request, scenario);
    let chosen: Vec<Scenario> = scenarios.iter().filter(is_chosen).copied().collect();
    if request.list {
        return list(&chosen);
    }
    if chosen.is_empty() {
        let patterns = request.scenarios.join(", ");
        say(&format!(
            "no scenario matches {patterns}; --list shows them all"
        ));
        return ExitCode::from(exit::NOTHING_RAN);
    }
    match perform(&chosen, own, request, arguments) {
        Ok((_conclusion, report)) => {
            say(&format!("\n{report}"));
            conclude(request, &report)
        }
        Err(code) => code,
    }
}

/// Runs scenarios and destroys the suite's own deployment; an error is the exit code of a run that could not be held.
fn perform(
    scenarios: &[Scenario],
    own: Arc<dyn OwnDeployment>,
    request: &Request,
    mut arguments: Arguments,
) -> Result<(Conclusion, Report), ExitCode> {
    arguments.test_threads.get_or_insert(AT_ONCE);
    let external =
        RegistrySetting::from_environment().map_err(|error| refuse(&error.to_string()))?;
    let stage = match Stage::new(request.clone(), external, own) {
        Ok(stage) => Arc::new(stage),
        Err(error) => return Err(refuse(&format!("cannot start the runtime: {error}"))),
    };
    interrupt::watch(&stage);
    let begun = Instant::now();
    let conclusion = libtest_mimic::run(&arguments, trials(scenarios, &stage));
    let report = stage.report(scenarios, begun.elapsed());
    if let Err(error) = stage.close() {
        say(&format!(
            "error: the suite's own deployment is not destroyed: {error}"
        ));
        return Err(ExitCode::from(exit::FAILED));
    }
    Ok((conclusion, report))
}

fn is_chosen(request: &Request, scenario: &Scenario) -> bool {
    let matches = |pattern: &String| pattern::matches(pattern, scenario.name());
    request.scenarios.is_empty() || request.scenarios.iter().any(matches)
}

fn trials(chosen: &[Scenario], stage: &Arc<Stage>) -> Vec<Trial> {
    let trial = |scenario: &Scenario| {
        let (scenario, stage) = (*scenario, stage.clone());
        Trial::ignorable_test(scenario.name(), move || stage.perform(&scenario))
    };
    chosen.iter().map(trial).collect()
}

/// Writes the reports that were asked for, and gives the exit code.
fn conclude(request: &Request, report: &Report) -> ExitCode {
    if let Some(folder) = &request.report_dir {
        match report::write(report, folder) {
            Ok(()) => say(&format!("reports: {}", folder.display())),
            Err(error) => {
                say(&format!("error: {error}"));
                return ExitCode::from(exit::FAILED);
            }
        }
    }
    let [passed, failed, _skipped] = report.counts();
    ExitCode::from(match (passed, failed) {
        (0, 0) if !request.scenarios.is_empty() => exit::NOTHING_RAN,
        (_, 0) => exit::DONE,
        _ => exit::FAILED,
    })
}

fn list(chosen: &[Scenario]) -> ExitCode {
    let width = chosen
        .iter()
        .map(|scenario| scenario.name().chars().count())
        .max()
        .unwrap_or_default();
    for scenario in chosen {
        result(&format!(
            "{:<width$}  needs: {}",
            scenario.name(),
            scenario.needs_in_words()
        ));
    }
    ExitCode::from(if chosen.is_empty() {
        exit::NOTHING_RAN
    } else {
        exit::DONE
    })
}

fn refuse(error: &str) -> ExitCode {
    say(&format!("error: {error}"));
    ExitCode::from(exit::WRONG_USE)
}

/// A line for a person. Where nobody reads any more, the scenarios go on, and the report is written.
fn say(line: &str) {
    let _nobody_reads = writeln!(io::stderr(), "{line}");
}

/// A result for a pipe.
fn result(line: &str) {
    let _nobody_reads = writeln!(io::stdout(), "{line}");
}

#[cfg(test)]
mod tests;
