//! The one way in which this project runs programs of others.
//!
//! A [`Command`] is a value; [`Command::run`] gives its [`Output`] only when the program ended well. Everything else is a
//! [`ProgramError`] that shows the command as it can be pasted into a shell, and the last lines that the program wrote.
//! Secrets go in by standard input or the environment, and are never rendered.
//!
//! ```
//! # async fn example() -> Result<(), cluster::program::ProgramError> {
//! use std::time::Duration;
//!
//! let output = cluster::program::Command::new("kind")
//!     .arguments(["get", "clusters"])
//!     .limit(Duration::from_secs(20))
//!     .run()
//!     .await?;
//! for name in output.stdout()?.lines() {
//!     // …
//! #   let _ = name;
//! }
//! # Ok(())
//! # }
//! ```

mod capture;
mod command;
mod error;
mod input;
mod process_group;
mod rendering;
mod run;
mod search;
#[cfg(test)]
mod tests;

pub use capture::{Output, OutputLine, OutputStream};
pub use command::Command;
pub use error::ProgramError;
pub use search::find_on;
