//! What a pipeline reports when it has ended.

use konflux_api::tekton::{PipelineRunResult, PipelineSpec};

use super::{
    graph,
    schedule::{State, States},
};
use crate::tekton::{Failure, Variables};

/// The results of a run that has ended. A result whose task was skipped or failed is left out; one whose task succeeded
/// without writing it is a failure.
pub(crate) fn collect(
    pipeline: &PipelineSpec,
    states: &States<'_>,
    variables: &Variables,
) -> Result<Vec<PipelineRunResult>, Failure> {
    let mut variables = variables.clone();
    for (task, state) in states {
        for result in state.results() {
            variables.set(
                &["tasks", task, "results", &result.name],
                result.value.clone(),
            );
            variables.set(
                &["finally", task, "results", &result.name],
                result.value.clone(),
            );
        }
        variables.set(&["tasks", task, "status"], state.status_word());
    }
    let mut results = Vec::new();
    for declared in &pipeline.results {
        let references = graph::references_of_value(&declared.value);
        let ended_well = |task: &str| matches!(states.get(task), Some(State::Succeeded(_)));
        if !references
            .iter()
            .all(|reference| ended_well(&reference.task))
        {
            continue;
        }
        let value = variables.value(&declared.value).map_err(|error| {
            let message = format!(
                "the result {} of the pipeline cannot be had: {error}",
                declared.name
            );
            Failure::new("CouldntGetPipelineResult", message)
        })?;
        results.push(PipelineRunResult {
            name: declared.name.clone(),
            value,
        });
    }
    Ok(results)
}
