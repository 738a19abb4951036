//! One judgement of the host: what was looked at, the verdict, what was seen and what to do.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// How a check ended, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was looked at and is as it should be.
    Pass,
    /// It was not looked at, because something else is missing.
    Skipped,
    /// It works for now, or nobody could tell. Never hides a failure.
    Warn,
    /// A Kind cluster cannot be had, or cannot do its work, before this is mended.
    Fail,
}

/// What mends a check that did not pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// What to do, as a lowercase fragment.
    pub advice: Cow<'static, str>,
    /// A command to paste. This program never runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// One check with its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at; a stable name for programs.
    pub name: Cow<'static, str>,
    /// How it ended.
    pub verdict: Verdict,
    /// What was seen, as a lowercase fragment.
    pub seen: String,
    /// What to do about it; nothing where nothing is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
    /// The need whose absence made this check impossible; only of skipped checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Cow<'static, str>>,
}

impl Remedy {
    /// Something that no single command does.
    pub fn advice(advice: impl Into<Cow<'static, str>>) -> Self {
        Self {
            advice: advice.into(),
            command: None,
        }
    }

    /// Something that a command does.
    pub fn command(advice: impl Into<Cow<'static, str>>, command: impl Into<String>) -> Self {
        Self {
            advice: advice.into(),
            command: Some(command.into()),
        }
    }
}

impl Check {
    /// All is well.
    pub fn pass(name: impl Into<Cow<'static, str>>, seen: impl Into<String>) -> Self {
        Self::new(name, Verdict::Pass, seen, None)
    }

    /// It works, and could be better.
    pub fn warn(
        name: impl Into<Cow<'static, str>>,
        seen: impl Into<String>,
        remedy: Remedy,
    ) -> Self {
        Self::new(name, Verdict::Warn, seen, Some(remedy))
    }

    /// It cannot work like this.
    pub fn fail(
        name: impl Into<Cow<'static, str>>,
        seen: impl Into<String>,
        remedy: Remedy,
    ) -> Self {
        Self::new(name, Verdict::Fail, seen, Some(remedy))
    }

    /// Nobody could tell: a warning that says so, because not knowing is no pass.
    pub fn unknown(name: impl Into<Cow<'static, str>>, why: impl fmt::Display) -> Self {
        Self::new(name, Verdict::Warn, format!("could not tell: {why}"), None)
    }

    /// Not looked at, because `missing` is not there.
    pub fn skipped(
        name: impl Into<Cow<'static, str>>,
        missing: impl Into<Cow<'static, str>>,
        seen: impl Into<String>,
    ) -> Self {
        Self {
            missing: Some(missing.into()),
            ..Self::new(name, Verdict::Skipped, seen, None)
        }
    }

    fn new(
        name: impl Into<Cow<'static, str>>,
        verdict: Verdict,
        seen: impl Into<String>,
        remedy: Option<Remedy>,
    ) -> Self {
        Self {
            name: name.into(),
            verdict,
            seen: seen.into(),
            remedy,
            missing: None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Pass => "pass",
            Self::Skipped => "skipped",
            Self::Warn => "warn",
            Self::Fail => "fail",
        })
    }
}
