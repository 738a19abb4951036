//! What can be changed about a cluster's nodes without losing anything.

use bollard::Docker;
use bollard::models::ContainerUpdateBody;

use super::inspect::FoundCluster;
use super::{EngineError, NodeMemory};

/// Starts the nodes that do not run, as after a restart of the host, the control plane first. Gives their names.
///
/// # Errors
///
/// [`EngineError::Call`].
pub async fn start_stopped(
    engine: &Docker,
    cluster: &FoundCluster,
) -> Result<Vec<String>, EngineError> {
    let mut stopped: Vec<&str> = cluster
        .nodes
        .iter()
        .filter(|node| !node.running)
        .map(|node| node.name.as_str())
        .collect();
    stopped.sort_by_key(|name| !name.contains("control-plane"));
    for name in &stopped {
        let attempted = format!("start node {name}");
        engine
            .start_container(name, None)
            .await
            .map_err(EngineError::call(attempted))?;
    }
    Ok(stopped.into_iter().map(str::to_owned).collect())
}

/// Limits the memory of every node's container, swap included, or lifts the limit. Gives the names of the nodes that were changed.
///
/// # Errors
///
/// [`EngineError::Call`]; engines without this call refuse it, and the kubelet's own reservation still holds then.
pub async fn limit_memory(
    engine: &Docker,
    cluster: &FoundCluster,
    memory: NodeMemory,
) -> Result<Vec<String>, EngineError> {
    let wanted = memory.container_limit();
    let mut changed = Vec::new();
    for node in &cluster.nodes {
        if node.memory_limit == wanted {
            continue;
        }
        // The API has 0 for "as it is" and -1 for "no limit".
        let bytes = wanted.map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(-1));
        let limits = ContainerUpdateBody {
            memory: Some(bytes),
            memory_swap: Some(bytes),
            ..Default::default()
        };
        let attempted = format!("set the memory limit of node {}", node.name);
        engine
            .update_container(&node.name, limits)
            .await
            .map_err(EngineError::call(attempted))?;
        changed.push(node.name.clone());
    }
    Ok(changed)
}
