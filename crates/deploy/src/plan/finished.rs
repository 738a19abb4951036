//! How a run of a plan ended.

use std::fmt;

use super::{Evidence, StepError};

/// How a plan ended.
#[derive(Debug, Default)]
pub struct Finished {
    /// Steps that are done, in the order in which they ended.
    pub done: Vec<&'static str>,
    /// Steps that changed something.
    pub changed: Vec<&'static str>,
    /// Steps that failed.
    pub failed: Vec<StepFailure>,
    /// Steps that were not run, with the reason.
    pub skipped: Vec<(&'static str, String)>,
    /// What an interruption left undone, if there was one and it left something.
    pub interrupted: Option<Interruption>,
}

/// A step that failed, and what tells why.
#[derive(Debug)]
pub struct StepFailure {
    /// The step.
    pub step: &'static str,
    /// The whole sentence.
    pub error: StepError,
    /// What the step collected; a step that offers none has none.
    pub evidence: Option<Evidence>,
}

/// What an interruption left undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interruption {
    /// Steps that had begun and did not come to a good end.
    pub cut_short: Vec<CutShort>,
    /// Steps that had not begun.
    pub not_begun: Vec<&'static str>,
}

/// A step that an interruption ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutShort {
    /// The step.
    pub step: &'static str,
    /// What it was doing, or what it said when it was told to stop.
    pub seen: String,
}

impl Finished {
    /// Is every step done?
    #[must_use]
    pub fn complete(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty() && self.interrupted.is_none()
    }
}

/// The sentence, then the most telling lines, then where all of it is.
impl fmt::Display for StepFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "step {} failed: {}", self.step, self.error)?;
        match &self.evidence {
            Some(evidence) => write!(formatter, "\n{evidence}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Interruption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("interrupted")?;
        for CutShort { step, seen } in &self.cut_short {
            write!(formatter, "\n  cut short  {step}, which saw: {seen}")?;
        }
        if !self.not_begun.is_empty() {
            write!(formatter, "\n  not begun  {}", self.not_begun.join(", "))?;
        }
        Ok(())
    }
}
