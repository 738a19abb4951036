//! The address of the registry on this host, where no port of a node leads to it.

use std::net::{Ipv4Addr, TcpListener};

use super::DeployContext;
use crate::plan::StepError;

/// `localhost:PORT`: the port that is mapped, else the one that an earlier run forwarded, else any free one.
pub(super) fn registry_endpoint(
    mapped: Option<u16>,
    context: &DeployContext,
) -> Result<String, StepError> {
    if let Some(port) = mapped {
        return Ok(format!("localhost:{port}"));
    }
    if let Some(earlier) = context.earlier() {
        return Ok(earlier.registry.host_endpoint);
    }
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
    let free = free.map_err(StepError::because("find a free port for the registry"))?;
    Ok(format!("localhost:{}", free.port()))
}

/// The port of such an address.
pub(super) fn port_of(endpoint: &str) -> Option<u16> {
    endpoint.rsplit_once(':')?.1.parse().ok()
}
