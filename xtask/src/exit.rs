//! Exit codes, the same for every command.

use std::process::ExitCode;

/// What a command's exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// It ran and failed.
    Failed = 1,
    /// Wrong use or settings.
    WrongUse = 2,
    /// The host lacks something named.
    HostLacks = 3,
    /// Nothing ran.
    NothingRan = 4,
}

/// A command that did not end well.
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) error: anyhow::Error,
}

/// The table for `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  it ran and failed: a step, a scenario, an unhealthy part, a check that said no
  2  wrong use or settings; nothing was changed
  3  the host lacks something, which is named
  4  nothing ran: no scenario matched, nothing to give credentials for";

impl Exit {
    /// Makes an error end the command with this code.
    pub(crate) fn with(self, error: impl Into<anyhow::Error>) -> Failure {
        Failure {
            exit: self,
            error: error.into(),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
