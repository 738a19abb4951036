//! Starts the controllers and waits for them.

use std::time::Duration;

use futures::future::BoxFuture;
use kube::Client;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    claims, component, context::Context, definitions, error::Error, integration, options::Options,
    pipeline_run, release, task_run, trust_bundle,
};

/// How long controllers may take to end once they are asked to.
const GRACE: Duration = Duration::from_millis(500);

/// Runs all controllers, once the resources they work on are defined, until `shutdown` is cancelled. Steps that run then are killed; a later call marks their TaskRuns as
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
    if let Some(steps) = &context.options.steps {
        if steps.probe_command.is_empty() {
            return Err(Error::NoProbeCommand);
        }
        task_run::remove_leftovers(steps)?;
    }
    tokio::select! {
        () = definitions::established(&context.client) => {}
        () = shutdown.cancelled() => return Ok(()),
    }
    if let Some(steps) = context.options.steps.clone() {
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
    start(
        "Namespace",
        Box::pin(trust_bundle::run_config_maps(context.clone())),
    );
    start(
        "Bundle",
        Box::pin(trust_bundle::run_bundles(context.clone())),
    );
    tokio::select! {
        Some(ended) = controllers.join_next() => {
            if !shutdown.is_cancelled() {
                return Err(Error::ControllerEnded(ended.unwrap_or("panicked")));
            }
        }
        () = shutdown.cancelled() => {}
    }
    // Reconciliations under way may finish. A watch that cannot reach its API server would go on trying for ever.
    let all_ended = async { while controllers.join_next().await.is_some() {} };
    let _watches_are_dropped = tokio::time::timeout(GRACE, all_ended).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{KubernetesAccess, StepEnvironment};

    async fn run_with(probe_command: Vec<std::ffi::OsString>, work_dir: &std::path::Path) -> Error {
        // Fails only when another test has installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let unreachable = kube::Config::new("http://127.0.0.1:1".parse().unwrap());
        let steps = StepEnvironment {
            probe_command,
            work_dir: work_dir.to_owned(),
            logs_dir: work_dir.join("logs"),
            environment: Vec::new(),
            kubernetes: KubernetesAccess {
                host: "localhost".to_owned(),
                port: 1,
                ca_pem: String::new(),
            },
        };
        let options = Options::new(steps, String::new());
        let client = Client::try_from(unreachable).unwrap();
        run(client, options, CancellationToken::new())
            .await
            .unwrap_err()
    }

    #[tokio::test]
    async fn without_a_program_for_steps_nothing_starts() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            run_with(Vec::new(), folder.path()).await,
            Error::NoProbeCommand
        ));
    }

    #[tokio::test]
    async fn a_work_directory_that_cannot_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = run_with(vec!["probe".into()], file.path()).await;
        assert!(matches!(error, Error::WorkDirectory { .. }));
        assert!(
            error.to_string().contains(file.path().to_str().unwrap()),
            "{error}"
        );
    }
}
