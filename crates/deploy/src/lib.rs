//! Deployments: settings, the plan of steps, its runner, the events they tell, and the steps themselves.
//!
//! - [`settings`]: one table, read from arguments, environment, env file and defaults.
//! - [`events`]: the typed stream that bars, plain lines and `events.jsonl` are views of.
//! - [`plan`]: steps with prerequisites, and the runner that runs independent ones at the same time.
//! - [`timings`]: the page that shows where the time of the last run went.
//! - [`sources`]: what other projects release and we deploy: found, verified, cached and patched.
//! - [`steps`]: the steps of a deployment, and their plans for each kind of cluster.
//! - [`host_images`]: what a deployment wishes of its host.
//! - [`fixtures`] and [`apply`]: the data of the project and how it is applied.
//! - [`registry_access`]: credentials on any cluster: found, checked, and only then written.
//! - [`deployment`]: `deploy-local`, `status` and `destroy` as calls.

pub mod apply;
pub mod deployment;
pub mod events;
pub mod fixtures;
pub mod host_images;
pub mod plan;
pub mod registry_access;
pub mod settings;
pub mod sources;
pub mod steps;
pub mod timings;

pub use deployment::{
    DeployError, DeployRequest, Deployed, DestroyError, Destroyed, Health, Status,
};
pub use events::{Event, EventSink, Stamped};
pub use settings::{Settings, SettingsError, Sources};
