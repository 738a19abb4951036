//! Builds that failed: are the reasons where a person looks for them?

use super::FailedTask;
use crate::{Failure, Verdict};

/// A build that failed, with everything it says about the reason.
#[derive(Debug)]
pub struct FailedBuild {
    pub(super) object: String,
    pub(super) reason: String,
    pub(super) message: String,
    pub(super) tasks: Vec<FailedTask>,
    pub(super) snapshot: Option<String>,
}

impl FailedBuild {
    /// Checks that the PipelineRun has this reason.
    ///
    /// # Errors
    ///
    /// It has another one.
    pub fn has_reason(&self, reason: &str) -> Verdict {
        if self.reason == reason {
            return Ok(());
        }
        let seen = format!("its reason is {:?}", self.reason);
        Err(Failure::Unexpected {
            object: self.object.clone(),
            expected: format!("reason {reason:?}"),
            seen,
        })
    }

    /// Checks that the PipelineRun's own message has these words.
    ///
    /// # Errors
    ///
    /// It has not.
    pub fn says(&self, words: &str) -> Verdict {
        self.check(
            words,
            "its message",
            self.message.contains(words),
            &self.message,
        )
    }

    /// Checks that a failed task's message or log has these words.
    ///
    /// # Errors
    ///
    /// None has.
    pub fn explains(&self, words: &str) -> Verdict {
        let tasks = self
            .tasks
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n");
        self.check(
            words,
            "a failed task's message or log",
            tasks.contains(words),
            &tasks,
        )
    }

    /// Checks that no Snapshot was made of the failed build.
    ///
    /// # Errors
    ///
    /// One was.
    pub fn has_no_snapshot(&self) -> Verdict {
        match &self.snapshot {
            None => Ok(()),
            Some(snapshot) => Err(Failure::Unexpected {
                object: self.object.clone(),
                expected: "no Snapshot of a failed build".to_owned(),
                seen: format!("it is annotated with Snapshot {snapshot}"),
            }),
        }
    }

    fn check(&self, words: &str, place: &str, found: bool, seen: &str) -> Verdict {
        if found {
            return Ok(());
        }
        let expected = format!("{words:?} in {place}");
        let seen = if seen.is_empty() {
            "there is nothing".to_owned()
        } else {
            format!("it says:\n{seen}")
        };
        Err(Failure::Unexpected {
            object: self.object.clone(),
            expected,
            seen,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_build_is_held_to_its_words() {
        let failed = FailedBuild {
            object: "PipelineRun shop/web".to_owned(),
            reason: "Failed".to_owned(),
            message: "Tasks Completed: 2 (Failed: 1, Cancelled 0), Skipped: 1".to_owned(),
            tasks: Vec::new(),
            snapshot: Some("shop-1".to_owned()),
        };
        failed.has_reason("Failed").unwrap();
        failed.says("Failed: 1").unwrap();
        assert!(failed.has_reason("Cancelled").is_err());
        insta::assert_snapshot!(failed.explains("line 3").unwrap_err(), @r#"PipelineRun shop/web: expected "line 3" in a failed task's message or log, but there is nothing"#);
        insta::assert_snapshot!(failed.has_no_snapshot().unwrap_err(), @"PipelineRun shop/web: expected no Snapshot of a failed build, but it is annotated with Snapshot shop-1");
    }
}
