//! Which cluster and which registries a command is about.

use deploy::registry_access::{
    Environment, Registries, RegistriesError, Search, Target, TargetError,
};

use super::arguments::{Cluster, Credentials};
use crate::arguments::state_root;
use crate::exit::{Exit, Failure};
use crate::report::say;

/// Finds the cluster and says which it is: the first line that a command prints.
pub(super) async fn find(arguments: &Cluster) -> Result<Target, Failure> {
    let root = state_root().map_err(|error| Exit::HostLacks.with(error))?;
    let context = arguments.context.as_deref();
    let target = Target::find(&root, arguments.name.as_ref(), context);
    let target = target.await.map_err(failure)?;
    say(format!("cluster: {target}"));
    Ok(target)
}

pub(super) fn failure(error: TargetError) -> Failure {
    let exit = match error {
        TargetError::NoDeployment(_) | TargetError::NoContext { .. } => Exit::WrongUse,
        TargetError::NoCluster { .. } | TargetError::Kubeconfig(_) => Exit::HostLacks,
        TargetError::Begun(_) | TargetError::Record(_) | TargetError::Connect(_) => Exit::Failed,
    };
    exit.with(error)
}

pub(super) fn registries(
    target: Option<&Target>,
    credentials: &Credentials,
) -> Result<Registries, Failure> {
    let record = target.and_then(|target| target.record.as_ref());
    let registries = Registries::new(record, credentials.ca_file.as_deref());
    registries.map_err(unusable)
}

pub(super) fn unusable(error: RegistriesError) -> Failure {
    let exit = match error {
        RegistriesError::Endpoints(_) => Exit::Failed,
        _ => Exit::WrongUse,
    };
    exit.with(error)
}

pub(super) fn search(credentials: &Credentials) -> Search {
    Search::new(credentials.auth_file.as_deref(), &Environment::of_process())
}
