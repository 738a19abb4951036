//! What a cluster is made of, by the engine's API.

use std::collections::HashMap;

use bollard::Docker;
use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum, PortMap};
use bollard::query_parameters::ListContainersOptions;

use super::engine_error::is_absent;
use super::{ClusterName, EngineError};

/// The label by which `kind` knows a cluster's nodes (kind v0.32.0, pkg/cluster/internal/providers/docker/constants.go).
pub(super) const CLUSTER_LABEL: &str = "io.x-k8s.kind.cluster";
/// The label with a node's role.
const ROLE_LABEL: &str = "io.x-k8s.kind.role";

/// A cluster as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCluster {
    /// Its name.
    pub name: ClusterName,
    /// Its nodes by name, a load balancer among them where there is one.
    pub nodes: Vec<FoundNode>,
}

/// A node's container as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundNode {
    /// The container's name.
    pub name: String,
    /// `control-plane`, `worker` or `external-load-balancer`.
    pub role: String,
    /// The image, as it was asked for.
    pub image: String,
    /// Whether it runs.
    pub running: bool,
    /// Its state in the engine's word, for example `exited`.
    pub state: String,
    /// Ports of the host that lead to it.
    pub ports: Vec<FoundPort>,
    /// Folders of the host that it mounts: (on the host, in the node).
    pub mounts: Vec<(String, String)>,
    /// Volumes that it uses.
    pub volumes: Vec<String>,
    /// Its memory limit in bytes, where it has one.
    pub memory_limit: Option<u64>,
}

/// A port of the host that leads to a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundPort {
    /// The node's port.
    pub container_port: u16,
    /// The host's address.
    pub address: String,
    /// The host's port.
    pub host_port: u16,
}

/// Looks at a cluster; `None` when the engine has no container of it.
///
/// # Errors
///
/// [`EngineError::Call`]: it could not be told.
pub async fn inspect(
    engine: &Docker,
    name: &ClusterName,
) -> Result<Option<FoundCluster>, EngineError> {
    let attempted = || format!("look at Kind cluster {name}");
    let listed = containers(engine, name)
        .await
        .map_err(EngineError::call(attempted()))?;
    let mut nodes = Vec::new();
    for id in listed {
        match engine.inspect_container(&id, None).await {
            Ok(container) => nodes.push(read(container)),
            // It was removed since it was listed.
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(EngineError::call(attempted())(error)),
        }
    }
    nodes.sort_by(|one, other| one.name.cmp(&other.name));
    Ok((!nodes.is_empty()).then(|| FoundCluster {
        name: name.clone(),
        nodes,
    }))
}

/// The names, else the ids, of all containers of a cluster, stopped ones included.
pub(super) async fn containers(
    engine: &Docker,
    name: &ClusterName,
) -> Result<Vec<String>, bollard::errors::Error> {
    let label = format!("{CLUSTER_LABEL}={name}");
    let options = ListContainersOptions {
        all: true,
        filters: Some(HashMap::from([("label".to_owned(), vec![label])])),
        ..Default::default()
    };
    let listed = engine.list_containers(Some(options)).await?;
    Ok(listed
        .into_iter()
        .filter_map(|container| {
            let name = container.names.and_then(|names| names.into_iter().next());
            name.map(|name| name.trim_start_matches('/').to_owned())
                .or(container.id)
        })
        .collect())
}

fn read(container: ContainerInspectResponse) -> FoundNode {
    let config = container.config.unwrap_or_default();
    let host = container.host_config.unwrap_or_default();
    let state = container.state.unwrap_or_default();
    let status = state.status.unwrap_or(ContainerStateStatusEnum::EMPTY);
    let volumes = container.mounts.unwrap_or_default().into_iter();
    let volumes = volumes.filter(|mount| mount.typ.as_deref() == Some("volume"));
    let volumes = volumes.filter_map(|mount| mount.name).collect();
    let role = config
        .labels
        .and_then(|mut labels| labels.remove(ROLE_LABEL));
    FoundNode {
        name: container
            .name
            .unwrap_or_default()
            .trim_start_matches('/')
            .to_owned(),
        role: role.unwrap_or_default(),
        image: config.image.unwrap_or_default(),
        running: status == ContainerStateStatusEnum::RUNNING,
        state: status.to_string(),
        // What was asked for: a container that is stopped has no ports at the moment.
        ports: ports(host.port_bindings.unwrap_or_default()),
        mounts: mounts(&host.binds.unwrap_or_default()),
        volumes,
        memory_limit: host
            .memory
            .and_then(|bytes| u64::try_from(bytes).ok())
            .filter(|&bytes| bytes > 0),
    }
}

/// What was asked for: engines in a virtual machine call the host's folders by names of their own.
fn mounts(binds: &[String]) -> Vec<(String, String)> {
    let parts = binds.iter().filter_map(|bind| {
        let mut parts = bind.split(':');
        Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
    });
    // Without a folder of the host, it is a volume.
    parts.filter(|(host, _)| host.starts_with('/')).collect()
}

fn ports(bindings: PortMap) -> Vec<FoundPort> {
    let mut ports = Vec::new();
    for (container_port, hosts) in bindings {
        let number = container_port.split('/').next().unwrap_or_default();
        let Ok(container_port) = number.parse() else {
            continue;
        };
        for host in hosts.unwrap_or_default() {
            ports.push(FoundPort {
                container_port,
                address: host.host_ip.unwrap_or_default(),
                host_port: host
                    .host_port
                    .and_then(|port| port.parse().ok())
                    .unwrap_or_default(),
            });
        }
    }
    ports.sort();
    ports
}
