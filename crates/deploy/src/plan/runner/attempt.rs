//! One run of one step: its limit, its panic, its evidence, and what is told of it.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use crate::events::{Event, Events};
use crate::plan::finished::CutShort;
use crate::plan::{Conduct, Evidence, Outcome, Planned, Progress, Rule, Step, StepError, evidence};

/// A step that has begun.
#[derive(Clone)]
pub(super) struct Attempt {
    pub(super) step: &'static str,
    begun: Instant,
    /// Set when its work ended, so that collecting evidence does not count.
    worked: std::sync::Arc<std::sync::OnceLock<Duration>>,
    progress: Progress,
    events: Events,
}

/// How it ended.
pub(super) struct Ended {
    pub(super) index: usize,
    pub(super) result: Result<Outcome, StepError>,
    /// Was the run interrupted before the step's work ended?
    pub(super) interrupted: bool,
    pub(super) evidence: Option<Evidence>,
}

impl Attempt {
    pub(super) fn begin(
        step: &'static str,
        events: &Events,
        cancellation: &CancellationToken,
    ) -> Self {
        events.tell(Event::Started { step: step.into() });
        Self {
            step,
            begun: Instant::now(),
            worked: std::sync::Arc::default(),
            progress: Progress::cancellable(step, events.clone(), cancellation.child_token()),
            events: events.clone(),
        }
    }

    pub(super) fn last_seen(&self) -> String {
        self.progress.last_seen()
    }

    pub(super) fn tell_done(&self, outcome: &Outcome) {
        let changed = match outcome {
            Outcome::Unchanged => None,
            Outcome::Changed(what) => Some(what.clone()),
        };
        self.events.tell(Event::Done {
            step: self.step.into(),
            changed,
            elapsed: self.elapsed(),
        });
    }

    pub(super) fn tell_failed(&self, error: &StepError, evidence: Option<&Evidence>) {
        self.events.tell(Event::Failed {
            step: self.step.into(),
            error: error.to_string(),
            evidence: evidence.map(|evidence| evidence.folder().to_owned()),
            elapsed: self.elapsed(),
        });
    }

    pub(super) fn tell_interrupted(&self, seen: String) -> CutShort {
        self.events.tell(Event::Interrupted {
            step: self.step.into(),
            seen: seen.clone(),
            elapsed: self.elapsed(),
        });
        CutShort {
            step: self.step,
            seen,
        }
    }

    fn elapsed(&self) -> u64 {
        let elapsed = self.worked.get().copied();
        let elapsed = elapsed.unwrap_or_else(|| self.begun.elapsed());
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Runs the step within its limit; after a failure, lets it collect evidence.
pub(super) async fn make<C: Sync>(
    index: usize,
    planned: &Planned<C>,
    context: &C,
    attempt: Attempt,
    conduct: &Conduct,
) -> Ended {
    let step = planned.step.as_ref();
    let result = within_limit(step, planned.rule, context, &attempt.progress).await;
    let _set_once = attempt.worked.set(attempt.begun.elapsed());
    let interrupted = conduct.cancellation.is_cancelled();
    let evidence = match &result {
        // What was told to stop did not fail.
        Err(failure) if !interrupted => {
            if conduct.evidence.is_some() {
                attempt.progress.waiting("the evidence of its failure");
            }
            let collecting = evidence::collect(step, context, failure, conduct);
            // Whoever interrupts wants the end more than the evidence.
            let collected = conduct.cancellation.run_until_cancelled(collecting).await;
            collected.flatten()
        }
        _ => None,
    };
    Ended {
        index,
        result,
        interrupted,
        evidence,
    }
}

async fn within_limit<C: Sync>(
    step: &dyn Step<C>,
    rule: Rule,
    context: &C,
    progress: &Progress,
) -> Result<Outcome, StepError> {
    let name = step.name();
    let work = AssertUnwindSafe(step.run(context, progress)).catch_unwind();
    match tokio::time::timeout(rule.limit, work).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => Err(StepError::new(
            format!("finish step {name}"),
            "it panicked, which is a defect of this program",
        )),
        Err(_expired) => {
            let limit = rule.limit.as_secs();
            Err(StepError::new(
                format!("finish step {name} within {limit} s"),
                format!("last seen: {}", progress.last_seen()),
            ))
        }
    }
}
