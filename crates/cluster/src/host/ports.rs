//! Is a port of the loopback interface free, and if not, whose is it?

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// The process that listens on a port, as far as this user may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortOwner {
    process: Option<(u32, String)>,
}

/// A port that a deployment needs belongs to somebody else.
#[derive(Debug, thiserror::Error)]
#[error(
    "port {port} on {address} is taken by {owner}: stop that process, or choose another port with REGISTRY_HOST_PORT=<port> (0 takes any free one)"
)]
pub struct PortTaken {
    /// The port that was wanted.
    pub port: u16,
    /// The loopback address on which it is taken.
    pub address: String,
    /// Who listens there.
    pub owner: PortOwner,
}

/// Refuses a port that is taken on either loopback address. Port 0 stands for any free port.
///
/// # Errors
///
/// [`PortTaken`], with the process that owns it where the system tells.
pub fn check_free(port: u16) -> Result<(), PortTaken> {
    if port == 0 {
        return Ok(());
    }
    for address in [
        SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        SocketAddr::from((Ipv6Addr::LOCALHOST, port)),
    ] {
        match TcpListener::bind(address) {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                return Err(PortTaken {
                    port,
                    address: address.ip().to_string(),
                    owner: owner(port),
                });
            }
            // An address family that this host does not have cannot be taken either.
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// Finds the process that listens on a TCP port.
#[must_use]
pub fn owner(port: u16) -> PortOwner {
    let process = listeners::get_process_by_port(port, listeners::Protocol::TCP).ok();
    PortOwner {
        process: process.map(|process| (process.pid, process.name)),
    }
}

impl PortOwner {
    /// The process's id, where this user may see it.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(|(id, _)| *id)
    }
}

impl fmt::Display for PortOwner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.process {
            Some((pid, name)) => write!(formatter, "process {pid} ({name})"),
            None => formatter.write_str("a process that this user may not see"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_reported_with_its_owner_and_two_ways_out() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let message = check_free(port).unwrap_err().to_string();
        assert!(
            message.contains(&format!("process {}", std::process::id())),
            "{message}"
        );
        assert!(
            message.contains("stop that process") && message.contains("REGISTRY_HOST_PORT"),
            "{message}"
        );
    }

    #[test]
    fn any_free_port_needs_no_check() {
        check_free(0).unwrap();
    }
}
