//! A TaskRun from its first try to its final status.

use std::time::Duration;

use konflux_api::tekton::{TaskRun, TaskRunStatus};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    attempt::attempt,
    outcome::{CANCELLED, Outcome},
    pod, status, task_ref,
};
use crate::{api, context::Context, error::ReconcileError, options::StepEnvironment};

/// The pauses before an API request that failed is made again; the last one repeats.
const PAUSES_IN_MILLISECONDS: [u64; 6] = [50, 200, 500, 1000, 2000, 5000];

/// One TaskRun that this process executes.
pub(crate) struct Execution {
    pub(crate) context: Context,
    pub(crate) steps: StepEnvironment,
    pub(crate) task_run: TaskRun,
    pub(crate) cancelled: CancellationToken,
}

impl Execution {
    /// Runs the TaskRun and writes its status. `interrupted` says that an earlier process had begun it.
    ///
    /// Ends early, without a word in the status, when the TaskRun is deleted or this process shuts down.
    pub(crate) async fn run(mut self, interrupted: bool) {
        let mut pauses = PAUSES_IN_MILLISECONDS
            .into_iter()
            .chain(std::iter::repeat(5000));
        let mut last_outcome = None;
        if interrupted {
            let pod = self.status().pod_name;
            if let Some(pod) = pod {
                pod::abandon(&self.context, &self.task_run, &pod).await;
            }
            last_outcome = Some(Outcome::interrupted());
        }
        loop {
            let error = match self.advance(&mut last_outcome).await {
                Ok(true) => return,
                Ok(false) => continue,
                Err(ReconcileError::Api(error)) if api::is_not_found(&error) => return,
                Err(error) => error,
            };
            if self.context.shutdown.is_cancelled() {
                return;
            }
            tracing::warn!(task_run = self.task_run.name_any(), %error, "executing a TaskRun; trying again");
            let pause = Duration::from_millis(pauses.next().unwrap_or(5000));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.context.shutdown.cancelled() => return,
            }
        }
    }

    /// Makes a try, or writes down how the last one ended. `true` when the TaskRun has ended.
    async fn advance(
        &mut self,
        last_outcome: &mut Option<Outcome>,
    ) -> Result<bool, ReconcileError> {
        let Some(outcome) = last_outcome else {
            *last_outcome = Some(self.try_once().await?);
            return Ok(false);
        };
        if self.context.shutdown.is_cancelled() {
            return Ok(true);
        }
        let (name, now) = (self.task_run.name_any(), api::now());
        let status = self.status();
        let retries = self.task_run.spec.retries.unwrap_or(0) as usize;
        if outcome.may_be_retried() && status.retries_status.len() < retries {
            let mut earlier: Vec<Value> = status
                .retries_status
                .iter()
                .map(|status| json!(status))
                .collect();
            earlier.push(self.ended_try(&status, outcome));
            let patch = status::to_be_retried(&status.conditions, &outcome.message, &earlier, &now);
            self.task_run = api::merge_status(&self.api(), &name, patch).await?;
            *last_outcome = None;
            return Ok(false);
        }
        if outcome.reason == CANCELLED {
            let current = self.api().get(&name).await?;
            outcome.message = cancellation_message(&current);
        }
        let patch = status::finished(
            &status.conditions,
            outcome,
            status.start_time.as_ref(),
            &now,
        );
        self.task_run = api::merge_status(&self.api(), &name, patch).await?;
        Ok(true)
    }

    async fn try_once(&mut self) -> Result<Outcome, ReconcileError> {
        let task = match task_ref::resolve(&self.context, &self.task_run).await? {
            Ok(task) => task,
            Err(failure) => return Ok(failure.into()),
        };
        let retry = self.status().retries_status.len();
        let outcome = attempt(
            &self.context,
            &self.steps,
            &self.task_run,
            &task,
            retry,
            &self.cancelled,
        )
        .await?;
        if outcome.pod_name.is_some() {
            // The try has written the status of a running TaskRun.
            self.task_run = self.api().get(&self.task_run.name_any()).await?;
        }
        Ok(outcome)
    }

    /// The entry of `retriesStatus` for a try that failed.
    fn ended_try(&self, status: &TaskRunStatus, outcome: &Outcome) -> Value {
        let mut entry = status::finished(&[], outcome, status.start_time.as_ref(), &api::now());
        entry["podName"] = json!(outcome.pod_name);
        entry["startTime"] = json!(status.start_time);
        entry
    }

    fn status(&self) -> TaskRunStatus {
        self.task_run.status.clone().unwrap_or_default()
    }

    fn api(&self) -> Api<TaskRun> {
        Api::namespaced(
            self.context.client.clone(),
            &self.task_run.namespace().unwrap_or_default(),
        )
    }
}

/// Tekton's sentence about a cancelled TaskRun, with the reason that whoever cancelled it gave.
pub(crate) fn cancellation_message(task_run: &TaskRun) -> String {
    let why = task_run.spec.status_message.as_deref().unwrap_or_default();
    format!("TaskRun {:?} was cancelled. {why}", task_run.name_any())
        .trim_end()
        .to_owned()
}
