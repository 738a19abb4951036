//! TaskRuns: steps as processes of this host.
//!
//! [`plan`] turns a TaskRun and its task into commands, mounts and environment, without touching anything; [`attempt`]
//! prepares the files, runs the steps and reads the results; [`execution`] tries again where the TaskRun asks for it and
//! writes the status; [`controller`] starts and cancels executions.

mod attempt;
mod controller;
mod execution;
mod files;
mod identity;
mod image;
mod log;
mod orphans;
mod outcome;
mod path_map;
mod plan;
mod plan_step;
mod plan_volume;
mod pod;
mod prepare;
mod process;
mod registry_endpoints;
mod running;
mod status;
mod task_ref;

pub(crate) use controller::run;
pub(crate) use orphans::remove_leftovers;
