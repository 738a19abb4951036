//! A port of this host that leads to the registry's pod, through the Kubernetes API's port forwarding.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::{Context, anyhow};
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "kind-registry";
const SERVICE: &str = "registry-service";

/// Listeners on both loopback addresses.
pub(super) struct Forward {
    listeners: Vec<TcpListener>,
    client: Client,
}

impl Forward {
    pub(super) async fn listen(port: u16, client: Client) -> anyhow::Result<Self> {
        let mut listeners = Vec::new();
        for address in [
            SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            SocketAddr::from((Ipv6Addr::LOCALHOST, port)),
        ] {
            match TcpListener::bind(address).await {
                Ok(listener) => listeners.push(listener),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    let owner = crate::host::ports::owner(port);
                    return Err(anyhow!(
                        "cannot forward the registry to {address}, which {owner} holds: {error}"
                    ));
                }
                Err(error) if address.is_ipv6() => tracing::info!("no IPv6 loopback: {error}"),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self { listeners, client })
    }

    /// Serves until it is told to stop. A connection that fails ends alone.
    pub(super) async fn run(self, shutdown: CancellationToken) {
        let serving = self.listeners.iter().map(|listener| async {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        let client = self.client.clone();
                        tokio::spawn(async move {
                            if let Err(error) = forward(client, stream).await {
                                tracing::warn!("a connection to the registry failed: {error:#}");
                            }
                        });
                    }
                    Err(error) => tracing::warn!("cannot accept a connection: {error}"),
                }
            }
        });
        let serving = futures::future::join_all(serving);
        let _never_ends: Option<Vec<()>> = shutdown.run_until_cancelled(serving).await;
    }
}

async fn forward(client: Client, mut stream: TcpStream) -> anyhow::Result<()> {
    let services: Api<Service> = Api::namespaced(client.clone(), NAMESPACE);
    let service = services.get(SERVICE).await;
    let service = service.with_context(|| format!("cannot read Service {NAMESPACE}/{SERVICE}"))?;
    let pods: Api<Pod> = Api::namespaced(client, NAMESPACE);
    let labels = selector(&service).context("the Service selects no pods")?;
    let listed = pods.list(&ListParams::default().labels(&labels)).await?;
    let pod = listed.items.iter().find(|pod| is_ready(pod));
    let pod = pod.with_context(|| format!("no pod with {labels} is ready"))?;
    let port = target_port(&service, pod).context("the Service leads to no port of the pod")?;
    let mut forwarder = pods.portforward(&pod.name_any(), &[port]).await?;
    let mut upstream = forwarder.take_stream(port).context("no stream")?;
    tokio::io::copy_bidirectional(&mut stream, &mut upstream).await?;
    drop(upstream);
    forwarder.join().await?;
    Ok(())
}

fn selector(service: &Service) -> Option<String> {
    let selector = service.spec.as_ref()?.selector.as_ref()?;
    let pairs: Vec<String> = selector
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    (!pairs.is_empty()).then(|| pairs.join(","))
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_ref());
    pod.metadata.deletion_timestamp.is_none()
        && conditions.is_some_and(|conditions| {
            conditions
                .iter()
                .any(|condition| condition.type_ == "Ready" && condition.status == "True")
        })
}

/// The port of the pod to which the Service's first port leads, by number or by name.
fn target_port(service: &Service, pod: &Pod) -> Option<u16> {
    let port = service.spec.as_ref()?.ports.as_ref()?.first()?;
    let number = match &port.target_port {
        None => port.port,
        Some(IntOrString::Int(number)) => *number,
        Some(IntOrString::String(name)) => {
            let containers = &pod.spec.as_ref()?.containers;
            let mut ports = containers
                .iter()
                .flat_map(|container| container.ports.iter().flatten());
            ports
                .find(|port| port.name.as_ref() == Some(name))?
                .container_port
        }
    };
    u16::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(target: serde_json::Value) -> Service {
        serde_json::from_value(json!({
            "spec": {"selector": {"run": "registry"}, "ports": [{"port": 443, "targetPort": target}]},
        }))
        .unwrap()
    }

    fn pod(ready: &str) -> Pod {
        serde_json::from_value(json!({
            "spec": {"containers": [{"name": "registry", "ports": [{"name": "https", "containerPort": 5000}]}]},
            "status": {"conditions": [{"type": "Ready", "status": ready}]},
        }))
        .unwrap()
    }

    #[test]
    fn a_services_port_leads_to_the_pods_by_number_or_name() {
        assert_eq!(
            target_port(&service(json!("https")), &pod("True")),
            Some(5000)
        );
        assert_eq!(target_port(&service(json!(5001)), &pod("True")), Some(5001));
        assert_eq!(target_port(&service(json!("http")), &pod("True")), None);
    }

    #[test]
    fn only_a_pod_that_is_ready_is_connected_to() {
        assert!(is_ready(&pod("True")) && !is_ready(&pod("False")));
    }
}
