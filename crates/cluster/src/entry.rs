//! Hidden subcommands: how a program starts an embedded cluster, and its pipeline steps, from itself.
//!
//! A program that deploys an embedded cluster calls [`intercept`] before it reads its own arguments:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     if let Some(code) = cluster::entry::intercept() {
//!         return code;
//!     }
//!     // … the program's own work
//!     std::process::ExitCode::SUCCESS
//! }
//! ```

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use crate::embedded::serve;

/// Runs the background process of an embedded cluster:
/// `PROGRAM __embedded-cluster STATE_ROOT NAME API_SERVER_PORT REGISTRY_PORT REGISTRY_AUTH`.
pub const EMBEDDED_CLUSTER: &str = "__embedded-cluster";
/// Runs a pipeline step: `PROGRAM __probe ARGUMENTS…`.
pub const PROBE: &str = "__probe";

/// Runs a hidden subcommand if the process was started with one, and gives its exit code.
#[must_use]
pub fn intercept() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let command = arguments.next()?;
    if command == OsStr::new(EMBEDDED_CLUSTER) {
        return Some(serve::main(arguments));
    }
    if command == OsStr::new(PROBE) {
        return Some(probe::run(
            std::iter::once(OsString::from("probe")).chain(arguments),
        ));
    }
    None
}
