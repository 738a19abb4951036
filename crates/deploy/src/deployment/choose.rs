//! What a deployment that may exist already keeps of what it has, and what of it is asked otherwise.

use cluster::embedded::{Daemon, Ports, Running};
use cluster::registry_access::RegistryAuth;
use cluster::{DeploymentDirectory, DeploymentRecord};

use super::{DeployError, DeployRequest};

/// What the embedded cluster runs with.
pub(super) struct Chosen {
    pub(super) ports: Ports,
    pub(super) registry_auth: RegistryAuth,
    /// What was asked and is not so.
    pub(super) differences: Vec<String>,
}

/// A running cluster keeps its registry as it is, and differences are listed; a stopped one takes what is asked, else what it
/// had.
pub(super) fn choose(
    request: &DeployRequest<'_>,
    directory: &DeploymentDirectory,
    earlier: Option<&DeploymentRecord>,
) -> Result<Chosen, DeployError> {
    let daemon = Daemon::of(directory);
    if let Some(running) = daemon.find()? {
        return Ok(Chosen {
            ports: running.ports,
            registry_auth: running.registry_auth,
            differences: differences(request, running),
        });
    }
    let last = match daemon.last()? {
        Some(last) => Some((last.ports, last.registry_auth)),
        None => earlier.and_then(recorded),
    };
    let settings = request.settings;
    let (asked_port, asked_auth) = (settings.registry_host_port(), settings.registry_auth());
    Ok(Chosen {
        ports: Ports {
            api_server: last.map_or(0, |(ports, _)| ports.api_server),
            registry: match last {
                Some((ports, _)) if !asks_for_a_port(request) => ports.registry,
                _ => asked_port,
            },
        },
        registry_auth: match last {
            Some((_, auth)) if !settings.is_set("REGISTRY_AUTH") => auth,
            _ => asked_auth,
        },
        differences: Vec::new(),
    })
}

fn differences(request: &DeployRequest<'_>, running: Running) -> Vec<String> {
    let settings = request.settings;
    let destroy = request.name.command("destroy");
    let (port, auth) = (running.ports.registry, running.registry_auth);
    let (asked_port, asked_auth) = (settings.registry_host_port(), settings.registry_auth());
    let mut differences = Vec::new();
    if asks_for_a_port(request) && asked_port != port {
        differences.push(format!(
            "the registry listens on port {port} and REGISTRY_HOST_PORT asks for {asked_port}; a running registry is not moved: `{destroy}` and deploy again to move it"
        ));
    }
    if settings.is_set("REGISTRY_AUTH") && asked_auth != auth {
        let now = match auth {
            RegistryAuth::None => "asks for no login",
            RegistryAuth::Htpasswd => "asks for a login",
        };
        differences.push(format!(
            "the registry {now} and REGISTRY_AUTH asks for {asked_auth}; a running registry is not changed: `{destroy}` and deploy again to change it"
        ));
    }
    differences
}

fn asks_for_a_port(request: &DeployRequest<'_>) -> bool {
    request.settings.is_set("REGISTRY_HOST_PORT") && request.settings.registry_host_port() != 0
}

fn recorded(record: &DeploymentRecord) -> Option<(Ports, RegistryAuth)> {
    let port = |address: &str| {
        address
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok())
    };
    let ports = Ports {
        api_server: port(&record.kubernetes.server)?,
        registry: port(&record.registry.host_endpoint)?,
    };
    let registry_auth = match record.registry.auth_file {
        Some(_) => RegistryAuth::Htpasswd,
        None => RegistryAuth::None,
    };
    Some((ports, registry_auth))
}
