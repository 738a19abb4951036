//! One try of a TaskRun: prepare, run the steps one after the other, read the results.

use std::{path::PathBuf, time::Duration};

use jiff::Timestamp;
use konflux_api::tekton::{StepState, TaskRun, TaskRunResult, TaskSpec};
use kube::{Api, ResourceExt, runtime::events::EventType};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    identity, orphans,
    outcome::{CANCELLED, Outcome, TIMED_OUT},
    plan::{self, TaskPlan},
    plan_step::StepPlan,
    pod,
    prepare::{Preparation, PreparedStep},
    process::{self, Exit},
    status,
};
use crate::{
    api,
    context::Context,
    error::ReconcileError,
    options::StepEnvironment,
    tekton::{Failure, duration, results},
};

/// How much of a failed step's log goes into the message of its TaskRun.
const TAIL_BYTES: usize = 1024;
const TAIL_LINES: usize = 10;

/// Runs one try. An error means that nothing was run yet and that the same try can be made again.
pub(crate) async fn attempt(
    context: &Context,
    steps: &StepEnvironment,
    task_run: &TaskRun,
    task: &TaskSpec,
    retry: usize,
    cancelled: &CancellationToken,
) -> Result<Outcome, ReconcileError> {
    let planned = plan::plan(task_run, task, retry)
        .and_then(|plan| Ok((plan, plan::timeout(&task_run.spec)?)));
    let (plan, limit) = match planned {
        Ok(planned) => planned,
        Err(failure) => return Ok(failure.into()),
    };
    let began = Instant::now();
    let namespace = task_run
        .namespace()
        .ok_or(ReconcileError::Incomplete("namespace"))?;
    let account = task_run
        .spec
        .service_account_name
        .as_deref()
        .unwrap_or("default");
    let identity = match identity::of(context, &namespace, account).await? {
        Ok(identity) => identity,
        Err(failure) => return Ok(failure.into()),
    };
    if !identity.missing_secrets.is_empty() {
        let secrets = identity.missing_secrets.join(", ");
        let note = format!(
            "Unable to retrieve some secrets ({secrets}); attempting to use them may not succeed."
        );
        context
            .record(task_run, EventType::Warning, "FailedToRetrieveSecret", note)
            .await;
    }
    let pod_name = pod::name(&task_run.name_any(), retry);
    let root = orphans::runs_directory(steps)
        .join(task_run.uid().ok_or(ReconcileError::Incomplete("uid"))?);
    let log_directory = steps.logs_dir.join(&namespace).join(&pod_name);
    let preparation = Preparation {
        context,
        environment: steps,
        namespace: &namespace,
        log_directory: &log_directory,
    };
    let prepared = match preparation.prepare(root, &plan, &identity).await? {
        Ok(prepared) => prepared,
        Err(failure) => return Ok(failure.into()),
    };
    drop(identity);

    let now = api::now();
    pod::create(context, task_run, &pod_name, &plan.steps, &now).await?;
    let previous = task_run
        .status
        .as_ref()
        .map(|status| status.conditions.clone())
        .unwrap_or_default();
    let task_runs: Api<TaskRun> = Api::namespaced(context.client.clone(), &namespace);
    let running = status::running(&previous, task, &pod_name, &plan.steps, &now);
    api::merge_status(&task_runs, &task_run.name_any(), running).await?;

    let deadline = limit.map(|limit| (began + limit, limit));
    let mut runner = Runner {
        root: prepared.root.clone(),
        deadline,
        cancelled,
        name: task_run.name_any(),
    };
    let (mut outcome, states) = runner.run(prepared.steps, &plan).await;
    let read = read_results(&plan, &prepared.results);
    match read {
        Ok(results) => outcome.results = results,
        Err(failure) if outcome.succeeded => outcome = failure.into(),
        Err(failure) => tracing::debug!(%failure, "results of a failed TaskRun"),
    }
    pod::finish(context, task_run, &pod_name, &plan.steps, &states).await;
    outcome.steps = states;
    outcome.pod_name = Some(pod_name);
    Ok(outcome)
}

struct Runner<'a> {
    root: PathBuf,
    deadline: Option<(Instant, Duration)>,
    cancelled: &'a CancellationToken,
    name: String,
}

impl Runner<'_> {
    /// Runs the steps until one fails; the ones after it are skipped.
    async fn run(
        &mut self,
        prepared: Vec<PreparedStep>,
        plan: &TaskPlan,
    ) -> (Outcome, Vec<StepState>) {
        let mut states = Vec::with_capacity(plan.steps.len());
        for (step, prepared) in plan.steps.iter().zip(prepared) {
            let started = Timestamp::now();
            let log = prepared.log.clone();
            let exit = match self.run_step(step, prepared).await {
                Ok(exit) => exit,
                Err(failure) => {
                    states.push(status::ended_step(step, Exit::Code(128), started));
                    states.extend(
                        plan.steps
                            .iter()
                            .skip(states.len())
                            .map(status::skipped_step),
                    );
                    return (failure.into(), states);
                }
            };
            states.push(status::ended_step(step, exit, started));
            if let Some(outcome) = self.judge(step, exit, &log) {
                states.extend(
                    plan.steps
                        .iter()
                        .skip(states.len())
                        .map(status::skipped_step),
                );
                return (outcome, states);
            }
        }
        (Outcome::success(), states)
    }

    async fn run_step(&self, step: &StepPlan, prepared: PreparedStep) -> Result<Exit, Failure> {
        let remaining = self
            .deadline
            .map(|(deadline, _)| deadline.saturating_duration_since(Instant::now()));
        let limit = [remaining, step.timeout].into_iter().flatten().min();
        let note = |id| orphans::note_process(&self.root, id);
        process::run(prepared.command, limit, self.cancelled, note).await.map_err(|error| {
            let message = format!("step {:?} cannot be started on this host: {error}; is the probe command right?", step.name);
            Failure::new("TaskRunImagePullFailed", message)
        })
    }

    /// The end of the run, if this step decides it.
    fn judge(&self, step: &StepPlan, exit: Exit, log: &std::path::Path) -> Option<Outcome> {
        match exit {
            Exit::Code(0) => None,
            Exit::Code(_) if step.continue_on_error => None,
            Exit::Code(code) => {
                let message = format!(
                    "{:?} exited with code {code}: {}",
                    step.container,
                    super::log::tail(log, TAIL_BYTES, TAIL_LINES)
                );
                Some(Outcome::failure("Failed", message))
            }
            Exit::Cancelled => Some(Outcome::failure(
                CANCELLED,
                format!("TaskRun {:?} was cancelled.", self.name),
            )),
            Exit::TimedOut => Some(match self.deadline {
                Some((deadline, limit)) if Instant::now() >= deadline => {
                    let message = format!(
                        "TaskRun {:?} failed to finish within {:?}",
                        self.name,
                        duration::display(limit)
                    );
                    Outcome::failure(TIMED_OUT, message)
                }
                _ => {
                    let message = format!(
                        "{:?} exited because the step exceeded the specified timeout limit",
                        step.container
                    );
                    Outcome::failure("Failed", message)
                }
            }),
        }
    }
}

fn read_results(
    plan: &TaskPlan,
    directory: &std::path::Path,
) -> Result<Vec<TaskRunResult>, Failure> {
    let mut contents = Vec::new();
    for declared in &plan.results {
        match std::fs::read(directory.join(&declared.name)) {
            Ok(content) => {
                contents.push((declared, String::from_utf8_lossy(&content).into_owned()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Failure::new(
                    "TaskRunValidationFailed",
                    format!("cannot read the result {}: {error}", declared.name),
                ));
            }
        }
    }
    let sizes: Vec<(String, String)> = contents
        .iter()
        .map(|(declared, content)| (declared.name.clone(), content.clone()))
        .collect();
    results::check_size(&sizes)?;
    contents
        .into_iter()
        .map(|(declared, content)| results::parse(declared, content))
        .collect()
}
