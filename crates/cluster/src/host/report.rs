//! All checks of one examination, as people and programs read them.

use std::fmt;

use serde::Serialize;

use super::check::{Check, Verdict};

/// Version of the JSON form. It changes when a field is removed or changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// Text is written for terminals of this width; commands are never broken.
const WIDTH: usize = 80;
/// Where the words of a check begin.
const INDENT: usize = 25;
/// Where a command begins: further left, because it is never broken and a terminal would.
const COMMAND_INDENT: usize = 9;

/// What an examination of the host found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    schema_version: u32,
    verdict: Verdict,
    checks: Vec<Check>,
}

impl Report {
    /// A report of these checks, in this order.
    #[must_use]
    pub fn new(checks: Vec<Check>) -> Self {
        let mut report = Self {
            schema_version: SCHEMA_VERSION,
            verdict: Verdict::Pass,
            checks,
        };
        report.judge();
        report
    }

    /// Adds a check that somebody else made, at the end.
    pub fn add(&mut self, check: Check) {
        self.checks.push(check);
        self.judge();
    }

    /// Every check, in the order in which it is shown.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The checks that failed: what the host lacks.
    pub fn failed(&self) -> impl Iterator<Item = &Check> {
        self.checks
            .iter()
            .filter(|check| check.verdict == Verdict::Fail)
    }

    /// The worst verdict of all. A skipped check alone makes nothing worse.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    fn judge(&mut self) {
        let worst = self.checks.iter().map(|check| check.verdict).max();
        self.verdict = match worst {
            None | Some(Verdict::Skipped) => Verdict::Pass,
            Some(worst) => worst,
        };
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.checks
            .iter()
            .filter(|check| check.verdict == verdict)
            .count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alike = |one: &Check, other: &Check| {
            one.verdict == Verdict::Skipped
                && other.verdict == Verdict::Skipped
                && one.seen == other.seen
        };
        for checks in self.checks.chunk_by(alike) {
            match checks {
                [check] => writeln!(formatter, "{check}")?,
                checks => writeln!(formatter, "{}", together(checks))?,
            }
        }
        let plural = |count: usize, one: &str, more: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {more}"),
        };
        write!(
            formatter,
            "\n{} failed, {}, {} passed, {} skipped",
            self.count(Verdict::Fail),
            plural(self.count(Verdict::Warn), "warning", "warnings"),
            self.count(Verdict::Pass),
            self.count(Verdict::Skipped),
        )
    }
}

/// Checks that were skipped for one reason, as one.
fn together(checks: &[Check]) -> Check {
    let names: Vec<&str> = checks.iter().map(|check| check.name.as_ref()).collect();
    let seen = checks.first().map_or("", |check| check.seen.as_str());
    Check::skipped(
        format!("{} checks", checks.len()),
        "",
        format!("{seen}: {}", names.join(", ")),
    )
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = format!("{:<8} {:<16}", self.verdict, self.name);
        let rest = " ".repeat(INDENT);
        formatter.write_str(&paragraph(&self.seen, &head, &rest))?;
        let Some(remedy) = &self.remedy else {
            return Ok(());
        };
        let (first, rest) = (format!("{rest}-> "), format!("{rest}   "));
        write!(formatter, "\n{}", paragraph(&remedy.advice, &first, &rest))?;
        for line in remedy.command.iter().flat_map(|command| command.lines()) {
            write!(formatter, "\n{:COMMAND_INDENT$}$ {line}", "")?;
        }
        Ok(())
    }
}

fn paragraph(text: &str, first: &str, rest: &str) -> String {
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

#[cfg(test)]
mod tests {
    use super::super::check::Remedy;
    use super::*;

    fn one_of_each() -> Report {
        Report::new(vec![
            Check::pass(
                "engine",
                "Docker 28.2.2 answers at /var/run/docker.sock (the default socket)",
            ),
            Check::warn(
                "memory",
                "the engine has 9.0 GiB, and KIND_MEMORY_GB asks for 8 of them",
                Remedy::advice(
                    "leave 4 GiB for everything else, or ask for less with KIND_MEMORY_GB",
                ),
            ),
            Check::fail(
                "inotify",
                "fs.inotify.max_user_instances is 128, and a full Konflux needs 512",
                Remedy::command(
                    "raise it until the next boot",
                    "sudo sysctl -w fs.inotify.max_user_instances=512",
                ),
            ),
            Check::skipped(
                "process-limit",
                "podman",
                "only Podman limits the processes of a node",
            ),
        ])
    }

    #[test]
    fn the_text_fits_80_columns_and_never_breaks_a_command() {
        insta::assert_snapshot!(one_of_each());
    }

    #[test]
    fn the_json_form_keeps_its_fields() {
        insta::assert_json_snapshot!(one_of_each());
    }

    #[test]
    fn the_worst_verdict_counts_and_a_skipped_check_is_no_flaw() {
        assert_eq!(one_of_each().verdict(), Verdict::Fail);
        let mut report = Report::new(vec![Check::skipped("a", "podman", "")]);
        assert_eq!(report.verdict(), Verdict::Pass);
        report.add(Check::unknown("b", "no answer"));
        assert_eq!(report.verdict(), Verdict::Warn);
        assert_eq!(report.failed().count(), 0);
    }
}
