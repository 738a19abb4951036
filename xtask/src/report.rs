//! What a person reads: everything human goes to standard error, results to standard output.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what this file is for"
)]

use std::process::ExitCode;

use serde::Serialize;

use crate::exit::Exit;

/// A line for a person.
pub(crate) fn say(line: impl AsRef<str>) {
    eprintln!("{}", line.as_ref());
}

/// A result for a program or a pipe.
pub(crate) fn result(text: impl AsRef<str>) {
    println!("{}", text.as_ref().trim_end());
}

/// A result as JSON.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    result(serde_json::to_string_pretty(value)?);
    Ok(())
}

/// An error with its causes, each once.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
    }
    text
}

/// Prints an error with its causes and gives the exit code.
pub(crate) fn failure(exit: Exit, error: &anyhow::Error) -> ExitCode {
    say(format!("error: {}", chain(error)));
    exit.into()
}
