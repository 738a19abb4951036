//! Making a document: the static one, with what varies set as data.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{ConfigurationError, STATIC};
use crate::kind::{CERTS_D, KindSettings, NodeMemory, REGISTRY_NODE_PORT};

/// The document of a cluster with these settings.
///
/// # Errors
///
/// [`ConfigurationError::NotMountable`], [`ConfigurationError::PortTwice`].
pub fn render(settings: &KindSettings) -> Result<String, ConfigurationError> {
    render_from(STATIC, settings)
}

/// The same from another static document. What it holds beyond what is set stays.
///
/// # Errors
///
/// [`ConfigurationError`].
pub fn render_from(document: &str, settings: &KindSettings) -> Result<String, ConfigurationError> {
    let mut cluster: Map<String, Value> = serde_saphyr::from_str(document)
        .map_err(|error| ConfigurationError::Malformed(error.to_string()))?;
    if cluster.get("kind").and_then(Value::as_str) != Some("Cluster") {
        return Err(ConfigurationError::NoControlPlane);
    }
    cluster.insert("name".to_owned(), json!(settings.name.as_str()));
    let nodes = cluster.get_mut("nodes").and_then(Value::as_array_mut);
    let nodes = nodes.ok_or(ConfigurationError::NoControlPlane)?;
    for _ in 0..settings.workers {
        nodes.push(json!({"role": "worker"}));
    }
    let control_plane = nodes.iter().find(|node| is_control_plane(node));
    let control_plane = control_plane.ok_or(ConfigurationError::NoControlPlane)?;
    let image = settings.node_image.as_deref();
    let image = image.or_else(|| control_plane.get("image").and_then(Value::as_str));
    let image = image.map(str::to_owned);
    let mut first_control_plane = true;
    for node in nodes.iter_mut() {
        let is_control_plane = is_control_plane(node);
        let node = node
            .as_object_mut()
            .ok_or_else(|| malformed("a node is not a mapping"))?;
        if let Some(image) = &image
            && (settings.node_image.is_some() || !node.contains_key("image"))
        {
            node.insert("image".to_owned(), json!(image));
        }
        if let Some(folder) = &settings.certs_d {
            list(node, "extraMounts")?.push(certs_d_mount(folder)?);
        }
        if is_control_plane && std::mem::take(&mut first_control_plane) {
            if let Some(memory) = settings.memory {
                // kubeadm hands the first node's kubelet configuration to all others.
                list(node, "kubeadmConfigPatches")?.push(json!(memory_patch(memory)));
            }
            set_registry_port(list(node, "extraPortMappings")?, settings.registry_port)?;
        }
        for mapping in list(node, "extraPortMappings")? {
            let mapping = mapping.as_object_mut();
            let mapping = mapping.ok_or_else(|| malformed("a port mapping is not a mapping"))?;
            // Without it, kind binds every address of the host.
            mapping.entry("listenAddress").or_insert(json!("127.0.0.1"));
        }
        node.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
    }
    serde_saphyr::to_string(&cluster).map_err(|error| malformed(&error.to_string()))
}

fn is_control_plane(node: &Value) -> bool {
    // kind takes a node without a role for a control plane.
    node.get("role")
        .is_none_or(|role| role.as_str() == Some("control-plane"))
}

fn set_registry_port(
    mappings: &mut Vec<Value>,
    host_port: Option<u16>,
) -> Result<(), ConfigurationError> {
    let port = |mapping: &Value, name: &str| mapping.get(name).and_then(Value::as_u64);
    let is_registry =
        |mapping: &Value| port(mapping, "containerPort") == Some(REGISTRY_NODE_PORT.into());
    let Some(host_port) = host_port else {
        mappings.retain(|mapping| !is_registry(mapping));
        return Ok(());
    };
    let other = mappings.iter().find(|mapping| {
        !is_registry(mapping) && port(mapping, "hostPort") == Some(host_port.into())
    });
    if let Some(other) = other.and_then(|mapping| port(mapping, "containerPort")) {
        return Err(ConfigurationError::PortTwice {
            port: host_port,
            other: u16::try_from(other).unwrap_or_default(),
        });
    }
    match mappings.iter_mut().find(|mapping| is_registry(mapping)) {
        Some(mapping) => mapping["hostPort"] = json!(host_port),
        None => mappings.push(json!({
            "containerPort": REGISTRY_NODE_PORT,
            "hostPort": host_port,
            "protocol": "TCP",
        })),
    }
    Ok(())
}

fn memory_patch(memory: NodeMemory) -> String {
    format!(
        "kind: KubeletConfiguration\nsystemReserved:\n  memory: {}Mi\n",
        memory.reserved_mebibytes()
    )
}

fn certs_d_mount(folder: &Path) -> Result<Value, ConfigurationError> {
    let path = folder
        .to_str()
        .filter(|path| folder.is_absolute() && !path.contains(':'));
    let path = path.ok_or_else(|| ConfigurationError::NotMountable {
        path: folder.to_owned(),
    })?;
    Ok(json!({"hostPath": path, "containerPath": CERTS_D, "readOnly": true}))
}

fn list<'a>(
    node: &'a mut Map<String, Value>,
    name: &str,
) -> Result<&'a mut Vec<Value>, ConfigurationError> {
    node.entry(name)
        .or_insert_with(|| json!([]))
        .as_array_mut()
        .ok_or_else(|| malformed(&format!("`{name}` of a node is not a list")))
}

fn malformed(problem: &str) -> ConfigurationError {
    ConfigurationError::Malformed(problem.to_owned())
}
