//! Ports that containers of the engine publish on the host.

use bollard::query_parameters::ListContainersOptionsBuilder;

use super::Engine;

/// The label by which Kind marks its nodes with the name of their cluster.
const KIND_CLUSTER_LABEL: &str = "io.x-k8s.kind.cluster";

/// A port of the host that a running container holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedPort {
    /// The port on the host.
    pub port: u16,
    /// The container's name.
    pub container: String,
    /// The Kind cluster of which the container is a node.
    pub kind_cluster: Option<String>,
}

impl Engine {
    /// Every published port of every running container.
    ///
    /// # Errors
    ///
    /// What the engine said; it is only asked to explain a taken port.
    pub async fn published_ports(&self) -> Result<Vec<PublishedPort>, bollard::errors::Error> {
        let Some(client) = self.client() else {
            return Ok(Vec::new());
        };
        let options = ListContainersOptionsBuilder::new().build();
        let containers = client.list_containers(Some(options)).await?;
        Ok(containers
            .into_iter()
            .flat_map(|container| {
                let name = container.names.unwrap_or_default().into_iter().next();
                let name = name.map_or_else(
                    || container.id.unwrap_or_default(),
                    |name| name.trim_start_matches('/').to_owned(),
                );
                let kind_cluster = container
                    .labels
                    .and_then(|mut labels| labels.remove(KIND_CLUSTER_LABEL));
                let ports = container.ports.unwrap_or_default();
                ports.into_iter().filter_map(move |port| {
                    Some(PublishedPort {
                        port: port.public_port?,
                        container: name.clone(),
                        kind_cluster: kind_cluster.clone(),
                    })
                })
            })
            .collect())
    }
}
