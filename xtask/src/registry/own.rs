//! The registry of a deployment, for the commands that look into it.

use cluster::{DeploymentDirectory, DeploymentName, DeploymentRecord};
use deploy::registry_access::{OwnRegistry, OwnRegistryError, TargetError, recorded};

use super::target;
use crate::arguments::state_root;
use crate::exit::{Exit, Failure};

pub(super) fn record(name: &DeploymentName) -> Result<DeploymentRecord, Failure> {
    let root = state_root().map_err(|error| Exit::HostLacks.with(error))?;
    let record = recorded(&root, name).map_err(target::failure)?;
    record.ok_or_else(|| target::failure(TargetError::NoDeployment(name.clone())))
}

pub(super) fn directory(name: &DeploymentName) -> Result<DeploymentDirectory, Failure> {
    let root = state_root().map_err(|error| Exit::HostLacks.with(error))?;
    Ok(root.deployment(name))
}

pub(super) fn registry(name: &DeploymentName) -> Result<OwnRegistry, Failure> {
    OwnRegistry::of(&record(name)?).map_err(failure)
}

pub(super) fn failure(error: OwnRegistryError) -> Failure {
    let exit = match error {
        OwnRegistryError::Reference(_)
        | OwnRegistryError::NoImage(_)
        | OwnRegistryError::OtherRegistry { .. } => Exit::WrongUse,
        _ => Exit::Failed,
    };
    exit.with(error)
}
