//! Build PipelineRuns that have ended.

use std::sync::Arc;

use futures::StreamExt;
use konflux_api::{
    annotations,
    konflux::{Application, Component, Snapshot},
    labels,
    tekton::{PipelineRun, succeeded},
};
use kube::{
    Api, Resource, ResourceExt,
    api::ListParams,
    runtime::{
        controller::{Action, Controller},
        events::EventType,
        watcher,
    },
};
use serde_json::{Value, json};

use super::{
    promotion,
    snapshot::{self, Build, BuiltImage},
    snapshot_name::snapshot_name,
};
use crate::{api, context::Context, control, error::ReconcileError, finalizers};

/// How many suffixes are tried when a Snapshot's name is taken.
const NAME_TRIES: u8 = 5;

/// Makes Snapshots of the builds of all namespaces, until shutdown.
pub(crate) async fn run(context: Context) {
    let builds = watcher::Config::default().labels(&format!(
        "{}={}",
        labels::PIPELINE_TYPE,
        labels::PIPELINE_TYPE_BUILD
    ));
    Controller::new(Api::<PipelineRun>::all(context.client.clone()), builds)
        .with_config(control::config())
        .graceful_shutdown_on(context.shutdown.clone().cancelled_owned())
        .run(reconcile, control::retry_later, Arc::new(context))
        .for_each(async |result| control::log("PipelineRun (build)", result))
        .await;
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
    let is_deleted = run.metadata.deletion_timestamp.is_some();
    let condition = run
        .status
        .as_ref()
        .and_then(|status| succeeded(&status.conditions));
    let is_handled = run
        .annotations()
        .contains_key(annotations::CREATE_SNAPSHOT_STATUS);
    let failed = condition.is_some_and(|condition| condition.is_done() && !condition.is_true());
    if is_deleted || is_handled || failed {
        annotate(&runs, &run, json!({})).await?;
        return Ok(Action::await_change());
    }
    if !condition.is_some_and(konflux_api::tekton::RunCondition::is_true) {
        if let Some(metadata) = finalizers::addition(&run, annotations::INTEGRATION_FINALIZER) {
            api::merge(&runs, &run.name_any(), &json!({ "metadata": metadata })).await?;
        }
        return Ok(Action::await_change());
    }
    if context.options.await_signature
        && !run.annotations().contains_key(annotations::CHAINS_SIGNED)
    {
        return Ok(Action::await_change());
    }
    let written = match snapshot_of(&context, &run, &namespace).await? {
        Ok((name, mut written)) => {
            let message = "Sucessfully created snapshot. See annotation appstudio.openshift.io/snapshot for name";
            written[annotations::SNAPSHOT] = json!(name);
            written[annotations::CREATE_SNAPSHOT_STATUS] =
                json!(json!({"status": "success", "message": message}).to_string());
            written
        }
        Err(problem) => {
            context
                .record(
                    &run,
                    EventType::Warning,
                    "SnapshotNotCreated",
                    problem.clone(),
                )
                .await;
            let message = format!("Failed to create snapshot. Error: {problem}");
            json!({annotations::CREATE_SNAPSHOT_STATUS: json!({"status": "failed", "message": message}).to_string()})
        }
    };
    annotate(&runs, &run, written).await?;
    Ok(Action::await_change())
}

/// Writes annotations and gives the PipelineRun free: nothing more will be done about it.
async fn annotate(
    runs: &Api<PipelineRun>,
    run: &PipelineRun,
    annotations: Value,
) -> Result<(), kube::Error> {
    let mut metadata =
        finalizers::removal(run, annotations::INTEGRATION_FINALIZER).unwrap_or_else(|| json!({}));
    if annotations
        .as_object()
        .is_some_and(|annotations| !annotations.is_empty())
    {
        metadata["annotations"] = annotations;
    }
    if metadata.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(());
    }
    match api::merge(runs, &run.name_any(), &json!({ "metadata": metadata })).await {
        Err(error) if !api::is_not_found(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Makes the Snapshot of a successful build and promotes its image. Gives the Snapshot's name and annotations for the build.
async fn snapshot_of(
    context: &Context,
    run: &PipelineRun,
    namespace: &str,
) -> Result<Result<(String, Value), String>, ReconcileError> {
    let status = run.status.clone().unwrap_or_default();
    let Some(component_name) = run.labels().get(labels::COMPONENT) else {
        return Ok(Err(format!(
            "pipelinerun {} has no label {}",
            run.name_any(),
            labels::COMPONENT
        )));
    };
    let components: Api<Component> = Api::namespaced(context.client.clone(), namespace);
    let Some(component) = components.get_opt(component_name).await? else {
        return Ok(Err(format!("component {component_name} does not exist")));
    };
    let application_name = &component.spec.application;
    let applications: Api<Application> = Api::namespaced(context.client.clone(), namespace);
    let Some(application) = applications.get_opt(application_name).await? else {
        return Ok(Err(format!(
            "application {application_name} does not exist"
        )));
    };
    let built = match snapshot::built_image(&run.name_any(), component_name, &status) {
        Ok(built) => built,
        Err(problem) => return Ok(Err(problem)),
    };
    let mut all = components.list(&ListParams::default()).await?.items;
    all.retain(|other| {
        other.spec.application == *application_name && other.metadata.deletion_timestamp.is_none()
    });
    all.sort_by_key(ResourceExt::name_any);
    let build = Build {
        run,
        status: &status,
        application: &application,
        component: &component,
        components: &all,
        built: &built,
    };
    let started = status
        .start_time
        .as_ref()
        .map_or_else(|| api::now().0, |time| time.0);
    let mut written = json!({});
    if snapshot::is_push(run) {
        let report = promotion::promote(
            &context.client,
            &component,
            &built,
            started.as_millisecond(),
        )
        .await?;
        written[annotations::ADDED_TO_GLOBAL_CANDIDATE_LIST] = json!(report.to_string());
    }
    Ok(create(context, &build, namespace, started, &built)
        .await?
        .map(|name| (name, written)))
}

/// Creates the Snapshot, or finds the one that an earlier reconciliation made.
async fn create(
    context: &Context,
    build: &Build<'_>,
    namespace: &str,
    started: jiff::Timestamp,
    built: &BuiltImage,
) -> Result<Result<String, String>, ReconcileError> {
    let snapshots: Api<Snapshot> = Api::namespaced(context.client.clone(), namespace);
    let of_build = format!("{}={}", labels::BUILD_PIPELINE_RUN, build.run.name_any());
    if let Some(existing) = snapshots
        .list(&ListParams::default().labels(&of_build))
        .await?
        .items
        .first()
    {
        return Ok(Ok(existing.name_any()));
    }
    let application = build.application.name_any();
    let suffixes =
        std::iter::once(None).chain((0..NAME_TRIES).map(|number| Some(suffix(build.run, number))));
    for suffix in suffixes {
        let snapshot = build.snapshot(snapshot_name(&application, started, suffix.as_deref()));
        match api::create_if_absent(&snapshots, &snapshot).await {
            Ok(Some(created)) => {
                let note = format!(
                    "created the Snapshot {} with {}",
                    created.name_any(),
                    built.image
                );
                context
                    .record(build.run, EventType::Normal, "SnapshotCreated", note)
                    .await;
                return Ok(Ok(created.name_any()));
            }
            Ok(None) => {}
            Err(error) if api::is_permanent(&error) => return Ok(Err(error.to_string())),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Err(format!(
        "{NAME_TRIES} names of Snapshots that start at {started} are taken"
    )))
}

/// Two letters that differ between runs and tries.
fn suffix(run: &PipelineRun, number: u8) -> String {
    let seed: u32 = run
        .meta()
        .uid
        .as_deref()
        .unwrap_or_default()
        .bytes()
        .map(u32::from)
        .sum();
    let letter = |value: u32| char::from(b'a' + u8::try_from(value % 26).unwrap_or_default());
    [letter(seed + u32::from(number)), letter(seed / 26)]
        .iter()
        .collect()
}
