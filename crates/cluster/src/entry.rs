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
use std::path::Path;
use std::process::ExitCode;

use crate::embedded::serve;
use crate::stand_ins_process;

/// Runs the background process of an embedded cluster:
/// `PROGRAM __embedded-cluster STATE_ROOT NAME API_SERVER_PORT REGISTRY_PORT REGISTRY_AUTH`.
pub const EMBEDDED_CLUSTER: &str = "__embedded-cluster";
/// Runs the stand-ins of a deployment on a Kind or existing cluster: `PROGRAM __stand-ins STATE_ROOT NAME WISHES`.
pub const STAND_INS: &str = "__stand-ins";
/// Runs a pipeline step: `PROGRAM __probe ARGUMENTS…`.
pub const PROBE: &str = "__probe";

/// Runs a hidden subcommand if the process was started with one, and gives its exit code.
#[must_use]
pub fn intercept() -> Option<ExitCode> {
    let mut arguments = std::env::args_os();
    let program = arguments.next()?;
    // The image of our pipelines' steps has this program under that name.
    if Path::new(&program).file_name() == Some(OsStr::new("probe")) {
        return Some(probe::run(std::iter::once(program).chain(arguments)));
    }
    let command = arguments.next()?;
    if command == OsStr::new(EMBEDDED_CLUSTER) {
        return Some(serve::main(arguments));
    }
    if command == OsStr::new(STAND_INS) {
        return Some(stand_ins_process::main(arguments));
    }
    if command == OsStr::new(PROBE) {
        return Some(probe::run(
            std::iter::once(OsString::from("probe")).chain(arguments),
        ));
    }
    None
}
