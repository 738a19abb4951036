//! Where each task of a pipeline stands.

use std::collections::BTreeMap;

use konflux_api::{
    labels,
    tekton::{PipelineSpec, PipelineTask, TaskRun, TaskRunResult, WhenExpression, succeeded},
};
use kube::ResourceExt;

use super::{graph, variables::with_results};
use crate::tekton::{Failure, Variables};

/// Where one task stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State<'a> {
    /// Tasks before it have not ended.
    Waiting,
    /// It can start.
    Ready,
    /// Its TaskRun goes on.
    Running(&'a TaskRun),
    /// Its TaskRun ended well.
    Succeeded(&'a TaskRun),
    /// Its TaskRun failed, with all retries.
    Failed(&'a TaskRun),
    /// Its TaskRun was cancelled.
    Cancelled(&'a TaskRun),
    /// It will not run.
    Skipped(SkipReason),
}

/// Why a task will not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SkipReason {
    When,
    ParentSkipped,
    ResultsMissing,
    Stopping,
    GracefullyCancelled,
    GracefullyStopped,
    TasksTimeout,
    FinallyTimeout,
}

/// Tasks by name.
pub(crate) type States<'a> = BTreeMap<String, State<'a>>;

impl SkipReason {
    /// Tekton's words.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::When => "When Expressions evaluated to false",
            Self::ParentSkipped => "Parent Tasks were skipped",
            Self::ResultsMissing => "Results were missing",
            Self::Stopping => "PipelineRun was stopping",
            Self::GracefullyCancelled => "PipelineRun was gracefully cancelled",
            Self::GracefullyStopped => "PipelineRun was gracefully stopped",
            Self::TasksTimeout => "PipelineRun Tasks timeout has been reached",
            Self::FinallyTimeout => "PipelineRun Finally timeout has been reached",
        }
    }
}

impl<'a> State<'a> {
    /// Whether nothing will change any more.
    pub(crate) fn is_finished(&self) -> bool {
        !matches!(self, Self::Waiting | Self::Ready | Self::Running(_))
    }

    /// The TaskRun, if there is one.
    pub(crate) fn task_run(&self) -> Option<&'a TaskRun> {
        match self {
            Self::Running(run)
            | Self::Succeeded(run)
            | Self::Failed(run)
            | Self::Cancelled(run) => Some(run),
            Self::Waiting | Self::Ready | Self::Skipped(_) => None,
        }
    }

    /// The results of a task that ended well.
    pub(crate) fn results(&self) -> &'a [TaskRunResult] {
        match self {
            Self::Succeeded(run) => run.status.as_ref().map_or(&[], |status| &status.results),
            _ => &[],
        }
    }

    /// The word for `$(tasks.<task>.status)`.
    pub(crate) fn status_word(&self) -> &'static str {
        match self {
            Self::Succeeded(_) => "Succeeded",
            Self::Failed(_) | Self::Cancelled(_) => "Failed",
            _ => "None",
        }
    }

    fn of(run: &'a TaskRun) -> Self {
        let conditions = run
            .status
            .as_ref()
            .map_or(&[][..], |status| &status.conditions);
        match succeeded(conditions).filter(|condition| condition.is_done()) {
            None => Self::Running(run),
            Some(condition) if condition.is_true() => Self::Succeeded(run),
            Some(condition) if condition.reason.as_deref() == Some("TaskRunCancelled") => {
                Self::Cancelled(run)
            }
            Some(_) => Self::Failed(run),
        }
    }
}

/// The TaskRun of a task.
fn task_run_of<'a>(task: &PipelineTask, task_runs: &'a [TaskRun]) -> Option<&'a TaskRun> {
    task_runs
        .iter()
        .find(|run| run.labels().get(labels::TEKTON_PIPELINE_TASK) == Some(&task.name))
}

/// Where every task but the final ones stands.
pub(crate) fn tasks<'a>(
    pipeline: &PipelineSpec,
    task_runs: &'a [TaskRun],
    halt: Option<SkipReason>,
    variables: &Variables,
) -> Result<States<'a>, Failure> {
    let order = graph::order(&pipeline.tasks)?;
    let parents = graph::parents(&pipeline.tasks);
    let mut states = States::new();
    for task in &order {
        let state = task_run_of(task, task_runs).map_or(State::Waiting, State::of);
        states.insert(task.name.clone(), state);
    }
    let stopping = states
        .values()
        .any(|state| matches!(state, State::Failed(_) | State::Cancelled(_)));
    let halt = halt.or(stopping.then_some(SkipReason::Stopping));
    for task in order
        .into_iter()
        .filter(|task| task_run_of(task, task_runs).is_none())
    {
        let parent_states: Vec<&State<'_>> = parents[task.name.as_str()]
            .iter()
            .filter_map(|parent| states.get(parent))
            .collect();
        let state = if let Some(reason) = halt {
            State::Skipped(reason)
        } else if !parent_states.iter().all(|state| state.is_finished()) {
            State::Waiting
        } else if parent_states
            .iter()
            .any(|state| matches!(state, State::Skipped(reason) if *reason != SkipReason::When))
        {
            State::Skipped(SkipReason::ParentSkipped)
        } else {
            startable(task, &states, variables, false)?
        };
        states.insert(task.name.clone(), state);
    }
    Ok(states)
}

/// Where every final task stands, given that all others have ended.
pub(crate) fn finally<'a>(
    pipeline: &PipelineSpec,
    task_runs: &'a [TaskRun],
    tasks: &States<'a>,
    halt: Option<SkipReason>,
    variables: &Variables,
) -> Result<States<'a>, Failure> {
    let state = |task: &PipelineTask| match (task_run_of(task, task_runs), halt) {
        (Some(run), _) => Ok(State::of(run)),
        (None, Some(reason)) => Ok(State::Skipped(reason)),
        (None, None) => startable(task, tasks, variables, true),
    };
    pipeline
        .finally
        .iter()
        .map(|task| Ok((task.name.clone(), state(task)?)))
        .collect()
}

/// Whether a task whose parents have ended can start.
fn startable(
    task: &PipelineTask,
    states: &States<'_>,
    variables: &Variables,
    is_final: bool,
) -> Result<State<'static>, Failure> {
    for reference in graph::result_references(task) {
        match states.get(&reference.task) {
            Some(state @ State::Succeeded(_))
                if state
                    .results()
                    .iter()
                    .all(|result| result.name != reference.result) =>
            {
                if is_final {
                    return Ok(State::Skipped(SkipReason::ResultsMissing));
                }
                let message = format!(
                    "the task {:?} needs the result {:?} of {:?}, which succeeded without writing it",
                    task.name, reference.result, reference.task
                );
                return Err(Failure::new("InvalidTaskResultReference", message));
            }
            Some(State::Succeeded(_)) => {}
            _ => return Ok(State::Skipped(SkipReason::ResultsMissing)),
        }
    }
    let variables = with_results(variables.clone(), states, task, is_final);
    let holds = task
        .when
        .iter()
        .map(|when| holds(when, &variables))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(if holds.into_iter().all(|holds| holds) {
        State::Ready
    } else {
        State::Skipped(SkipReason::When)
    })
}

fn holds(when: &WhenExpression, variables: &Variables) -> Result<bool, Failure> {
    let failure = |error: crate::tekton::variables::VariableError| {
        Failure::new("PipelineValidationFailed", error.to_string())
    };
    let input = variables.text(&when.input).map_err(failure)?;
    let found = variables
        .list(&when.values)
        .map_err(failure)?
        .contains(&input);
    Ok(found == (when.operator == "in"))
}
