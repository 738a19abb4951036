//! When a PipelineRun, its tasks and its final tasks must have ended.

use std::time::Duration;

use jiff::Timestamp;
use konflux_api::tekton::Timeouts;

use crate::tekton::{Failure, duration};

/// The limits of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Of the whole run, from its start; `None` for no limit.
    pub(crate) pipeline: Option<Duration>,
    /// Of all tasks but the final ones, from the start of the run.
    pub(crate) tasks: Option<Duration>,
    /// Of the final tasks, from the start of the first of them.
    pub(crate) finally: Option<Duration>,
}

impl Limits {
    /// Reads the limits of a PipelineRun. The rest of the pipeline's limit is what the other part may take.
    pub(crate) fn of(timeouts: Option<&Timeouts>) -> Result<Self, Failure> {
        let invalid = |problem: String| {
            Failure::new(
                "PipelineValidationFailed",
                format!("spec.timeouts: {problem}"),
            )
        };
        let none = Timeouts::default();
        let timeouts = timeouts.unwrap_or(&none);
        let pipeline = duration::timeout(
            timeouts.pipeline.as_deref(),
            Some(duration::DEFAULT_TIMEOUT),
        )
        .map_err(invalid)?;
        let tasks = duration::timeout(timeouts.tasks.as_deref(), None).map_err(invalid)?;
        let finally = duration::timeout(timeouts.finally.as_deref(), None).map_err(invalid)?;
        if let Some(whole) = pipeline
            && tasks.unwrap_or_default() + finally.unwrap_or_default() > whole
        {
            return Err(invalid(format!(
                "tasks and finally take longer than pipeline, which is {}",
                duration::display(whole)
            )));
        }
        let rest = |other: Option<Duration>| {
            Some(pipeline?.saturating_sub(other?)).filter(|rest| !rest.is_zero())
        };
        Ok(Self {
            pipeline,
            tasks: tasks.or_else(|| rest(finally)),
            finally: finally.or_else(|| rest(tasks)),
        })
    }
}

/// The moment a limit is reached.
pub(crate) fn deadline(start: Timestamp, limit: Option<Duration>) -> Option<Timestamp> {
    start.checked_add(limit?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(
        pipeline: Option<&str>,
        tasks: Option<&str>,
        finally: Option<&str>,
    ) -> Result<Limits, Failure> {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let timeouts = Timeouts {
            pipeline: text(pipeline),
            tasks: text(tasks),
            finally: text(finally),
            ..Timeouts::default()
        };
        Limits::of(Some(&timeouts))
    }

    #[test]
    fn a_run_ends_after_an_hour_unless_told_otherwise() {
        assert_eq!(
            Limits::of(None).unwrap().pipeline,
            Some(Duration::from_secs(3600))
        );
        assert_eq!(limits(Some("0"), None, None).unwrap().pipeline, None);
    }

    #[test]
    fn what_one_part_leaves_is_for_the_other() {
        let limits = limits(Some("10m"), Some("7m"), None).unwrap();
        assert_eq!(limits.finally, Some(Duration::from_secs(180)));
    }

    #[test]
    fn parts_that_take_longer_than_the_whole_are_refused() {
        let failure = limits(Some("1m"), Some("50s"), Some("20s")).unwrap_err();
        assert!(failure.message.contains("1m0s"), "{failure}");
    }
}
