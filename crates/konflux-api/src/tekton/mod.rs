//! The kinds of the API group `tekton.dev/v1`.
//!
//! Field source: tektoncd/pipeline, `pkg/apis/pipeline/v1`. Every struct of a spec keeps the fields it does not name
//! in `unmodelled`, so that nothing is lost on the way through and a model of Tekton can refuse what it would otherwise
//! silently ignore ([`Modelled::unmodelled_fields`]).

mod condition;
mod param;
mod pipeline;
mod pipeline_run;
mod reference;
mod task;
mod task_run;
mod unmodelled;
mod workspace;

pub use condition::{RunCondition, SUCCEEDED, succeeded};
pub use param::{Param, ParamSpec, ParamType, ParamValue};
pub use pipeline::{
    EmbeddedTask, Pipeline, PipelineResult, PipelineSpec, PipelineTask, PipelineTaskMetadata,
    WhenExpression,
};
pub use pipeline_run::{
    ChildReference, PipelineRun, PipelineRunResult, PipelineRunSpec, PipelineRunStatus,
    PipelineTaskRunSpec, PipelineTaskRunTemplate, SkippedTask, Timeouts,
};
pub use reference::{PipelineRef, TaskRef};
pub use task::{Step, StepTemplate, Task, TaskResult, TaskSpec};
pub use task_run::{StepState, TaskRun, TaskRunResult, TaskRunSpec, TaskRunStatus};
pub use unmodelled::{Modelled, UnmodelledFields};
pub use workspace::{
    PipelineWorkspaceDeclaration, WorkspaceBinding, WorkspaceDeclaration,
    WorkspacePipelineTaskBinding,
};

/// The API group of every kind in this module.
pub const GROUP: &str = "tekton.dev";
/// The API version of every kind in this module.
pub const VERSION: &str = "v1";
