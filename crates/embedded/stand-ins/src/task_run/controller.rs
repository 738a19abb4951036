//! Starts, cancels and takes up TaskRuns.

use std::{pin::pin, sync::Arc};

use futures::StreamExt;
use konflux_api::tekton::{TaskRun, succeeded};
use kube::{
    Api, ResourceExt,
    runtime::{
        WatchStreamExt,
        controller::{Action, Controller},
        watcher::{self, Event, watcher},
    },
};

use super::{
    execution::{Execution, cancellation_message},
    outcome::{CANCELLED, Outcome},
    running::Running,
    status,
};
use crate::{api, context::Context, control, error::ReconcileError, options::StepEnvironment};

struct State {
    context: Context,
    steps: StepEnvironment,
    running: Running,
}

/// Executes the TaskRuns of all namespaces, until shutdown.
pub(crate) async fn run(context: Context, steps: StepEnvironment) {
    let task_runs: Api<TaskRun> = Api::all(context.client.clone());
    let running = Running::default();
    let deletions = cancel_deleted(task_runs.clone(), running.clone());
    let state = Arc::new(State {
        context: context.clone(),
        steps,
        running,
    });
    let reconciliations = Controller::new(task_runs, watcher::Config::default())
        .with_config(control::config())
        .graceful_shutdown_on(context.shutdown.clone().cancelled_owned())
        .run(reconcile, control::retry_later, state)
        .for_each(async |result| control::log("TaskRun", result));
    // The watch for deletions never ends by itself.
    tokio::select! {
        () = reconciliations => {}
        () = deletions => {}
    }
}

/// Ends the executions of TaskRuns that are deleted; a controller does not hear of them.
async fn cancel_deleted(task_runs: Api<TaskRun>, running: Running) {
    let mut events = pin!(watcher(task_runs, watcher::Config::default()).default_backoff());
    while let Some(event) = events.next().await {
        if let Ok(Event::Delete(deleted)) = event {
            running.cancel(&deleted.uid().unwrap_or_default());
        }
    }
}

async fn reconcile(observed: Arc<TaskRun>, state: Arc<State>) -> Result<Action, ReconcileError> {
    let namespace = observed
        .namespace()
        .ok_or(ReconcileError::Incomplete("namespace"))?;
    let uid = observed.uid().ok_or(ReconcileError::Incomplete("uid"))?;
    let task_runs: Api<TaskRun> = Api::namespaced(state.context.client.clone(), &namespace);
    if state.running.contains(&uid) {
        if observed.spec.status.as_deref() == Some(CANCELLED) {
            state.running.cancel(&uid);
        }
        return Ok(Action::await_change());
    }
    let Some(task_run) = task_runs
        .get_opt(&observed.name_any())
        .await?
        .filter(|found| found.uid() == Some(uid.clone()))
    else {
        return Ok(Action::await_change());
    };
    let current = task_run.status.clone().unwrap_or_default();
    let condition = succeeded(&current.conditions);
    if task_run.metadata.deletion_timestamp.is_some()
        || condition.is_some_and(|condition| condition.is_done())
    {
        return Ok(Action::await_change());
    }
    if task_run.spec.status.as_deref() == Some(CANCELLED) {
        let outcome = Outcome::failure(CANCELLED, cancellation_message(&task_run));
        let patch = status::finished(
            &current.conditions,
            &outcome,
            current.start_time.as_ref(),
            &api::now(),
        );
        api::merge_status(&task_runs, &task_run.name_any(), patch).await?;
        return Ok(Action::await_change());
    }
    if let Some(cancelled) = state.running.begin(&uid, &state.context.shutdown) {
        let execution = Execution {
            context: state.context.clone(),
            steps: state.steps.clone(),
            task_run,
            cancelled,
        };
        let running = state.running.clone();
        let interrupted = current.start_time.is_some();
        tokio::spawn(async move {
            execution.run(interrupted).await;
            running.end(&uid);
        });
    }
    Ok(Action::await_change())
}
