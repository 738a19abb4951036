//! integration-service: a successful build becomes a Snapshot, a Snapshot becomes a Release where a plan asks for it.

mod auto_release;
mod build;
mod promotion;
mod snapshot;
mod snapshot_controller;
mod snapshot_name;

pub(crate) use build::run as run_builds;
pub(crate) use snapshot_controller::run as run_snapshots;
