//! Runs scenarios: under `cargo test` like any test binary, under `cargo xtask conformance` as the [`Request`] says.
//!
//! `libtest-mimic` gives the command line of Rust's own test runner, its filters and its closing line. What it does not
//! give is added here: needs, the deployment under test, reports, and the exit codes of this project.

mod interrupt;
mod pattern;
mod request;
mod scenario;
mod stage;

pub use request::{Request, RequestError};
pub use scenario::{Need, Scenario, offered};
pub use stage::{OwnDeployment, Target};

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use libtest_mimic::{Arguments, Trial};

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
/// Without a [`Request`] the exit code is that of Rust's test runner; with one it is 0 when every scenario passed or was
/// skipped, 1 when one failed, 2 when the request is wrong, and 4 when scenarios were chosen and none of them ran.
pub fn main(scenarios: &[Scenario], own: Arc<dyn OwnDeployment>) -> ExitCode {
    let request = match Request::from_environment() {
        Ok(request) => request,
        Err(error) => return refuse(&error.to_string()),
    };
    let asked_by_xtask = request.is_some();
    let request = request.unwrap_or_default();
    let mut arguments = if asked_by_xtask {
        Arguments::default()
    } else {
        Arguments::from_args()
    };
    arguments.test_threads.get_or_insert(AT_ONCE);
    let chosen: Vec<Scenario> = scenarios
        .iter()
        .filter(|scenario| is_chosen(&request, scenario))
        .copied()
        .collect();
    if request.list {
        return list(&chosen);
    }
    if chosen.is_empty() && asked_by_xtask {
        say(&format!(
            "no scenario matches {}; --list shows them all",
            request.scenarios.join(", ")
        ));
        return ExitCode::from(exit::NOTHING_RAN);
    }
    let stage = match Stage::new(request.clone(), own) {
        Ok(stage) => Arc::new(stage),
        Err(error) => return refuse(&format!("cannot start the runtime: {error}")),
    };
    interrupt::watch(&stage);
    let begun = Instant::now();
    let conclusion = libtest_mimic::run(&arguments, trials(&chosen, &stage));
    let report = stage.report(&chosen, begun.elapsed());
    let destroyed = stage.close();
    if let Err(error) = &destroyed {
        say(&format!(
            "the suite's own deployment could not be destroyed: {error}"
        ));
    }
    if !asked_by_xtask {
        return if destroyed.is_ok() {
            conclusion.exit_code()
        } else {
            ExitCode::FAILURE
        };
    }
    say(&format!("\n{report}"));
    let code = conclude(&request, &report);
    if destroyed.is_ok() {
        code
    } else {
        ExitCode::from(exit::FAILED)
    }
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

/// A line for a person.
#[expect(
    clippy::print_stderr,
    reason = "the runner is the suite's command line"
)]
fn say(line: &str) {
    eprintln!("{line}");
}

/// A result for a pipe.
#[expect(
    clippy::print_stdout,
    reason = "the runner is the suite's command line"
)]
fn result(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests;
