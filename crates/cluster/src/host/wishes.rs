//! What the deployment would need of the host.

use std::path::PathBuf;

use crate::choice::Flavour;
use crate::kind::REGISTRY_NODE_PORT;
use crate::kind::configuration::ClusterConfiguration;

/// A port of the host that the Kind configuration maps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// The port.
    pub port: u16,
    /// What answers there, as a fragment.
    pub purpose: &'static str,
    /// The setting that chooses another one, where there is one.
    pub setting: Option<&'static str>,
}

/// What is judged: the host can do this, or it lacks something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wishes {
    /// Who acts on Konflux resources; a full Konflux needs far more.
    pub flavour: Flavour,
    /// Name of the Kind cluster; its own ports are not in its way.
    pub cluster: String,
    /// Memory that the node may use, in GiB.
    pub memory_gib: u64,
    /// The ports that the node maps.
    pub ports: Vec<HostPort>,
    /// The node's image. Its tag says which Kubernetes it is.
    pub node_image: Option<String>,
    /// The other images, which must be cached or reachable, too.
    pub images: Vec<String>,
    /// Will the deployment raise the process limit of a Podman node (`INCREASE_PODMAN_PIDS_LIMIT`)?
    pub raises_process_limit: bool,
    /// The folder of our own state.
    pub state: PathBuf,
}

impl Wishes {
    /// A cluster called `konflux` whose node may use 8 GiB, as upstream has it, and that maps no port and needs no image yet.
    #[must_use]
    pub fn new(flavour: Flavour, state: PathBuf) -> Self {
        Self {
            flavour,
            cluster: "konflux".to_owned(),
            memory_gib: 8,
            ports: Vec::new(),
            node_image: None,
            images: Vec::new(),
            raises_process_limit: false,
            state,
        }
    }

    /// The same, with the name, the ports and the node image of a configuration: what would really be made.
    #[must_use]
    pub fn for_configuration(mut self, configuration: &ClusterConfiguration) -> Self {
        self.cluster.clone_from(&configuration.name);
        let nodes = configuration.nodes.iter();
        let mappings = nodes.flat_map(|node| &node.extra_port_mappings);
        self.ports = mappings
            // 0 stands for any free one.
            .filter(|mapping| mapping.host_port != 0)
            .map(|mapping| {
                let (purpose, setting) = purpose(mapping.container_port);
                HostPort {
                    port: mapping.host_port,
                    purpose,
                    setting,
                }
            })
            .collect();
        let control_plane = configuration.nodes.first();
        self.node_image = control_plane.and_then(|node| node.image.clone());
        self
    }

    /// Is it a full Konflux?
    pub(super) fn full(&self) -> bool {
        self.flavour == Flavour::Operator
    }
}

/// What upstream's node ports are for, and the setting that moves the one on the host.
fn purpose(node_port: u16) -> (&'static str, Option<&'static str>) {
    match node_port {
        REGISTRY_NODE_PORT => ("the internal registry", Some("REGISTRY_HOST_PORT")),
        30002 => ("a Quay in the cluster", None),
        30011 => ("Konflux's user interface", None),
        30012 => ("webhooks of a GitLab", None),
        _ => ("the Kind configuration", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::configuration::STATIC;

    #[test]
    fn what_the_kind_configuration_of_this_project_maps_is_wished_for() {
        let configuration = ClusterConfiguration::read(STATIC).unwrap();
        let wishes = Wishes::new(Flavour::Operator, "/".into()).for_configuration(&configuration);
        let ports: Vec<u16> = wishes.ports.iter().map(|port| port.port).collect();
        assert_eq!(ports, [9443, 8180, 5001, 8443]);
        let purposes = wishes.ports.iter().map(|port| port.purpose);
        assert!(
            purposes
                .into_iter()
                .all(|purpose| purpose != "the Kind configuration")
        );
        assert_eq!(wishes.ports[2].setting, Some("REGISTRY_HOST_PORT"));
        assert!(
            wishes
                .node_image
                .unwrap()
                .starts_with("kindest/node:v1.36.1@")
        );
    }
}
