//! Asking other programs for their version.

use std::time::Duration;

use super::environment::Environment;
use crate::program::{Command, ProgramError};

/// What a program of the environment's `PATH` writes.
///
/// # Errors
///
/// [`ProgramError`] when it is not there, does not end well or in time, or writes no text.
pub(super) async fn ask(
    environment: &Environment,
    program: &str,
    arguments: &[&str],
    limit: Duration,
) -> Result<String, ProgramError> {
    let command = Command::new(program)
        .arguments(arguments.iter().copied())
        .search_path(environment.variable("PATH").unwrap_or_default())
        .limit(limit);
    let output = command.run().await?;
    Ok(output.stdout()?.trim().to_owned())
}

/// An error of a program on one line, with the last line that it wrote.
pub(super) fn in_a_line(error: &ProgramError) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    match error.tail().lines().last() {
        Some(last) => format!("{first} {last}"),
        None => first.to_owned(),
    }
}
