//! `timings.html`: where the time of the last run went. A view of `events.jsonl`, written next to it after every run.

mod critical_path;
mod page;
mod picture;
mod run;

pub use critical_path::{CriticalPath, Task, critical_path};
pub use run::{End, Retry, Run, StepTime, Wait};

use std::io;
use std::path::{Path, PathBuf};

use cluster::state::write_atomically;

/// The name of the page, next to `events.jsonl`.
pub const PAGE: &str = "timings.html";

/// The page could not be written; the deployment is none the worse for it.
#[derive(Debug, thiserror::Error)]
pub enum TimingsError {
    /// The events cannot be read.
    #[error("cannot read {path} to show where the time went: {source}")]
    Read {
        /// `events.jsonl`.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The page cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The page.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Reads the last run from `events` and writes the page next to it. Gives its path; `None` when nothing ever ran.
///
/// # Errors
///
/// [`TimingsError`].
pub fn write(events: &Path) -> Result<Option<PathBuf>, TimingsError> {
    let run = Run::last(events).map_err(|source| TimingsError::Read {
        path: events.to_owned(),
        source,
    })?;
    let Some(run) = run else { return Ok(None) };
    let path = events.with_file_name(PAGE);
    let written = write_atomically(&path, page::render(&run).as_bytes());
    written.map_err(|source| TimingsError::Write {
        path: path.clone(),
        source,
    })?;
    Ok(Some(path))
}

#[cfg(test)]
mod tests;
