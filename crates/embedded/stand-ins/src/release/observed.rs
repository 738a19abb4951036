//! The runs of a Release, as they are at one moment.

use konflux_api::{
    labels,
    tekton::{PipelineRun, TaskRun},
};
use kube::ResourceExt;

use super::phase::Phase;

/// The runs that a Release's next step depends on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
    /// The Release's PipelineRuns, of all namespaces.
    pub(crate) pipeline_runs: Vec<PipelineRun>,
    /// The TaskRuns of its managed PipelineRun, when that failed.
    pub(crate) task_runs: Vec<TaskRun>,
}

impl Runs {
    /// The PipelineRun of a phase. It is found by its label, so that one that was made before a crash is not made again.
    pub(crate) fn of(&self, phase: Phase) -> Option<&PipelineRun> {
        self.pipeline_runs.iter().find(|run| {
            run.labels().get(labels::PIPELINE_TYPE).map(String::as_str) == Some(phase.name())
        })
    }
}
