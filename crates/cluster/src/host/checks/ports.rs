//! Each port that the Kind configuration maps: free, or whose?

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::super::check::{Check, Remedy};
use super::super::engine::PublishedPort;
use super::super::ports;
use super::super::wishes::HostPort;

/// A listener of this machine takes a connection at once.
const LIMIT: Duration = Duration::from_millis(250);

/// The port is free, or the cluster's own. Blocks for moments: not for the thread of a runtime.
pub(in super::super) fn port(
    wanted: &HostPort,
    cluster: &str,
    published: &[PublishedPort],
    engine_command: Option<&str>,
) -> Check {
    let port = wanted.port;
    let name = format!("port-{port}");
    let holder = published.iter().find(|other| other.port == port);
    if holder.is_some_and(|holder| holder.kind_cluster.as_deref() == Some(cluster)) {
        return Check::pass(
            name,
            format!(
                "{}: mapped by the Kind cluster {cluster} already",
                wanted.purpose
            ),
        );
    }
    if let Some(holder) = holder {
        let what = match &holder.kind_cluster {
            Some(other) => format!("the Kind cluster {other} ({})", holder.container),
            None => format!("the container {}", holder.container),
        };
        // Stopped, it can be started again: what somebody else made is never to be deleted by pasting.
        let engine = engine_command.unwrap_or("docker");
        let command = format!("{engine} stop {}", holder.container);
        let seen = format!("{} needs it, and {what} has it", wanted.purpose);
        return Check::fail(name, seen, remedy(wanted, command));
    }
    if ports::check_free(port).is_ok() && !answers(port) {
        return Check::pass(name, format!("{}: free", wanted.purpose));
    }
    let owner = ports::owner(port);
    let seen = format!("{} needs it, and {owner} has it", wanted.purpose);
    let command = match owner.id() {
        Some(id) => format!("kill {id}"),
        None => format!("sudo ss --listening --tcp --processes 'sport = :{port}'"),
    };
    Check::fail(name, seen, remedy(wanted, command))
}

fn remedy(wanted: &HostPort, command: String) -> Remedy {
    match wanted.setting {
        Some(setting) => Remedy::command(
            format!("choose another one with {setting}=<port>, or end what has it"),
            command,
        ),
        None => Remedy::command("end what has it", command),
    }
}

/// Where a listener on every interface does not keep others from binding loopback, only asking tells.
fn answers(port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), LIMIT).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::super::check::Verdict;
    use super::*;
    use std::net::TcpListener;

    fn wanted(port: u16, setting: Option<&'static str>) -> HostPort {
        HostPort {
            port,
            purpose: "the internal registry",
            setting,
        }
    }

    fn held(port: u16, kind_cluster: Option<&str>) -> Vec<PublishedPort> {
        vec![PublishedPort {
            port,
            container: "somebody".to_owned(),
            kind_cluster: kind_cluster.map(str::to_owned),
        }]
    }

    #[test]
    fn a_taken_port_names_its_owner_and_the_setting_that_moves_it() {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let number = listener.local_addr().unwrap().port();
        let check = port(
            &wanted(number, Some("REGISTRY_HOST_PORT")),
            "konflux",
            &[],
            None,
        );
        assert_eq!(check.verdict, Verdict::Fail);
        let me = std::process::id();
        assert!(
            check.seen.contains(&format!("process {me} (")),
            "{}",
            check.seen
        );
        let remedy = check.remedy.unwrap();
        assert!(remedy.advice.contains("REGISTRY_HOST_PORT=<port>"));
        assert_eq!(remedy.command.unwrap(), format!("kill {me}"));
    }

    #[test]
    fn a_container_is_named_rather_than_the_process_that_forwards_to_it() {
        let check = port(
            &wanted(5001, None),
            "konflux",
            &held(5001, None),
            Some("podman"),
        );
        assert!(
            check.seen.ends_with("the container somebody has it"),
            "{}",
            check.seen
        );
        let command = check.remedy.unwrap().command.unwrap();
        assert_eq!(command, "podman stop somebody");
        let other = port(
            &wanted(5001, None),
            "konflux",
            &held(5001, Some("kind")),
            Some("podman"),
        );
        assert!(
            other.seen.contains("the Kind cluster kind"),
            "{}",
            other.seen
        );
    }

    #[test]
    fn the_clusters_own_mapping_is_not_in_its_way() {
        let check = port(
            &wanted(5001, None),
            "konflux",
            &held(5001, Some("konflux")),
            Some("podman"),
        );
        assert_eq!(check.verdict, Verdict::Pass);
    }
}
