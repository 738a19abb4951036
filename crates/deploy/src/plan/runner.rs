//! Runs a plan: whatever has its prerequisites runs, at the same time as everything else that has.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::stream::{FuturesUnordered, StreamExt};

use super::{Outcome, Plan, Progress, Step, StepError};
use crate::events::{Event, Events};

/// How a plan ended.
#[derive(Debug, Default)]
pub struct Finished {
    /// Steps that are done, in the order in which they ended.
    pub done: Vec<&'static str>,
    /// Steps that changed something.
    pub changed: Vec<&'static str>,
    /// Steps that failed, with their errors.
    pub failed: Vec<(&'static str, StepError)>,
    /// Steps that were not run, with the reason.
    pub skipped: Vec<(&'static str, String)>,
}

impl Finished {
    /// Is every step done?
    #[must_use]
    pub fn complete(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty()
    }
}

/// Runs the plan. After a failure nothing new begins, unless `keep_going`: then only what needs the failed step stays.
pub async fn run<C: Sync>(
    plan: &Plan<C>,
    context: &C,
    events: &Events,
    keep_going: bool,
) -> Finished {
    for step in plan.steps() {
        events.tell(Event::Planned {
            step: step.name(),
            title: step.title(),
            needs: step.needs().to_vec(),
        });
    }
    let mut waiting: BTreeMap<usize, &dyn Step<C>> = plan.steps().enumerate().collect();
    let mut running = FuturesUnordered::new();
    let mut finished = Finished::default();
    loop {
        if finished.failed.is_empty() || keep_going {
            let done: BTreeSet<_> = finished.done.iter().copied().collect();
            let ready = |step: &&dyn Step<C>| step.needs().iter().all(|needs| done.contains(needs));
            let indices: Vec<usize> = waiting
                .iter()
                .filter(|(_, step)| ready(step))
                .map(|(index, _)| *index)
                .collect();
            for index in indices {
                running.extend(
                    waiting
                        .remove(&index)
                        .map(|step| run_step(step, context, events)),
                );
            }
        }
        let Some((step, result)) = running.next().await else {
            break;
        };
        match result {
            Ok(outcome) => {
                finished.done.push(step);
                if matches!(outcome, Outcome::Changed(_)) {
                    finished.changed.push(step);
                }
            }
            Err(error) => finished.failed.push((step, error)),
        }
    }
    for step in waiting.into_values() {
        let because = reason(step, &finished);
        events.tell(Event::Skipped {
            step: step.name(),
            because: because.clone(),
        });
        finished.skipped.push((step.name(), because));
    }
    finished
}

fn reason<C>(step: &dyn Step<C>, finished: &Finished) -> String {
    let missing = step
        .needs()
        .iter()
        .find(|needs| !finished.done.contains(needs));
    let failed = finished.failed.first().map_or("", |(name, _)| name);
    missing.map_or_else(
        || format!("{failed} failed"),
        |needs| format!("it needs {needs}, which is not done"),
    )
}

async fn run_step<C>(
    step: &dyn Step<C>,
    context: &C,
    events: &Events,
) -> (&'static str, Result<Outcome, StepError>)
where
    C: Sync,
{
    let name = step.name();
    events.tell(Event::Started { step: name });
    let begun = Instant::now();
    let progress = Progress::new(name, events.clone());
    let work = AssertUnwindSafe(step.run(context, &progress)).catch_unwind();
    let result = match tokio::time::timeout(step.limit(), work).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => Err(StepError::new(
            format!("finish step {name}"),
            "it panicked, which is a defect of this program",
        )),
        Err(_expired) => {
            let limit = step.limit().as_secs();
            Err(StepError::new(
                format!("finish step {name} within {limit} s"),
                format!("last seen: {}", progress.last_seen()),
            ))
        }
    };
    let elapsed = milliseconds(begun.elapsed());
    events.tell(match &result {
        Ok(Outcome::Unchanged) => Event::Done {
            step: name,
            changed: None,
            elapsed,
        },
        Ok(Outcome::Changed(what)) => Event::Done {
            step: name,
            changed: Some(what.clone()),
            elapsed,
        },
        Err(error) => Event::Failed {
            step: name,
            error: error.to_string(),
            elapsed,
        },
    });
    (name, result)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
