//! Small controllers that do what Konflux's and Tekton's controllers do, for builds and releases.
//!
//! They are ordinary Kubernetes clients: they watch objects, decide, and write objects. What they know about the systems
//! they stand in for is written next to each decision; what they do not model is answered with an explicit failure on the
//! object, never ignored.
//!
//! - `component`: build-service. A Component gets its ServiceAccount; a requested build becomes a PipelineRun.
//! - `pipeline_run`, `task_run`: Tekton. A PipelineRun becomes TaskRuns, a TaskRun becomes processes of this host.
//! - `integration`: integration-service. A successful build becomes a Snapshot, and a Release where a plan asks for it.
//! - `release`: release-service. A Release is validated and runs the managed pipeline.
//! - `trust_bundle`: trust-manager. Every namespace gets the certificates that its pipelines must trust.
//!
//! ```no_run
//! # async fn example(client: kube::Client, steps: stand_ins::StepEnvironment, ca: String) -> Result<(), stand_ins::Error> {
//! let shutdown = tokio_util::sync::CancellationToken::new();
//! stand_ins::run(client, stand_ins::Options::new(steps, ca), shutdown).await
//! # }
//! ```

mod api;
mod claims;
mod component;
mod context;
mod control;
mod definitions;
mod error;
mod finalizers;
mod integration;
mod options;
mod pipeline_run;
mod release;
mod run;
mod task_run;
mod tekton;
mod trust_bundle;

pub use error::Error;
pub use options::{KubernetesAccess, Options, StepEnvironment};
pub use run::run;
