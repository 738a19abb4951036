//! PipelineRuns: which TaskRuns exist when, and how it all ended.
//!
//! [`validate`] refuses what cannot run; [`decide`] looks at the TaskRuns and says which to create or cancel and what the
//! status is, without touching anything; [`controller`] does it.

mod bindings;
mod controller;
mod deadline;
mod decide;
mod graph;
mod pipeline_ref;
mod results;
mod schedule;
mod summary;
mod task_run;
mod validate;
mod variables;

pub(crate) use controller::run;
