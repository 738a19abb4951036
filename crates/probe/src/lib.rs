//! The small program that runs inside the steps of our own pipelines: fetch the source, hand it on, build, push, copy, release.
//!
//! It is a library with a thin binary, so that the embedded cluster can run it from the binary that is there already. Each command
//! does one thing, says on standard error what it did, and ends with `0` (done), `1` (it failed) or `2` (wrong use). A failure is
//! one sentence: what was attempted, on which object, what was seen, what to do.
//!
//! ```
//! let arguments = ["probe", "--version"].map(std::ffi::OsString::from);
//! let _exit_code = probe::run(arguments);
//! ```

mod build;
mod command;
mod context;
mod dockerfile;
mod error;
mod kubernetes;
mod mapping;
mod registry;
mod release_data;
pub mod source;
mod trusted_artifact;

pub use command::run;
