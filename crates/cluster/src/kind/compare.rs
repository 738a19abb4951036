//! What is asked of a cluster, and how the one that is there differs from it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::configuration::{ClusterConfiguration, Node};
use super::inspect::{FoundCluster, FoundNode};
use super::{NodeMemory, REGISTRY_NODE_PORT};

/// The port of a node's API server, which `kind` maps by itself.
const API_SERVER_PORT: u16 = 6443;
const LOAD_BALANCER: &str = "external-load-balancer";

/// One field in which a cluster is not as it is asked for. None of them can be changed in a cluster that exists, save
/// [`Field::MemoryLimit`], which [`limit_memory`](super::nodes::limit_memory) sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where: a node's name, or the cluster's.
    pub place: String,
    /// Which field.
    pub field: Field,
    /// What is asked for.
    pub asked: String,
    /// What is there.
    pub found: String,
}

/// A field that can be compared from outside a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// How many nodes of a role there are.
    NodeCount,
    /// A node's image.
    Image,
    /// The address and port of the host that lead to this port of a node.
    Port(u16),
    /// A folder of the host that a node mounts.
    Mount,
    /// The memory limit of a node's container.
    MemoryLimit,
}

/// Compares field by field. Only what is asked for counts: mounts and ports that a node has beyond it are listed, what it has by itself is not.
#[must_use]
pub fn compare(
    asked: &ClusterConfiguration,
    memory: Option<NodeMemory>,
    found: &FoundCluster,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let roles: BTreeMap<&str, Vec<&Node>> =
        asked.nodes.iter().fold(BTreeMap::new(), |mut roles, node| {
            roles.entry(node.role.as_str()).or_default().push(node);
            roles
        });
    let found_of = |role: &str| {
        let nodes = found.nodes.iter().filter(|node| node.role == role);
        nodes.collect::<Vec<&FoundNode>>()
    };
    let all_roles = found.nodes.iter().map(|node| node.role.as_str());
    let all_roles = all_roles.filter(|&role| role != LOAD_BALANCER);
    let all_roles: std::collections::BTreeSet<&str> =
        all_roles.chain(roles.keys().copied()).collect();
    for role in all_roles {
        let asked = roles.get(role).map(Vec::as_slice).unwrap_or_default();
        // kind names nodes in the order of the document, and found ones are sorted by name: `worker`, `worker2`, …
        let mut found_nodes = found_of(role);
        found_nodes.sort_by_key(|node| (node.name.len(), node.name.clone()));
        if asked.len() != found_nodes.len() {
            differences.push(Difference {
                place: found.name.to_string(),
                field: Field::NodeCount,
                asked: format!("{} {role}", asked.len()),
                found: format!("{} {role}", found_nodes.len()),
            });
        }
        for (asked, found) in asked.iter().zip(found_nodes) {
            compare_node(asked, memory, found, &mut differences);
        }
    }
    differences
}

fn compare_node(
    asked: &Node,
    memory: Option<NodeMemory>,
    found: &FoundNode,
    differences: &mut Vec<Difference>,
) {
    let mut differ = |field, asked: String, found_value: String| {
        if asked != found_value {
            differences.push(Difference {
                place: found.name.clone(),
                field,
                asked,
                found: found_value,
            });
        }
    };
    if let Some(image) = &asked.image
        && plain_image(image) != plain_image(&found.image)
    {
        differ(Field::Image, image.clone(), found.image.clone());
    }
    let mut ports: Vec<u16> = asked
        .extra_port_mappings
        .iter()
        .map(|mapping| mapping.container_port)
        .chain(found.ports.iter().map(|port| port.container_port))
        .filter(|&port| port != API_SERVER_PORT)
        .collect();
    ports.sort_unstable();
    ports.dedup();
    for port in ports {
        let wanted = asked
            .extra_port_mappings
            .iter()
            .filter(|mapping| mapping.container_port == port)
            .map(|mapping| binding(&mapping.listen_address, mapping.host_port));
        let there = found.ports.iter();
        let there = there
            .filter(|found| found.container_port == port)
            .map(|found| binding(&found.address, found.host_port));
        differ(Field::Port(port), listed(wanted), listed(there));
    }
    for mount in &asked.extra_mounts {
        let there = found
            .mounts
            .iter()
            .filter(|(_, node)| Path::new(node) == Path::new(&mount.container_path))
            .map(|(host, _)| mounted(host, &mount.container_path));
        let wanted = mounted(&mount.host_path, &mount.container_path);
        differ(Field::Mount, wanted, listed(there));
    }
    if let Some(memory) = memory {
        let limit = in_words(memory.container_limit());
        differ(Field::MemoryLimit, limit, in_words(found.memory_limit));
    }
}

/// An image without what `kind` and engines add to its name or leave out of it: for Podman, `kind` adds `docker.io/` and leaves
/// out the tag of an image with a digest.
fn plain_image(image: &str) -> String {
    let image = image.strip_prefix("docker.io/").unwrap_or(image);
    let image = image.strip_prefix("library/").unwrap_or(image);
    match image.split_once('@') {
        Some((name, digest)) => {
            let folder = name.rfind('/').map_or(0, |slash| slash + 1);
            let tag = name[folder..].find(':').map(|colon| folder + colon);
            format!("{}@{digest}", &name[..tag.unwrap_or(name.len())])
        }
        None => image.to_owned(),
    }
}

fn binding(address: &str, port: u16) -> String {
    // kind asks the engine for every address where the document names none.
    let address = if address.is_empty() {
        "0.0.0.0"
    } else {
        address
    };
    format!("{address}:{port}")
}

fn mounted(host: &str, node: &str) -> String {
    format!("{host} on {node}")
}

fn listed(values: impl Iterator<Item = String>) -> String {
    let mut values: Vec<String> = values.collect();
    values.sort();
    if values.is_empty() {
        "none".to_owned()
    } else {
        values.join(", ")
    }
}

fn in_words(limit: Option<u64>) -> String {
    limit.map_or("none".to_owned(), |bytes| {
        format!("{} MiB", bytes / (1 << 20))
    })
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place,
            field,
            asked,
            found,
        } = self;
        write!(
            formatter,
            "{place}: {field} is {found}, and {asked} is asked for"
        )
    }
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NodeCount => formatter.write_str("the number of nodes"),
            Self::Image => formatter.write_str("the node image"),
            Self::Port(REGISTRY_NODE_PORT) => formatter.write_str(
                "the host port of the registry (REGISTRY_HOST_PORT, ENABLE_REGISTRY_PORT)",
            ),
            Self::Port(port) => write!(formatter, "the host port of node port {port}"),
            Self::Mount => formatter.write_str("a mounted folder"),
            Self::MemoryLimit => formatter.write_str("the memory limit (KIND_MEMORY_GB)"),
        }
    }
}
