//! What comes next for a Release. Pure: conditions and PipelineRuns in, conditions and one action out.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use konflux_api::{
    konflux::{Release, ReleaseStatus},
    tekton::succeeded,
};

use super::{
    conditions::{
        self, FINAL, MANAGED_COLLECTORS, Progress, RELEASED, TENANT_COLLECTORS, VALIDATED,
        has_ended, progress,
    },
    failure::{Failure, Place},
    load::Loaded,
    observed::Runs,
    phase::Phase,
    record,
    validation::{Verdict, validate},
};

/// What has to be done before the next look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Wait for a change.
    Wait,
    /// Wait for a change, or until that moment.
    WaitUntil(Timestamp),
    /// Make the PipelineRun of a phase.
    Start(Phase),
    /// The Release has ended.
    End,
}

/// Moves a Release on, in its status, as far as it goes without doing anything.
pub(crate) fn advance(
    release: &Release,
    status: &mut ReleaseStatus,
    loaded: &Loaded,
    runs: &Runs,
    now: &Time,
) -> Action {
    if progress(&status.conditions, RELEASED).is_none() {
        status.start_time = Some(now.clone());
        conditions::set(
            &mut status.conditions,
            RELEASED,
            Progress::Progressing,
            "",
            now,
        );
    }
    if !has_ended(&status.conditions, VALIDATED) {
        let plan = loaded.plan.as_ref();
        status.target = plan.and_then(|plan| plan.spec.target.clone());
        match validate(release, loaded, now.0) {
            Verdict::Wait { until } => return Action::WaitUntil(until),
            Verdict::Valid { author, standing } => valid(status, author, standing, now),
            Verdict::Invalid(problem) => {
                conditions::set(
                    &mut status.conditions,
                    VALIDATED,
                    Progress::Failed,
                    &problem,
                    now,
                );
                fail(status, "Release validation failed", now);
            }
        }
        status.validation.get_or_insert_default().time = Some(now.clone());
        for collectors in [TENANT_COLLECTORS, MANAGED_COLLECTORS] {
            conditions::set(
                &mut status.conditions,
                collectors,
                Progress::Skipped,
                "",
                now,
            );
        }
    }
    for phase in Phase::ALL {
        if let Some(action) = follow(phase, status, release, loaded, runs, now) {
            return action;
        }
    }
    if progress(&status.conditions, RELEASED) == Some(Progress::Progressing) {
        conditions::set(
            &mut status.conditions,
            RELEASED,
            Progress::Succeeded,
            "",
            now,
        );
    }
    status.completion_time.get_or_insert_with(|| now.clone());
    Action::End
}

fn valid(status: &mut ReleaseStatus, author: String, standing: bool, now: &Time) {
    conditions::set(
        &mut status.conditions,
        VALIDATED,
        Progress::Succeeded,
        "",
        now,
    );
    let attribution = status.attribution.get_or_insert_default();
    attribution.author = Some(author);
    attribution.standing_authorization = standing.then_some(true);
}

fn fail(status: &mut ReleaseStatus, message: &str, now: &Time) {
    conditions::set(
        &mut status.conditions,
        RELEASED,
        Progress::Failed,
        message,
        now,
    );
}

fn has_failed(conditions: &[Condition]) -> bool {
    progress(conditions, RELEASED) == Some(Progress::Failed)
}

/// Moves one phase on. `None` when it has ended.
fn follow(
    phase: Phase,
    status: &mut ReleaseStatus,
    release: &Release,
    loaded: &Loaded,
    runs: &Runs,
    now: &Time,
) -> Option<Action> {
    if has_ended(&status.conditions, phase.condition()) {
        return None;
    }
    let Some(run) = runs.of(phase) else {
        return not_running(phase, status, loaded, now);
    };
    record::start(phase, status, release, run, now);
    let run_status = run.status.as_ref();
    let condition = run_status.and_then(|status| succeeded(&status.conditions));
    let failure = match condition.filter(|condition| condition.is_done()) {
        None if run.metadata.deletion_timestamp.is_none() => return Some(Action::Wait),
        None => Some(deleted()),
        Some(condition) if condition.is_true() => None,
        Some(_) if phase == Phase::Managed => Some(
            Failure::of_run(run, &runs.task_runs).without_retry(loaded.admission.as_ref().ok()),
        ),
        Some(_) => Some(Failure::of_run(run, &[])),
    };
    record::end(phase, status, failure.as_ref(), now);
    None
}

fn deleted() -> Failure {
    Failure::new(
        Place::PipelineRun,
        "PipelineRun was deleted while still running",
    )
}

/// A phase without a PipelineRun: not begun, not wanted, or lost.
fn not_running(
    phase: Phase,
    status: &mut ReleaseStatus,
    loaded: &Loaded,
    now: &Time,
) -> Option<Action> {
    if progress(&status.conditions, phase.condition()) == Some(Progress::Progressing) {
        record::end(phase, status, Some(&deleted()), now);
        return None;
    }
    if has_failed(&status.conditions) && phase.condition() != FINAL {
        conditions::set(
            &mut status.conditions,
            phase.condition(),
            Progress::Skipped,
            "",
            now,
        );
        return None;
    }
    if let Some(problem) = phase.obstacle(loaded) {
        let failure = Failure::new(Place::PipelineRun, problem);
        record::end(phase, status, Some(&failure), now);
        return None;
    }
    if phase.pipeline(loaded).is_none() {
        conditions::set(
            &mut status.conditions,
            phase.condition(),
            Progress::Skipped,
            "",
            now,
        );
        return None;
    }
    Some(Action::Start(phase))
}

#[cfg(test)]
#[path = "progress_tests.rs"]
mod tests;
