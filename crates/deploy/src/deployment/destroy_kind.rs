//! Removing a Kind cluster that a deployment made.

use std::fs;

use cluster::host::{Environment, engine};
use cluster::kind::configuration::{ClusterConfiguration, ConfigurationError};
use cluster::kind::destroy::{Belongings, DestroyError};
use cluster::kind::network::NetworkRecord;
use cluster::kind::{ClusterName, InvalidClusterName, WorkFolder};
use cluster::{DeploymentDirectory, DeploymentRecord, StateRoot};

use crate::steps::kind::{ENGINE, kind};

/// The Kind cluster is not, or not wholly, removed.
#[derive(Debug, thiserror::Error)]
pub enum KindDestroyError {
    /// No engine answers, so that nobody can tell.
    #[error("cannot remove the Kind cluster of this deployment: {0}")]
    Engine(#[from] engine::EngineError),
    /// The document that it was made from does not say its name.
    #[error("cannot tell which Kind cluster this deployment made: {0}")]
    Document(#[from] ConfigurationError),
    /// It cannot be one.
    #[error(transparent)]
    Name(#[from] InvalidClusterName),
    /// It stays.
    #[error(transparent)]
    Destroy(#[from] DestroyError),
}

/// The engine that was used, else the one that `CONTAINER_TOOL` names: another one would say that there is no such cluster.
fn of_the_cluster(environment: &Environment, record: Option<&DeploymentRecord>) -> Environment {
    let recorded = record.and_then(|record| record.versions.get(ENGINE));
    let asked = recorded
        .map(String::as_str)
        .or(environment.variable("CONTAINER_TOOL"));
    match asked {
        Some(engine) => environment
            .clone()
            .with("KIND_EXPERIMENTAL_PROVIDER", engine),
        None => environment.clone(),
    }
}

/// Removes the cluster that the deployment's document names; nothing where there is no such document.
pub(super) async fn destroy(
    root: &StateRoot,
    directory: &DeploymentDirectory,
    environment: &Environment,
    record: Option<&DeploymentRecord>,
) -> Result<Vec<String>, KindDestroyError> {
    let work_folder = WorkFolder::of(directory);
    let name: ClusterName = match fs::read_to_string(work_folder.document()) {
        Ok(document) => ClusterConfiguration::read(&document)?.name.parse()?,
        // kind's own word for the context of a cluster.
        Err(_) => match record.and_then(|record| record.kubernetes.context.strip_prefix("kind-")) {
            Some(name) => name.parse()?,
            None => return Ok(Vec::new()),
        },
    };
    let environment = of_the_cluster(environment, record);
    let engine = engine::find(&environment).await?;
    let network = NetworkRecord::of(root);
    let kubeconfig = directory.kubeconfig();
    let belongings = Belongings {
        name: &name,
        kubeconfig: &kubeconfig,
        work_folder: &work_folder,
        network: &network,
    };
    let gone = cluster::kind::destroy::destroy(&kind(&engine), engine.client(), belongings).await?;
    let mut removed = vec![format!("removed Kind cluster {name}")];
    let named = |what: &str, names: &[String]| {
        (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")))
    };
    removed.extend(named("containers", &gone.containers));
    removed.extend(named("volumes", &gone.volumes));
    removed.extend(gone.network.map(|fate| fate.to_string()));
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use cluster::host::Platform;

    use super::*;

    #[test]
    fn the_engine_of_the_settings_is_asked_where_none_is_recorded() {
        let environment = Environment::new(Path::new("/"), Platform::Linux, 1000);
        let provider = |environment: &Environment| {
            let environment = of_the_cluster(environment, None);
            let provider = environment.variable("KIND_EXPERIMENTAL_PROVIDER");
            provider.map(str::to_owned)
        };
        assert_eq!(provider(&environment), None);
        let asked = environment.with("CONTAINER_TOOL", "podman");
        assert_eq!(provider(&asked).as_deref(), Some("podman"));
    }
}
