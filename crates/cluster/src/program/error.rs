//! Why a program gave no usable output.

use std::io;
use std::time::Duration;

/// A program could not be run, or did not end well. `command` is what can be pasted into a shell, without secrets.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// There is no such program.
    #[error("`{program}` was not found{place}: {advice}")]
    NotFound {
        /// The program's name or path.
        program: String,
        /// Where it was looked for, as a fragment.
        place: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// The operating system could not start it, or reading from it failed.
    #[error("cannot run `{command}`: {source}")]
    Run {
        /// The command.
        command: String,
        /// What the system said.
        source: io::Error,
    },
    /// It ended with an error.
    #[error("`{command}` failed ({status}){tail}")]
    Failed {
        /// The command.
        command: String,
        /// How it ended, for example `exit 1` or `signal 9`.
        status: String,
        /// The last lines that it wrote.
        tail: Tail,
    },
    /// It did not end in time and was killed with everything that it had started.
    #[error("`{command}` did not end within {}{tail}", Seconds(*limit))]
    TimedOut {
        /// The command.
        command: String,
        /// The time it had.
        limit: Duration,
        /// The last lines that it wrote.
        tail: Tail,
    },
    /// The wait for it was given up, and it was killed with everything that it had started.
    #[error("`{command}` was interrupted{tail}")]
    Cancelled {
        /// The command.
        command: String,
        /// The last lines that it wrote.
        tail: Tail,
    },
    /// It ended well, but with more or other output than anybody can use.
    #[error("`{command}` wrote {problem}; is this the right program?")]
    Unusable {
        /// The command.
        command: String,
        /// What is wrong with the output, as a fragment.
        problem: String,
    },
}

impl ProgramError {
    /// The last lines that the program wrote, empty where it wrote none or none may be shown.
    #[must_use]
    pub fn tail(&self) -> &str {
        match self {
            Self::Failed { tail, .. }
            | Self::TimedOut { tail, .. }
            | Self::Cancelled { tail, .. } => tail.lines(),
            Self::NotFound { .. } | Self::Run { .. } | Self::Unusable { .. } => "",
        }
    }
}

/// The last lines that a program wrote, as the end of an error's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail(pub(super) String);

impl Tail {
    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Tail {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str(" and wrote nothing");
        }
        formatter.write_str("; it wrote:")?;
        for line in self.0.lines() {
            write!(formatter, "\n    {line}")?;
        }
        Ok(())
    }
}

struct Seconds(Duration);

impl std::fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.subsec_nanos() == 0 {
            write!(formatter, "{} s", self.0.as_secs())
        } else {
            write!(formatter, "{} ms", self.0.as_millis())
        }
    }
}
