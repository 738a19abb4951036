//! The condition of a PipelineRun.

use konflux_api::tekton::{PipelineSpec, succeeded};

use super::schedule::{State, States};

/// A condition without its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) status: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

impl Verdict {
    pub(crate) fn new(
        status: &'static str,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            reason,
            message: message.into(),
        }
    }
}

#[derive(Default)]
struct Counts {
    succeeded: usize,
    failed: usize,
    cancelled: usize,
    skipped: usize,
    incomplete: usize,
}

impl Counts {
    fn of(states: &States<'_>) -> Self {
        let mut counts = Self::default();
        for state in states.values() {
            match state {
                State::Succeeded(_) => counts.succeeded += 1,
                State::Failed(_) => counts.failed += 1,
                State::Cancelled(_) => counts.cancelled += 1,
                State::Skipped(_) => counts.skipped += 1,
                State::Waiting | State::Ready | State::Running(_) => counts.incomplete += 1,
            }
        }
        counts
    }

    fn completed(&self) -> usize {
        self.succeeded + self.failed + self.cancelled
    }
}

/// The condition while tasks run. `states` are those of all tasks, final ones included.
pub(crate) fn running(states: &States<'_>, reason: &'static str) -> Verdict {
    let counts = Counts::of(states);
    let message = format!(
        "Tasks Completed: {} (Failed: {}, Cancelled {}), Incomplete: {}, Skipped: {}",
        counts.completed(),
        counts.failed,
        counts.cancelled,
        counts.incomplete,
        counts.skipped,
    );
    Verdict::new("Unknown", reason, message)
}

/// The condition when all tasks have ended. Tekton's message only counts; ours also says which task failed, and why.
pub(crate) fn ended(pipeline: &PipelineSpec, states: &States<'_>) -> Verdict {
    let counts = Counts::of(states);
    let mut message = format!(
        "Tasks Completed: {} (Failed: {}, Cancelled {}), Skipped: {}",
        counts.completed(),
        counts.failed,
        counts.cancelled,
        counts.skipped,
    );
    for task in pipeline.tasks.iter().chain(&pipeline.finally) {
        if let Some(State::Failed(run)) = states.get(&task.name) {
            let conditions = run
                .status
                .as_ref()
                .map_or(&[][..], |status| &status.conditions);
            let why = succeeded(conditions)
                .and_then(|condition| condition.message.as_deref())
                .unwrap_or("no reason given");
            message.push_str(&format!("; task {:?} failed: {why}", task.name));
        }
    }
    if counts.failed > 0 {
        Verdict::new("False", "Failed", message)
    } else if counts.cancelled > 0 {
        Verdict::new("False", "Cancelled", message)
    } else if counts.skipped > 0 {
        Verdict::new("True", "Completed", message)
    } else {
        Verdict::new("True", "Succeeded", message)
    }
}
