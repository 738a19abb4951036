//! Removing a cluster, and proving that nothing of it is left.

use std::path::Path;

use bollard::Docker;
use bollard::query_parameters::RemoveVolumeOptions;

use super::engine_error::is_absent;
use super::inspect::{containers, inspect};
use super::network::{NetworkError, NetworkFate, NetworkRecord};
use super::{ClusterName, EngineError, Kind, KindError, WorkFolder};

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Destroyed {
    /// Containers.
    pub containers: Vec<String>,
    /// Volumes.
    pub volumes: Vec<String>,
    /// What became of the network; nothing is known of it without the engine's API.
    pub network: Option<NetworkFate>,
}

/// A cluster is not, or not wholly, removed.
#[derive(Debug, thiserror::Error)]
pub enum DestroyError {
    /// `kind` failed.
    #[error(transparent)]
    Kind(#[from] KindError),
    /// The engine failed, so that nothing is proved.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The network failed.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// `kind` says that it is done, and something is there.
    #[error("Kind cluster {cluster} was deleted, and this is left: {}; `{remedy}` removes it", left.join(", "))]
    Left {
        /// The cluster.
        cluster: ClusterName,
        /// What is left, each with its kind of object.
        left: Vec<String>,
        /// What removes it, to paste.
        remedy: String,
    },
}

/// What belongs to a cluster on this host.
#[derive(Debug, Clone, Copy)]
pub struct Belongings<'a> {
    /// The cluster.
    pub name: &'a ClusterName,
    /// The deployment's kubeconfig, which loses the cluster's context.
    pub kubeconfig: &'a Path,
    /// The files that it needed.
    pub work_folder: &'a WorkFolder,
    /// Whether the network was made because of us.
    pub network: &'a NetworkRecord,
}

/// Removes a cluster with everything that belongs to it, and looks whether it is gone. It is no error when there is none.
///
/// Without the engine's API (`nerdctl`), only nodes are proved to be gone.
///
/// # Errors
///
/// [`DestroyError`]: running it again continues.
pub async fn destroy(
    kind: &Kind,
    engine: Option<&Docker>,
    belongings: Belongings<'_>,
) -> Result<Destroyed, DestroyError> {
    let name = belongings.name;
    let mut destroyed = Destroyed::default();
    // Afterwards nobody could tell which volumes were the cluster's: they have no names.
    if let Some(engine) = engine
        && let Some(found) = inspect(engine, name).await?
    {
        for node in found.nodes {
            destroyed.containers.push(node.name);
            destroyed.volumes.extend(node.volumes);
        }
    }
    kind.delete(name, belongings.kubeconfig).await?;
    match engine {
        Some(engine) => {
            prove(kind, engine, name, &destroyed.volumes).await?;
            destroyed.network = Some(belongings.network.remove_if_ours(engine).await?);
        }
        None => {
            let nodes = kind.nodes(name).await?;
            if !nodes.is_empty() {
                return Err(left(kind, name, &nodes, &[]));
            }
        }
    }
    belongings.work_folder.remove()?;
    Ok(destroyed)
}

async fn prove(
    kind: &Kind,
    engine: &Docker,
    name: &ClusterName,
    volumes: &[String],
) -> Result<(), DestroyError> {
    let attempted = format!("see whether Kind cluster {name} is gone");
    let remaining = containers(engine, name)
        .await
        .map_err(EngineError::call(attempted))?;
    let mut volumes_left = Vec::new();
    for volume in volumes {
        // They belonged to the cluster's containers alone; an engine that kept one did so by mistake.
        let options = None::<RemoveVolumeOptions>;
        match engine.remove_volume(volume, options).await {
            Err(error) if is_absent(&error) => {}
            Ok(()) => {}
            Err(_) => volumes_left.push(volume.clone()),
        }
    }
    if remaining.is_empty() && volumes_left.is_empty() {
        Ok(())
    } else {
        Err(left(kind, name, &remaining, &volumes_left))
    }
}

fn left(
    kind: &Kind,
    name: &ClusterName,
    containers: &[String],
    volumes: &[String],
) -> DestroyError {
    let what = |kind: &str, names: &[String]| {
        let named = names.iter().map(|name| format!("{kind} {name}"));
        named.collect::<Vec<_>>()
    };
    let remedy = |command: &str, names: &[String]| {
        let engine = kind.provider();
        (!names.is_empty()).then(|| format!("{engine} {command} {}", names.join(" ")))
    };
    let remedies = [
        remedy("rm --force --volumes", containers),
        remedy("volume rm", volumes),
    ];
    DestroyError::Left {
        cluster: name.clone(),
        left: [what("container", containers), what("volume", volumes)].concat(),
        remedy: remedies
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" && "),
    }
}
