//! Starts the controllers and waits for them.

use futures::future::BoxFuture;
use kube::Client;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    claims, component, context::Context, error::Error, integration, options::Options, pipeline_run,
    release, task_run, trust_bundle,
};

/// Runs all controllers until `shutdown` is cancelled. Steps that run then are killed; a later call marks their TaskRuns as
/// interrupted and tries them again where they have retries.
///
/// # Errors
///
/// When the directories for steps cannot be prepared, or a controller ends without being asked to. A Kubernetes API that
/// cannot be reached is no error: the controllers wait for it.
pub async fn run(
    client: Client,
    options: Options,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    // When one controller ends, all do.
    let shutdown = shutdown.child_token();
    let _ended = shutdown.clone().drop_guard();
    let context = Context::new(client, options, shutdown.clone());
    let mut controllers = JoinSet::new();
    let mut start = |name: &'static str, controller: BoxFuture<'static, ()>| {
        controllers.spawn(async move {
            controller.await;
            name
        });
    };
    if let Some(steps) = context.options.steps.clone() {
        if steps.probe_command.is_empty() {
            return Err(Error::NoProbeCommand);
        }
        task_run::remove_leftovers(&steps)?;
        start(
            "PersistentVolumeClaim",
            Box::pin(claims::run(context.clone())),
        );
        start("PipelineRun", Box::pin(pipeline_run::run(context.clone())));
        start("TaskRun", Box::pin(task_run::run(context.clone(), steps)));
    }
    start("Component", Box::pin(component::run(context.clone())));
    start(
        "PipelineRun (build)",
        Box::pin(integration::run_builds(context.clone())),
    );
    start(
        "Snapshot",
        Box::pin(integration::run_snapshots(context.clone())),
    );
    start("Release", Box::pin(release::run(context.clone())));
    start("Namespace", Box::pin(trust_bundle::run(context.clone())));
    while let Some(ended) = controllers.join_next().await {
        if !shutdown.is_cancelled() {
            return Err(Error::ControllerEnded(ended.unwrap_or("panicked")));
        }
    }
    Ok(())
}
