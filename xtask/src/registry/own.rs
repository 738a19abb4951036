//! The registry of a deployment, for the commands that look into it.

use anyhow::anyhow;
use cluster::{DeploymentDirectory, DeploymentName, DeploymentRecord};
use deploy::registry_access::{OwnRegistry, OwnRegistryError, recorded};

use super::target;
use crate::arguments::state_root;
use crate::exit::{Exit, Failure};

pub(super) fn record(name: &DeploymentName) -> Result<DeploymentRecord, Failure> {
    let root = state_root().map_err(|error| Exit::HostLacks.with(error))?;
    let record = recorded(&root, name).map_err(target::failure)?;
    // Not the words of a target: these commands know no context.
    record.ok_or_else(|| {
        Exit::WrongUse.with(anyhow!(
            "there is no deployment called {name}; `{}` makes one",
            name.command("deploy-local")
        ))
    })
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
        | OwnRegistryError::Scheme(_)
        | OwnRegistryError::OtherRegistry { .. } => Exit::WrongUse,
        _ => Exit::Failed,
    };
    exit.with(error)
}
