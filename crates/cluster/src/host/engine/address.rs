//! Addresses of engines, as `DOCKER_HOST` and its relatives write them.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use url::Url;

/// What is wrong with an engine behind TLS.
pub(super) const WITH_TLS: &str = "asks for TLS, which engines of other machines need; use the socket of an engine of this machine";

/// Where an engine can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A socket of this machine.
    Unix(PathBuf),
    /// A TCP port, asked in the clear, as its owner set it up.
    Tcp {
        /// Name or address of the machine.
        host: String,
        /// The port.
        port: u16,
    },
    /// An engine without an API of its own, asked by its command.
    Command(String),
}

impl Address {
    /// Reads `unix:///path` and `tcp://host:port`; without a scheme it is TCP, as in Docker's client.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a fragment. The text itself is not repeated: it may hold a password.
    pub fn read(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix://") {
            return if path.starts_with('/') {
                Ok(Self::Unix(path.into()))
            } else {
                Err("names a socket by a relative path; write unix:///full/path".to_owned())
            };
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", text));
        match scheme {
            "tcp" | "http" => {}
            "https" => return Err(WITH_TLS.to_owned()),
            "ssh" => return Err(
                "reaches the engine by ssh, which is not supported: the ports of a cluster there are not on this machine; use an engine of this machine".to_owned(),
            ),
            other => {
                return Err(format!(
                    "has the scheme `{other}`, which is not supported; use unix:// or tcp://"
                ));
            }
        }
        // Under this name `Url` knows no default port that it would leave out.
        let url = Url::parse(&format!("tcp://{rest}"))
            .map_err(|error| format!("is no address: {error}"))?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or("names no host")?;
        Ok(Self::Tcp {
            host: host.trim_matches(['[', ']']).to_owned(),
            // Docker's port.
            port: url.port().unwrap_or(2375),
        })
    }

    /// Are ports that this engine maps to its loopback interface on this machine?
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        match self {
            Self::Unix(_) | Self::Command(_) => true,
            Self::Tcp { host, .. } => {
                host == "localhost"
                    || host
                        .parse::<IpAddr>()
                        .is_ok_and(|address| address.is_loopback())
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(formatter),
            Self::Tcp { host, port, .. } if host.contains(':') => {
                write!(formatter, "tcp://[{host}]:{port}")
            }
            Self::Tcp { host, port, .. } => write!(formatter, "tcp://{host}:{port}"),
            Self::Command(command) => write!(formatter, "the `{command}` command"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_and_ports_are_read_as_docker_reads_them() {
        assert_eq!(
            Address::read("unix:///run/docker.sock").unwrap(),
            Address::Unix("/run/docker.sock".into())
        );
        for text in ["tcp://127.0.0.1:2376", "127.0.0.1:2376"] {
            assert_eq!(
                Address::read(text).unwrap().to_string(),
                "tcp://127.0.0.1:2376"
            );
        }
        assert_eq!(
            Address::read("tcp://[::1]").unwrap().to_string(),
            "tcp://[::1]:2375"
        );
    }

    #[test]
    fn ssh_and_other_schemes_are_refused_with_what_to_use() {
        let problem = Address::read("ssh://user@host").unwrap_err();
        assert!(
            problem.contains("not supported") && !problem.contains("user@host"),
            "{problem}"
        );
        assert!(
            Address::read("https://127.0.0.1")
                .unwrap_err()
                .contains("TLS")
        );
        assert!(
            Address::read("npipe:////./pipe/x")
                .unwrap_err()
                .contains("npipe")
        );
        assert!(
            Address::read("unix://docker.sock")
                .unwrap_err()
                .contains("relative")
        );
        assert!(
            Address::read("tcp://")
                .unwrap_err()
                .contains("names no host")
        );
    }

    #[test]
    fn only_loopback_addresses_are_this_machine() {
        for (text, expected) in [
            ("tcp://localhost:2375", true),
            ("tcp://[::1]:2375", true),
            ("tcp://docker:2375", false),
            ("unix:///run/docker.sock", true),
        ] {
            assert_eq!(
                Address::read(text).unwrap().is_this_machine(),
                expected,
                "{text}"
            );
        }
    }
}
