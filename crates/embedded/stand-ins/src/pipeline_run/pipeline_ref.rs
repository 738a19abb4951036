//! Where a PipelineRun's pipeline is.

use konflux_api::tekton::{Modelled, Pipeline, PipelineRun, PipelineSpec};
use kube::{Api, ResourceExt};

use crate::{
    context::Context,
    error::ReconcileError,
    tekton::{Failure, resolver},
};

/// The pipeline of a run: as it was when the run began, in place, or by reference.
pub(crate) async fn resolve(
    context: &Context,
    run: &PipelineRun,
) -> Result<Result<PipelineSpec, Failure>, ReconcileError> {
    const REASON: &str = "CouldntGetPipeline";
    if let Some(pipeline) = run
        .status
        .as_ref()
        .and_then(|status| status.pipeline_spec.clone())
    {
        return Ok(Ok(pipeline));
    }
    let reference = match (&run.spec.pipeline_spec, &run.spec.pipeline_ref) {
        (Some(pipeline), None) => return Ok(Ok(pipeline.clone())),
        (None, Some(reference)) => reference,
        _ => {
            return Ok(Err(Failure::new(
                "PipelineValidationFailed",
                "the run needs either pipelineSpec or pipelineRef",
            )));
        }
    };
    if let Err(failure) =
        Failure::unless_modelled(REASON, &reference.unmodelled_fields("spec.pipelineRef"))
    {
        return Ok(Err(failure));
    }
    let namespace = run.namespace().unwrap_or_default();
    let located = resolver::locate(
        "pipeline",
        reference.name.as_deref(),
        reference.resolver.as_deref(),
        &reference.params,
        &namespace,
    );
    let location = match located {
        Ok(location) => location,
        Err(problem) => return Ok(Err(Failure::new(REASON, problem))),
    };
    let pipelines: Api<Pipeline> = Api::namespaced(context.client.clone(), &location.namespace);
    Ok(match pipelines.get_opt(&location.name).await? {
        Some(pipeline) => Ok(pipeline.spec),
        None => {
            let message = format!(
                "the Pipeline {:?} does not exist in the namespace {:?}",
                location.name, location.namespace
            );
            Err(Failure::new(REASON, message))
        }
    })
}
