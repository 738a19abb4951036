//! What comes next for a Release. Pure: conditions and PipelineRuns in, conditions and one action out.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use konflux_api::{
    konflux::{PipelineAttempt, PipelineInfo, Release, ReleaseStatus},
    tekton::{PipelineRun, RunCondition, succeeded},
};
use kube::ResourceExt;

use super::{
    conditions::{
        self, FINAL, MANAGED_COLLECTORS, Progress, RELEASED, TENANT_COLLECTORS, VALIDATED,
        has_ended, progress,
    },
    load::Loaded,
    phase::Phase,
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

/// Moves a Release on, in its status, as far as it goes without doing anything. `find` gives the PipelineRun of a phase.
pub(crate) fn advance<'a>(
    release: &Release,
    status: &mut ReleaseStatus,
    loaded: &Loaded,
    find: impl Fn(Phase) -> Option<&'a PipelineRun>,
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
        match validate(release, loaded, now.0) {
            Verdict::Wait { until } => return Action::WaitUntil(until),
            Verdict::Valid { author, standing } => valid(status, loaded, author, standing, now),
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
    for phase in Phase::ALL
        .into_iter()
        .filter(|phase| phase != &Phase::Final)
    {
        if let Some(action) = follow(phase, status, loaded, &find, now) {
            return action;
        }
    }
    if let Some(action) = follow(Phase::Final, status, loaded, &find, now) {
        return action;
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

fn valid(status: &mut ReleaseStatus, loaded: &Loaded, author: String, standing: bool, now: &Time) {
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
    status.target = loaded
        .plan
        .as_ref()
        .and_then(|plan| plan.spec.target.clone());
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
fn follow<'a>(
    phase: Phase,
    status: &mut ReleaseStatus,
    loaded: &Loaded,
    find: &impl Fn(Phase) -> Option<&'a PipelineRun>,
    now: &Time,
) -> Option<Action> {
    if has_ended(&status.conditions, phase.condition()) {
        return None;
    }
    let Some(run) = find(phase) else {
        return not_running(phase, status, loaded, now);
    };
    record_start(phase, status, run, now);
    conditions::set(
        &mut status.conditions,
        phase.condition(),
        Progress::Progressing,
        "",
        now,
    );
    let conditions = run
        .status
        .as_ref()
        .map_or(&[][..], |status| &status.conditions);
    let Some(condition) = succeeded(conditions).filter(|condition| condition.is_done()) else {
        if run.metadata.deletion_timestamp.is_some() {
            end(
                phase,
                status,
                Some("PipelineRun was deleted while still running"),
                None,
                now,
            );
            return None;
        }
        return Some(Action::Wait);
    };
    let message = condition.message.as_deref().unwrap_or_default();
    end(
        phase,
        status,
        (!condition.is_true()).then_some(message),
        Some(condition),
        now,
    );
    None
}

/// A phase without a PipelineRun: not begun, not wanted, or lost.
fn not_running(
    phase: Phase,
    status: &mut ReleaseStatus,
    loaded: &Loaded,
    now: &Time,
) -> Option<Action> {
    if progress(&status.conditions, phase.condition()) == Some(Progress::Progressing) {
        end(
            phase,
            status,
            Some("PipelineRun was deleted while still running"),
            None,
            now,
        );
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
        let problem = problem.to_owned();
        end(phase, status, Some(&problem), None, now);
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

fn record_start(phase: Phase, status: &mut ReleaseStatus, run: &PipelineRun, now: &Time) {
    let name = format!("{}/{}", run.namespace().unwrap_or_default(), run.name_any());
    let information = match phase {
        Phase::Tenant => status.tenant_processing.get_or_insert_default(),
        Phase::Final => status.final_processing.get_or_insert_default(),
        Phase::Managed => {
            if status.managed_pipeline_attempts.is_empty() {
                status.managed_pipeline_attempts.push(PipelineAttempt {
                    start_time: Some(now.clone()),
                    status: Some("Progressing".to_owned()),
                    ..PipelineAttempt::default()
                });
            }
            status.managed_pipeline_attempts[0].pipeline_run = Some(name);
            return;
        }
    };
    information.pipeline_run = Some(name);
    information.start_time.get_or_insert_with(|| now.clone());
}

/// The end of a phase; `problem` when it failed.
fn end(
    phase: Phase,
    status: &mut ReleaseStatus,
    problem: Option<&str>,
    condition: Option<&RunCondition>,
    now: &Time,
) {
    let progress = if problem.is_some() {
        Progress::Failed
    } else {
        Progress::Succeeded
    };
    conditions::set(
        &mut status.conditions,
        phase.condition(),
        progress,
        problem.unwrap_or_default(),
        now,
    );
    let complete = |information: &mut Option<PipelineInfo>| {
        if let Some(information) = information {
            information.completion_time = Some(now.clone());
        }
    };
    match phase {
        Phase::Tenant => complete(&mut status.tenant_processing),
        Phase::Final => complete(&mut status.final_processing),
        Phase::Managed => {
            if let Some(attempt) = status.managed_pipeline_attempts.first_mut() {
                attempt.completion_time = Some(now.clone());
                attempt.status = Some(
                    if problem.is_some() {
                        "Failed"
                    } else {
                        "Succeeded"
                    }
                    .to_owned(),
                );
                attempt.failure_reason = problem.map(|_| failure_reason(condition).to_owned());
            }
        }
    }
    if problem.is_some() && !has_failed(&status.conditions) {
        let message = format!("Release processing failed on {} pipelineRun", phase.name());
        fail(status, &message, now);
        status
            .validation
            .get_or_insert_default()
            .failed_post_validation = true;
    }
}

fn failure_reason(condition: Option<&RunCondition>) -> &'static str {
    match condition.and_then(|condition| condition.reason.as_deref()) {
        Some("PipelineRunTimeout") => "PipelineRunTimeout",
        _ => "Error",
    }
}

/// A phase whose PipelineRun cannot be made, however often it is tried.
pub(crate) fn cannot_start(phase: Phase, status: &mut ReleaseStatus, problem: &str, now: &Time) {
    conditions::set(
        &mut status.conditions,
        phase.condition(),
        Progress::Failed,
        problem,
        now,
    );
    fail(
        status,
        &format!(
            "Release processing failed on {} pipelineRun creation",
            phase.name()
        ),
        now,
    );
}

#[cfg(test)]
#[path = "progress_tests.rs"]
mod tests;
