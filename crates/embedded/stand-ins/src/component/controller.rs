//! Reconciles Components.

use std::sync::Arc;

use futures::StreamExt;
use konflux_api::{annotations, konflux::Component, tekton::PipelineRun};
use kube::{
    Api, ResourceExt,
    runtime::{
        controller::{Action, Controller},
        events::EventType,
        watcher,
    },
};
use serde_json::{Value, json};

use super::{
    build::Build,
    identity, pipeline_choice,
    request::{Next, next, status},
    source,
    status::{BuildError, BuildStatus},
};
use crate::{api, context::Context, control, error::ReconcileError};

/// Reconciles the Components of all namespaces, until shutdown.
pub(crate) async fn run(context: Context) {
    Controller::new(
        Api::<Component>::all(context.client.clone()),
        watcher::Config::default(),
    )
    .with_config(control::config())
    .graceful_shutdown_on(context.shutdown.clone().cancelled_owned())
    .run(reconcile, control::retry_later, Arc::new(context))
    .for_each(async |result| control::log("Component", result))
    .await;
}

async fn reconcile(
    observed: Arc<Component>,
    context: Arc<Context>,
) -> Result<Action, ReconcileError> {
    let namespace = observed
        .namespace()
        .ok_or(ReconcileError::Incomplete("namespace"))?;
    let components: Api<Component> = Api::namespaced(context.client.clone(), &namespace);
    let Some(component) = components.get_opt(&observed.name_any()).await? else {
        return Ok(Action::await_change());
    };
    if component.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change());
    }
    identity::ensure(&context.client, &component, &namespace).await?;
    match next(&component) {
        Next::Nothing => {}
        Next::Answer(answer) => {
            if status(&component).as_ref() != Some(&answer) {
                annotate(&context, &component, answer_patch(&answer)).await?;
            }
        }
        Next::Finish(answer) => {
            annotate(&context, &component, handled(&answer)).await?;
        }
        Next::Build { repository } => {
            let answer = match build(&context, &component, &namespace, &repository).await? {
                Ok(run) => {
                    let note = format!("started the build {run}");
                    context
                        .record(&component, EventType::Normal, "BuildStarted", note)
                        .await;
                    BuildStatus::done()
                }
                Err(error) => {
                    context
                        .record(
                            &component,
                            EventType::Warning,
                            "BuildNotStarted",
                            error.to_string(),
                        )
                        .await;
                    BuildStatus::failed(&error)
                }
            };
            annotate(&context, &component, handled(&answer)).await?;
        }
    }
    Ok(Action::await_change())
}

/// Starts a build; gives the PipelineRun's name.
async fn build(
    context: &Context,
    component: &Component,
    namespace: &str,
    repository: &str,
) -> Result<Result<String, BuildError>, ReconcileError> {
    let client = &context.client;
    let Some(git) = component
        .spec
        .source
        .as_ref()
        .and_then(|source| source.git.as_ref())
    else {
        return Ok(Err(BuildError::new(62, "the component has no git source")));
    };
    let config = match pipeline_choice::config(client).await? {
        Ok(config) => config,
        Err(error) => return Ok(Err(error)),
    };
    let pipeline = match pipeline_choice::pipeline(client, component, &config).await? {
        Ok(pipeline) => pipeline,
        Err(error) => return Ok(Err(error)),
    };
    let source = match source::read(client, namespace, &git.url).await? {
        Ok(source) => source,
        Err(error) => return Ok(Err(error)),
    };
    let run = Build {
        component,
        git,
        repository,
        source: &source,
        pipeline,
    }
    .pipeline_run();
    let runs: Api<PipelineRun> = Api::namespaced(client.clone(), namespace);
    match api::create_if_absent(&runs, &run).await {
        Ok(_) => Ok(Ok(run.name_any())),
        Err(error) if api::is_permanent(&error) => Ok(Err(BuildError::new(
            400,
            format!("the PipelineRun cannot be created: {error}"),
        ))),
        Err(error) => Err(error.into()),
    }
}

fn answer_patch(answer: &BuildStatus) -> Value {
    json!({annotations::BUILD_STATUS: json!(answer).to_string()})
}

/// The answer, and the end of the request.
fn handled(answer: &BuildStatus) -> Value {
    let mut patch = answer_patch(answer);
    patch[annotations::BUILD_REQUEST] = Value::Null;
    patch
}

/// Writes annotations, among them the default pipeline where the Component names none.
async fn annotate(
    context: &Context,
    component: &Component,
    mut written: Value,
) -> Result<(), ReconcileError> {
    let has_repository = component
        .spec
        .container_image
        .as_deref()
        .is_some_and(|image| !image.is_empty());
    if has_repository
        && !component
            .annotations()
            .contains_key(annotations::BUILD_PIPELINE)
        && let Ok(config) = pipeline_choice::config(&context.client).await?
    {
        written[annotations::BUILD_PIPELINE] = json!(pipeline_choice::default_annotation(&config));
    }
    let components: Api<Component> = Api::namespaced(
        context.client.clone(),
        &component.namespace().unwrap_or_default(),
    );
    let patch = json!({"metadata": {"annotations": written}});
    match api::merge(&components, &component.name_any(), &patch).await {
        Err(error) if !api::is_not_found(&error) => Err(error.into()),
        _ => Ok(()),
    }
}
