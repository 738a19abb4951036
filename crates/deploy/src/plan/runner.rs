//! Runs a plan: whatever has its prerequisites runs, at the same time as everything else that has.

mod attempt;
mod schedule;

use std::collections::BTreeMap;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use self::attempt::{Attempt, Ended};
use self::schedule::Schedule;
use super::finished::{CutShort, Finished, Interruption, StepFailure};
use super::{Conduct, Outcome, Plan};
use crate::events::{Event, Events};

/// Runs the plan. After a failure nothing new begins, unless `keep_going`: then only what needs the failed step stays. After a cancellation
/// nothing new begins either, and what runs and has not ended within the grace is dropped where it waits.
pub async fn run<C: Sync>(
    plan: &Plan<C>,
    context: &C,
    events: &Events,
    conduct: &Conduct,
) -> Finished {
    for (step, _) in plan.steps() {
        events.tell(Event::Planned {
            step: step.name().into(),
            title: step.title().into(),
            needs: step.needs().iter().map(|name| (*name).into()).collect(),
        });
    }
    let mut schedule = Schedule::new(plan);
    let mut finished = Finished::default();
    let mut running = FuturesUnordered::new();
    let mut attempts: BTreeMap<usize, Attempt> = BTreeMap::new();
    let mut cut_short = Vec::new();
    let mut deadline: Option<Instant> = None;
    loop {
        if conduct.cancellation.is_cancelled() {
            deadline.get_or_insert_with(|| Instant::now() + conduct.grace);
        }
        let may_begin = deadline.is_none() && (finished.failed.is_empty() || conduct.keep_going);
        if may_begin {
            for index in schedule.take_ready() {
                let planned = &plan.steps[index];
                let attempt = Attempt::begin(planned.step.name(), events, &conduct.cancellation);
                running.push(attempt::make(
                    index,
                    planned,
                    context,
                    attempt.clone(),
                    conduct,
                ));
                attempts.insert(index, attempt);
            }
        }
        tokio::select! {
            biased;
            () = conduct.cancellation.cancelled(), if deadline.is_none() => {}
            next = running.next() => {
                let Some(Ended { index, result, interrupted, evidence }) = next else { break };
                let Some(attempt) = attempts.remove(&index) else { continue };
                match result {
                    Ok(outcome) => {
                        attempt.tell_done(&outcome);
                        schedule.done(index);
                        finished.done.push(attempt.step);
                        if matches!(outcome, Outcome::Changed(_)) {
                            finished.changed.push(attempt.step);
                        }
                    }
                    // A step that was told to stop and says that it did has not failed.
                    Err(error) if interrupted => {
                        cut_short.push(attempt.tell_interrupted(error.to_string()));
                    }
                    Err(error) => {
                        attempt.tell_failed(&error, evidence.as_ref());
                        finished.failed.push(StepFailure { step: attempt.step, error, evidence });
                    }
                }
            }
            () = reached(deadline) => {
                cut_short.extend(attempts.values().map(|attempt| attempt.tell_interrupted(attempt.last_seen())));
                break;
            }
        }
    }
    drop(running);
    conclude(&schedule, events, deadline.is_some(), cut_short, finished)
}

/// Ends at the deadline; without one, never.
async fn reached(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Says of what never began why not, and what an interruption left.
fn conclude<C>(
    schedule: &Schedule<'_, C>,
    events: &Events,
    interrupted: bool,
    cut_short: Vec<CutShort>,
    mut finished: Finished,
) -> Finished {
    let mut not_begun = Vec::new();
    for step in schedule.not_begun() {
        let because = if interrupted {
            not_begun.push(step.name());
            "the run was interrupted".to_owned()
        } else {
            let missing = step
                .needs()
                .iter()
                .find(|needs| !finished.done.contains(needs));
            let failed = finished.failed.first().map_or("", |failure| failure.step);
            missing.map_or_else(
                || format!("{failed} failed"),
                |needs| format!("it needs {needs}, which is not done"),
            )
        };
        events.tell(Event::Skipped {
            step: step.name().into(),
            because: because.clone(),
        });
        finished.skipped.push((step.name(), because));
    }
    // An interruption that came when everything was as good as done changes nothing.
    if interrupted && !(cut_short.is_empty() && not_begun.is_empty()) {
        finished.interrupted = Some(Interruption {
            cut_short,
            not_begun,
        });
    }
    finished
}

#[cfg(test)]
mod tests;
