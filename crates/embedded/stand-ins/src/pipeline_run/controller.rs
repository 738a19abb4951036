//! Carries out what [`super::decide`] decides.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use jiff::Timestamp;
use k8s_openapi::{api::core::v1::PersistentVolumeClaim, apimachinery::pkg::apis::meta::v1::Time};
use konflux_api::{
    labels,
    tekton::{PipelineRun, PipelineRunStatus, PipelineSpec, TaskRun, succeeded},
};
use kube::{
    Api, ResourceExt,
    api::ListParams,
    runtime::{
        controller::{Action, Controller},
        events::EventType,
        watcher,
    },
};
use serde_json::{Value, json};

use super::{
    bindings,
    decide::{Decision, Observed, decide},
    pipeline_ref,
    summary::Verdict,
    task_run::pipeline_name,
    validate::validate,
};
use crate::{
    api,
    context::Context,
    control,
    error::ReconcileError,
    tekton::{Failure, condition::succeeded_condition, params},
};

/// Runs the PipelineRuns of all namespaces, until shutdown.
pub(crate) async fn run(context: Context) {
    let runs: Api<PipelineRun> = Api::all(context.client.clone());
    let task_runs: Api<TaskRun> = Api::all(context.client.clone());
    Controller::new(runs, watcher::Config::default())
        .owns(task_runs, watcher::Config::default())
        .with_config(control::config())
        .graceful_shutdown_on(context.shutdown.clone().cancelled_owned())
        .run(reconcile, control::retry_later, Arc::new(context))
        .for_each(async |result| control::log("PipelineRun", result))
        .await;
}

struct Reconciliation<'a> {
    context: &'a Context,
    run: PipelineRun,
    status: PipelineRunStatus,
    namespace: String,
    now: Time,
}

async fn reconcile(
    observed: Arc<PipelineRun>,
    context: Arc<Context>,
) -> Result<Action, ReconcileError> {
    let namespace = observed
        .namespace()
        .ok_or(ReconcileError::Incomplete("namespace"))?;
    let runs: Api<PipelineRun> = Api::namespaced(context.client.clone(), &namespace);
    let Some(run) = runs.get_opt(&observed.name_any()).await? else {
        return Ok(Action::await_change());
    };
    let status = run.status.clone().unwrap_or_default();
    let is_done = succeeded(&status.conditions).is_some_and(|condition| condition.is_done());
    if is_done || run.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change());
    }
    Reconciliation {
        context: &context,
        run,
        status,
        namespace,
        now: api::now(),
    }
    .advance()
    .await
}

impl Reconciliation<'_> {
    async fn advance(&self) -> Result<Action, ReconcileError> {
        if self.run.spec.status.as_deref() == Some("PipelineRunPending") {
            let message = format!("PipelineRun {:?} is pending", self.run.name_any());
            self.write_status(
                &Verdict::new("Unknown", "PipelineRunPending", message),
                json!({}),
            )
            .await?;
            return Ok(Action::await_change());
        }
        let outcome = match pipeline_ref::resolve(self.context, &self.run).await? {
            Ok(pipeline) => self.follow(&pipeline).await?,
            Err(failure) => Err(failure),
        };
        match outcome {
            Ok(action) => Ok(action),
            Err(failure) => {
                self.cancel_all().await?;
                let start = self
                    .status
                    .start_time
                    .clone()
                    .unwrap_or_else(|| self.now.clone());
                let ended = json!({"startTime": start, "completionTime": self.now});
                self.write_status(
                    &Verdict::new("False", failure.reason, failure.message),
                    ended,
                )
                .await?;
                Ok(Action::await_change())
            }
        }
    }

    async fn follow(
        &self,
        pipeline: &PipelineSpec,
    ) -> Result<Result<Action, Failure>, ReconcileError> {
        let name = self.run.name_any();
        let checked = validate(&self.run, pipeline).and_then(|()| {
            params::resolve(
                &pipeline.params,
                &self.run.spec.params,
                &format!("pipeline of {name}"),
            )
        });
        let params = match checked {
            Ok(params) => params,
            Err(failure) => return Ok(Err(failure)),
        };
        if self.status.start_time.is_none()
            && let Err(failure) = self.begin().await?
        {
            return Ok(Err(failure));
        }
        let started = self.status.start_time.as_ref().unwrap_or(&self.now).0;
        let task_runs = self.task_runs().await?;
        let decided = decide(&Observed {
            run: &self.run,
            pipeline,
            params: &params,
            task_runs: &task_runs,
            started,
            finally_started: self.status.finally_start_time.as_ref().map(|time| time.0),
            now: self.now.0,
        });
        let decision = match decided {
            Ok(decision) => decision,
            Err(failure) => return Ok(Err(failure)),
        };
        let api = self.task_run_api();
        for task_run in &decision.create {
            match api::create_if_absent(&api, task_run).await {
                Ok(_) => {}
                Err(error) if api::is_permanent(&error) => {
                    let message = format!(
                        "the TaskRun {} cannot be created: {error}",
                        task_run.name_any()
                    );
                    return Ok(Err(Failure::new("CreateRunFailed", message)));
                }
                Err(error) => return Err(error.into()),
            }
        }
        for (task_run, why) in &decision.cancel {
            self.cancel(&api, task_run, why).await?;
        }
        self.write_status(&decision.verdict, self.status_of(&decision, pipeline))
            .await?;
        Ok(Ok(wait_until(decision.look_again, self.now.0)))
    }

    /// What is done once, before the first task: the label of the pipeline, and the claims.
    async fn begin(&self) -> Result<Result<(), Failure>, ReconcileError> {
        if !self.run.labels().contains_key(labels::TEKTON_PIPELINE) {
            let label = json!({"metadata": {"labels": {labels::TEKTON_PIPELINE: pipeline_name(&self.run)}}});
            api::merge(&self.api(), &self.run.name_any(), &label).await?;
        }
        let claims: Api<PersistentVolumeClaim> =
            Api::namespaced(self.context.client.clone(), &self.namespace);
        for claim in bindings::claims(&self.run) {
            match api::create_if_absent(&claims, &claim).await {
                Ok(_) => {}
                Err(error) if api::is_permanent(&error) => {
                    let message = format!(
                        "the PersistentVolumeClaim {} cannot be created: {error}",
                        claim.name_any()
                    );
                    return Ok(Err(Failure::new("CreateRunFailed", message)));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Ok(()))
    }

    fn status_of(&self, decision: &Decision, pipeline: &PipelineSpec) -> Value {
        let mut status = json!({
            "startTime": self.status.start_time.as_ref().unwrap_or(&self.now),
            "childReferences": decision.children,
            "skippedTasks": decision.skipped,
        });
        if self.status.pipeline_spec.is_none() {
            status["pipelineSpec"] = json!(pipeline);
        }
        if decision.finally_started && self.status.finally_start_time.is_none() {
            status["finallyStartTime"] = json!(self.now);
        }
        if decision.verdict.status != "Unknown" {
            status["completionTime"] = json!(self.now);
            status["results"] = json!(decision.results);
        }
        status
    }

    /// Writes the status if it says anything new.
    async fn write_status(
        &self,
        verdict: &Verdict,
        mut status: Value,
    ) -> Result<(), ReconcileError> {
        let previous = &self.status.conditions;
        status["conditions"] = json!([succeeded_condition(
            previous,
            verdict.status,
            verdict.reason,
            &verdict.message,
            &self.now
        )]);
        let current = serde_json::to_value(&self.status).unwrap_or_default();
        let is_new = |(key, value): (&String, &Value)| {
            let known = &current[key];
            known != value && !(known.is_null() && value.as_array().is_some_and(Vec::is_empty))
        };
        if !status.as_object().into_iter().flatten().any(is_new) {
            return Ok(());
        }
        api::merge_status(&self.api(), &self.run.name_any(), status).await?;
        let reason = succeeded(previous).and_then(|condition| condition.reason.as_deref());
        if verdict.status != "Unknown" && reason != Some(verdict.reason) {
            let type_ = if verdict.status == "True" {
                EventType::Normal
            } else {
                EventType::Warning
            };
            let note: String = verdict.message.chars().take(1000).collect();
            self.context
                .record(&self.run, type_, verdict.reason, note)
                .await;
        }
        Ok(())
    }

    async fn task_runs(&self) -> Result<Vec<TaskRun>, ReconcileError> {
        let selector = format!(
            "{}={}",
            labels::TEKTON_PIPELINE_RUN_UID,
            self.run.uid().unwrap_or_default()
        );
        Ok(self
            .task_run_api()
            .list(&ListParams::default().labels(&selector))
            .await?
            .items)
    }

    /// Cancels every TaskRun of a run that fails before its tasks have ended.
    async fn cancel_all(&self) -> Result<(), ReconcileError> {
        let api = self.task_run_api();
        for task_run in self.task_runs().await? {
            let conditions = task_run
                .status
                .as_ref()
                .map_or(&[][..], |status| &status.conditions);
            if !succeeded(conditions).is_some_and(|condition| condition.is_done()) {
                self.cancel(&api, &task_run.name_any(), "Its PipelineRun failed.")
                    .await?;
            }
        }
        Ok(())
    }

    async fn cancel(
        &self,
        api: &Api<TaskRun>,
        name: &str,
        why: &str,
    ) -> Result<(), ReconcileError> {
        let patch = json!({"spec": {"status": "TaskRunCancelled", "statusMessage": why}});
        match api::merge(api, name, &patch).await {
            Err(error) if !api::is_not_found(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn api(&self) -> Api<PipelineRun> {
        Api::namespaced(self.context.client.clone(), &self.namespace)
    }

    fn task_run_api(&self) -> Api<TaskRun> {
        Api::namespaced(self.context.client.clone(), &self.namespace)
    }
}

fn wait_until(moment: Option<Timestamp>, now: Timestamp) -> Action {
    match moment.map(|moment| moment.duration_since(now)) {
        Some(remaining) => Action::requeue(Duration::try_from(remaining).unwrap_or_default()),
        None => Action::await_change(),
    }
}
