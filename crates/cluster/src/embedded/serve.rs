//! The body of the background process.

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the process. Its parts are joined in a following change.
pub(crate) fn main(_arguments: impl Iterator<Item = OsString>) -> ExitCode {
    ExitCode::FAILURE
}
