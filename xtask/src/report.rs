//! What a person reads: everything human goes to standard error, results to standard output.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;

use serde::Serialize;

use crate::exit::{Exit, Failure};

/// A line for a person. Where nobody reads any more, the work goes on.
pub(crate) fn say(line: impl AsRef<str>) {
    let _nobody_reads = writeln!(io::stderr(), "{}", line.as_ref());
}

/// A result for a program or a pipe. A reader that went away had enough.
pub(crate) fn result(text: impl AsRef<str>) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    let written = writeln!(output, "{}", text.as_ref().trim_end()).and_then(|()| output.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let error = anyhow::Error::new(error).context("cannot write the result");
            Err(Exit::Failed.with(error))
        }
        _ => Ok(()),
    }
}

/// A result as JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).context("cannot render the result");
    result(text.map_err(|error| Exit::Failed.with(error))?)
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
