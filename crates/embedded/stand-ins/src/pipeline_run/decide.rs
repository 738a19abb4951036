//! From what is observed of a PipelineRun to what has to happen next. Pure: the same observation, the same decision.

use std::collections::BTreeMap;

use jiff::Timestamp;
use konflux_api::tekton::{
    ChildReference, ParamValue, PipelineRun, PipelineRunResult, PipelineSpec, SkippedTask, TaskRun,
};
use kube::ResourceExt;

use super::{
    deadline::{Limits, deadline},
    results,
    schedule::{self, SkipReason, State, States},
    summary::{self, Verdict},
    task_run::Template,
    variables,
};
use crate::tekton::{Failure, duration};

/// What is observed.
pub(crate) struct Observed<'a> {
    pub(crate) run: &'a PipelineRun,
    pub(crate) pipeline: &'a PipelineSpec,
    pub(crate) params: &'a BTreeMap<String, ParamValue>,
    pub(crate) task_runs: &'a [TaskRun],
    pub(crate) started: Timestamp,
    pub(crate) finally_started: Option<Timestamp>,
    pub(crate) now: Timestamp,
}

/// What has to happen.
#[derive(Debug)]
pub(crate) struct Decision {
    /// TaskRuns to create.
    pub(crate) create: Vec<TaskRun>,
    /// TaskRuns to cancel, by name, with the reason for each.
    pub(crate) cancel: Vec<(String, String)>,
    /// The condition of the run.
    pub(crate) verdict: Verdict,
    /// Whether the final tasks have begun.
    pub(crate) finally_started: bool,
    pub(crate) children: Vec<ChildReference>,
    pub(crate) skipped: Vec<SkippedTask>,
    /// Results, when the run has ended.
    pub(crate) results: Vec<PipelineRunResult>,
    /// When to look again although nothing changes: the next limit.
    pub(crate) look_again: Option<Timestamp>,
}

/// How a user or a limit wants the run to end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    None,
    CancelRunFinally,
    StopRunFinally,
    TasksTimeout,
}

/// Decides about a run that has started and has not ended.
pub(crate) fn decide(observed: &Observed<'_>) -> Result<Decision, Failure> {
    let limits = Limits::of(observed.run.spec.timeouts.as_ref())?;
    let name = observed.run.name_any();
    let expired = |limit: Option<Timestamp>| limit.is_some_and(|limit| observed.now >= limit);
    let pipeline_deadline = deadline(observed.started, limits.pipeline);
    if observed.run.spec.status.as_deref() == Some("Cancelled") {
        let verdict = Verdict::new(
            "False",
            "Cancelled",
            format!("PipelineRun {name:?} was cancelled"),
        );
        return observed.end_now(verdict, "");
    }
    if expired(pipeline_deadline) {
        let limit = limits.pipeline.map(duration::display).unwrap_or_default();
        let message = format!("PipelineRun {name:?} failed to finish within {limit:?}");
        let verdict = Verdict::new("False", "PipelineRunTimeout", message);
        return observed.end_now(
            verdict,
            "TaskRun cancelled as the PipelineRun it belongs to has timed out.",
        );
    }

    let tasks_deadline = deadline(observed.started, limits.tasks);
    let finally_deadline = observed
        .finally_started
        .and_then(|started| deadline(started, limits.finally));
    let ending = match observed.run.spec.status.as_deref() {
        Some("CancelledRunFinally") => Ending::CancelRunFinally,
        Some("StoppedRunFinally") => Ending::StopRunFinally,
        _ if expired(tasks_deadline) => Ending::TasksTimeout,
        _ => Ending::None,
    };
    let halt = match ending {
        Ending::None => None,
        Ending::CancelRunFinally => Some(SkipReason::GracefullyCancelled),
        Ending::StopRunFinally => Some(SkipReason::GracefullyStopped),
        Ending::TasksTimeout => Some(SkipReason::TasksTimeout),
    };
    let variables = variables::of_run(observed.run, observed.pipeline, observed.params);
    let states = schedule::tasks(observed.pipeline, observed.task_runs, halt, &variables)?;
    let tasks_ended = states.values().all(State::is_finished);
    let finally_halt = expired(finally_deadline).then_some(SkipReason::FinallyTimeout);
    let final_states = if tasks_ended {
        schedule::finally(
            observed.pipeline,
            observed.task_runs,
            &states,
            finally_halt,
            &variables,
        )?
    } else {
        observed
            .pipeline
            .finally
            .iter()
            .map(|task| (task.name.clone(), State::Waiting))
            .collect()
    };

    let template = Template {
        run: observed.run,
        params: observed.params,
        variables: &variables,
        states: &states,
        limits,
    };
    let ready = |states: &States<'_>, name: &str| states.get(name) == Some(&State::Ready);
    let mut create = Vec::new();
    for task in observed
        .pipeline
        .tasks
        .iter()
        .filter(|task| ready(&states, &task.name))
    {
        create.push(template.task_run(task, false)?);
    }
    for task in observed
        .pipeline
        .finally
        .iter()
        .filter(|task| ready(&final_states, &task.name))
    {
        create.push(template.task_run(task, true)?);
    }
    let mut cancel = Vec::new();
    if matches!(ending, Ending::CancelRunFinally | Ending::TasksTimeout) {
        cancel.extend(cancellations(
            &states,
            "TaskRun cancelled as its PipelineRun runs its final tasks only.",
        ));
    }
    if finally_halt.is_some() {
        cancel.extend(cancellations(
            &final_states,
            "TaskRun cancelled as the final tasks have timed out.",
        ));
    }

    let mut all = states.clone();
    all.extend(final_states.clone());
    let ended = all.values().all(State::is_finished);
    let (verdict, results) = if ended {
        let verdict = observed.ended(&all, ending, finally_halt, limits);
        (
            verdict,
            results::collect(observed.pipeline, &all, &variables)?,
        )
    } else {
        (
            summary::running(&all, running_reason(ending, &all)),
            Vec::new(),
        )
    };
    let deadlines = [pipeline_deadline, tasks_deadline, finally_deadline]
        .into_iter()
        .flatten();
    Ok(Decision {
        finally_started: tasks_ended
            && final_states
                .values()
                .any(|state| !matches!(state, State::Skipped(_))),
        children: observed.children(&all, &create),
        skipped: observed.skipped(&all),
        look_again: (!ended)
            .then(|| deadlines.filter(|deadline| *deadline > observed.now).min())
            .flatten(),
        create,
        cancel,
        verdict,
        results,
    })
}

fn running_reason(ending: Ending, states: &States<'_>) -> &'static str {
    match ending {
        Ending::CancelRunFinally => "CancelledRunningFinally",
        Ending::StopRunFinally => "StoppedRunningFinally",
        Ending::TasksTimeout => "PipelineRunTimeoutRunningFinally",
        Ending::None
            if states
                .values()
                .any(|state| matches!(state, State::Failed(_) | State::Cancelled(_))) =>
        {
            "PipelineRunStopping"
        }
        Ending::None => "Running",
    }
}

fn cancellations(states: &States<'_>, why: &str) -> Vec<(String, String)> {
    let running = states
        .values()
        .filter(|state| matches!(state, State::Running(_)));
    let running = running
        .filter_map(State::task_run)
        .filter(|run| run.spec.status.is_none());
    running
        .map(|run| (run.name_any(), why.to_owned()))
        .collect()
}

impl Observed<'_> {
    /// Ends the run without waiting for anything: what runs is cancelled, what has not begun does not begin.
    fn end_now(&self, verdict: Verdict, why: &str) -> Result<Decision, Failure> {
        let variables = variables::of_run(self.run, self.pipeline, self.params);
        let states = schedule::tasks(
            self.pipeline,
            self.task_runs,
            Some(SkipReason::Stopping),
            &variables,
        )?;
        let final_states = schedule::finally(
            self.pipeline,
            self.task_runs,
            &states,
            Some(SkipReason::Stopping),
            &variables,
        )?;
        let mut all = states;
        all.extend(final_states);
        Ok(Decision {
            create: Vec::new(),
            cancel: cancellations(&all, why),
            verdict,
            finally_started: false,
            children: self.children(&all, &[]),
            skipped: Vec::new(),
            results: results::collect(self.pipeline, &all, &variables).unwrap_or_default(),
            look_again: None,
        })
    }

    fn ended(
        &self,
        states: &States<'_>,
        ending: Ending,
        finally_halt: Option<SkipReason>,
        limits: Limits,
    ) -> Verdict {
        let name = self.run.name_any();
        let verdict = summary::ended(self.pipeline, states);
        let timed_out = |part: &str, limit: Option<std::time::Duration>| {
            let limit = limit.map(duration::display).unwrap_or_default();
            let message = format!(
                "PipelineRun {name:?} failed due to {part} failed to finish within {limit:?}; {}",
                verdict.message
            );
            Verdict::new("False", "PipelineRunTimeout", message)
        };
        let was_skipped = |wanted: SkipReason| {
            states
                .values()
                .any(|state| *state == State::Skipped(wanted))
        };
        let was_cancelled = states
            .values()
            .any(|state| matches!(state, State::Cancelled(_)));
        match ending {
            _ if finally_halt.is_some()
                && (was_skipped(SkipReason::FinallyTimeout) || was_cancelled) =>
            {
                timed_out("finally", limits.finally)
            }
            Ending::TasksTimeout if was_skipped(SkipReason::TasksTimeout) || was_cancelled => {
                timed_out("tasks", limits.tasks)
            }
            Ending::CancelRunFinally => Verdict::new("False", "Cancelled", verdict.message),
            Ending::StopRunFinally if was_skipped(SkipReason::GracefullyStopped) => {
                Verdict::new("False", "Cancelled", verdict.message)
            }
            _ => verdict,
        }
    }

    fn children(&self, states: &States<'_>, created: &[TaskRun]) -> Vec<ChildReference> {
        let tasks = self.pipeline.tasks.iter().chain(&self.pipeline.finally);
        let child = |task: &konflux_api::tekton::PipelineTask| {
            let existing = states
                .get(&task.name)
                .and_then(State::task_run)
                .map(ResourceExt::name_any);
            let name = super::task_run::name(self.run, task);
            let name = existing.or_else(|| {
                created
                    .iter()
                    .any(|run| run.name_any() == name)
                    .then_some(name)
            })?;
            Some(ChildReference {
                api_version: Some("tekton.dev/v1".to_owned()),
                kind: Some("TaskRun".to_owned()),
                name,
                display_name: task.display_name.clone(),
                pipeline_task_name: Some(task.name.clone()),
                when_expressions: task.when.clone(),
            })
        };
        tasks.filter_map(child).collect()
    }

    fn skipped(&self, states: &States<'_>) -> Vec<SkippedTask> {
        let tasks = self.pipeline.tasks.iter().chain(&self.pipeline.finally);
        let skipped = |task: &konflux_api::tekton::PipelineTask| match states.get(&task.name) {
            Some(State::Skipped(reason)) => Some(SkippedTask {
                name: task.name.clone(),
                reason: reason.text().to_owned(),
                when_expressions: if *reason == SkipReason::When {
                    task.when.clone()
                } else {
                    Vec::new()
                },
            }),
            _ => None,
        };
        tasks.filter_map(skipped).collect()
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
