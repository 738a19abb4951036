//! Reconciles Releases.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use konflux_api::{
    konflux::{Release, ReleaseStatus},
    labels,
    tekton::{PipelineRun, TaskRun, succeeded},
};
use kube::{
    Api, Client, ResourceExt,
    api::ListParams,
    runtime::{
        controller::{Action, Controller},
        events::EventType,
        reflector::ObjectRef,
        watcher,
    },
};
use serde_json::json;

use super::{
    cleanup,
    conditions::{MANAGED, RELEASED, has_ended},
    expiration::expiration,
    failure::{self, Failure, Place},
    load::{Loaded, load},
    metadata,
    observed::Runs,
    phase::Phase,
    pipeline_run::Template,
    progress::{self, advance},
    record, webhook,
};
use crate::{api, context::Context, control, error::ReconcileError};

/// Reconciles the Releases of all namespaces, until shutdown.
pub(crate) async fn run(context: Context) {
    let runs: Api<PipelineRun> = Api::all(context.client.clone());
    let of_releases = watcher::Config::default().labels(&format!("{}=release", labels::SERVICE));
    Controller::new(
        Api::<Release>::all(context.client.clone()),
        watcher::Config::default(),
    )
    .watches(runs, of_releases, |run: PipelineRun| {
        let name = run.labels().get(labels::RELEASE_NAME)?;
        Some(ObjectRef::<Release>::new(name).within(run.labels().get(labels::RELEASE_NAMESPACE)?))
    })
    .with_config(control::config())
    .graceful_shutdown_on(context.shutdown.clone().cancelled_owned())
    .run(reconcile, control::retry_later, Arc::new(context))
    .for_each(async |result| control::log("Release", result))
    .await;
}

async fn reconcile(
    observed: Arc<Release>,
    context: Arc<Context>,
) -> Result<Action, ReconcileError> {
    let namespace = observed
        .namespace()
        .ok_or(ReconcileError::Incomplete("namespace"))?;
    let releases: Api<Release> = Api::namespaced(context.client.clone(), &namespace);
    let Some(mut release) = releases.get_opt(&observed.name_any()).await? else {
        return Ok(Action::await_change());
    };
    if release.metadata.deletion_timestamp.is_some() {
        cleanup::after_deletion(&context.client, &release).await?;
        return Ok(Action::await_change());
    }
    let before = release.status.clone().unwrap_or_default();
    if before.completion_time.is_some() {
        // The process may have ended between the last status and this.
        let runs = cleanup::pipeline_runs(&context.client, &release).await?;
        cleanup::after_runs(&context.client, &release, &runs).await?;
        return Ok(Action::await_change());
    }
    let loaded = load(&context.client, &release).await?;
    if let Some(metadata) = metadata::missing(&release, &loaded) {
        let patch = json!({ "metadata": metadata });
        release = api::merge(&releases, &release.name_any(), &patch).await?;
        if metadata["labels"][labels::AUTHOR] == webhook::UNKNOWN_AUTHOR {
            let note = format!(
                "nobody is known as the author; the label {} names one",
                labels::AUTHOR
            );
            context
                .record(&release, EventType::Normal, "AuthorUnknown", note)
                .await;
        }
    }
    let reconciliation = Reconciliation {
        context: &context,
        release: &release,
        loaded: &loaded,
    };
    let mut runs = observe(&context.client, &release).await?;
    let (status, action) = reconciliation.advance(&before, &mut runs).await?;
    reconciliation.write(&releases, &before, &status).await?;
    let managed_ended = |status: &ReleaseStatus| has_ended(&status.conditions, MANAGED);
    if managed_ended(&status) && !managed_ended(&before) || status.completion_time.is_some() {
        // After the status, so that no run can vanish whose outcome is not written down.
        cleanup::after_runs(&context.client, &release, &runs.pipeline_runs).await?;
    }
    Ok(action)
}

async fn observe(client: &Client, release: &Release) -> Result<Runs, kube::Error> {
    let mut runs = Runs {
        pipeline_runs: cleanup::pipeline_runs(client, release).await?,
        task_runs: Vec::new(),
    };
    if let Some(managed) = runs.of(Phase::Managed).filter(|run| has_failed(run)) {
        let namespace = managed.namespace().unwrap_or_default();
        let selector = format!("{}={}", labels::TEKTON_PIPELINE_RUN, managed.name_any());
        let task_runs: Api<TaskRun> = Api::namespaced(client.clone(), &namespace);
        runs.task_runs = task_runs
            .list(&ListParams::default().labels(&selector))
            .await?
            .items;
    }
    Ok(runs)
}

fn has_failed(run: &PipelineRun) -> bool {
    let status = run.status.as_ref();
    status
        .and_then(|status| succeeded(&status.conditions))
        .is_some_and(|condition| condition.status == "False")
}

struct Reconciliation<'a> {
    context: &'a Context,
    release: &'a Release,
    loaded: &'a Loaded,
}

impl Reconciliation<'_> {
    async fn advance(
        &self,
        before: &ReleaseStatus,
        runs: &mut Runs,
    ) -> Result<(ReleaseStatus, Action), ReconcileError> {
        let now = api::now();
        let mut status = before.clone();
        if status.expiration_time.is_none() {
            status.expiration_time = expiration(self.release, self.loaded.plan.as_ref());
        }
        loop {
            match advance(self.release, &mut status, self.loaded, runs, &now) {
                progress::Action::Wait | progress::Action::End => {
                    return Ok((status, Action::await_change()));
                }
                progress::Action::WaitUntil(moment) => {
                    let pause =
                        Duration::try_from(moment.duration_since(now.0)).unwrap_or_default();
                    return Ok((status, Action::requeue(pause)));
                }
                progress::Action::Start(phase) => match self.start(phase).await? {
                    Ok(run) => runs.pipeline_runs.push(run),
                    Err(failure) => record::end(phase, &mut status, Some(&failure), &api::now()),
                },
            }
        }
    }

    /// Makes the PipelineRun of a phase, or tells why it can never be made.
    async fn start(&self, phase: Phase) -> Result<Result<PipelineRun, Failure>, ReconcileError> {
        let refused = |problem: &str| Failure::new(Place::PipelineRunCreation, problem);
        let Some(pipeline) = phase.pipeline(self.loaded) else {
            return Ok(Err(refused("the pipeline is gone")));
        };
        let template = Template {
            release: self.release,
            loaded: self.loaded,
            phase,
            pipeline,
        };
        let run = match template.pipeline_run() {
            Ok(run) => run,
            Err(problem) => return Ok(Err(refused(&problem))),
        };
        if let Some(binding) = template.role_binding() {
            let bindings = Api::namespaced(
                self.context.client.clone(),
                &self.release.namespace().unwrap_or_default(),
            );
            if let Err(error) = api::create_if_absent(&bindings, &binding).await {
                return failure::of_creation(Place::RoleBindingCreation, error).map(Err);
            }
        }
        let runs: Api<PipelineRun> = Api::namespaced(
            self.context.client.clone(),
            &run.namespace().unwrap_or_default(),
        );
        let created = match api::create_if_absent(&runs, &run).await {
            Ok(Some(created)) => created,
            Ok(None) => return Err(ReconcileError::NameTaken),
            // The namespace has gone.
            Err(error) if api::is_not_found(&error) => {
                return Ok(Err(refused(&error.to_string())));
            }
            Err(error) => return failure::of_creation(Place::PipelineRunCreation, error).map(Err),
        };
        let note = format!(
            "started the {} pipeline {}/{}",
            phase.name(),
            created.namespace().unwrap_or_default(),
            created.name_any()
        );
        self.context
            .record(self.release, EventType::Normal, "PipelineRunStarted", note)
            .await;
        Ok(Ok(created))
    }

    /// Writes what changed. `artifacts` and `automated` belong to others and are never written.
    async fn write(
        &self,
        releases: &Api<Release>,
        before: &ReleaseStatus,
        status: &ReleaseStatus,
    ) -> Result<(), ReconcileError> {
        let known = json!(before);
        let mut patch = json!(status);
        if let Some(fields) = patch.as_object_mut() {
            fields.retain(|name, value| {
                !["artifacts", "automated"].contains(&name.as_str())
                    && known[name.as_str()] != *value
            });
            if fields.is_empty() {
                return Ok(());
            }
        }
        match api::merge_status(releases, &self.release.name_any(), patch).await {
            Err(error) if !api::is_not_found(&error) => return Err(error.into()),
            _ => {}
        }
        let released = api::condition(&status.conditions, RELEASED);
        if let Some(released) = released
            .filter(|_| status.completion_time.is_some() && before.completion_time.is_none())
        {
            let type_ = if released.status == "True" {
                EventType::Normal
            } else {
                EventType::Warning
            };
            self.context
                .record(
                    self.release,
                    type_,
                    "ReleaseEnded",
                    format!("{}: {}", released.reason, released.message),
                )
                .await;
        }
        Ok(())
    }
}
