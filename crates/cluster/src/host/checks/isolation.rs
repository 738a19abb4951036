//! How the engine isolates containers: control groups, AppArmor, rights of its user.

use super::super::check::{Check, Remedy};
use super::super::engine::Facts;
use super::super::environment::{Environment, Platform};
use super::super::version::Version;
use super::super::wishes::Wishes;

/// The first Kubernetes whose kubelet does not start on control groups of version 1 (KEP-5573).
const NEEDS_CGROUP_2: Version = Version::new(1, 35, 0);
/// Kernel setting of Ubuntu 23.10 and later.
const RESTRICTION: &str = "kernel.apparmor_restrict_unprivileged_userns";

/// Version and driver of the control groups.
pub(in super::super) fn control_groups(
    environment: &Environment,
    facts: &Facts,
    wishes: &Wishes,
) -> Check {
    const NAME: &str = "control-groups";
    let version = facts.cgroup_version.as_deref();
    let Some(version) = version.or_else(|| of_the_kernel(environment)) else {
        return Check::unknown(NAME, "the engine does not say which version it uses");
    };
    let driver = facts.cgroup_driver.as_deref().unwrap_or("unknown");
    let seen = format!("version {version}, driver {driver}");
    if version == "2" {
        return Check::pass(NAME, seen);
    }
    let remedy = Remedy::command(
        "add systemd.unified_cgroup_hierarchy=1 to GRUB_CMDLINE_LINUX in /etc/default/grub, make it known with the command (Fedora and its kin: grub2-mkconfig), and restart the host",
        "sudo update-grub",
    );
    if facts.rootless {
        let seen = format!("{seen}; a rootless engine can only limit a node with version 2");
        return Check::fail(NAME, seen, remedy);
    }
    match wishes.node_image.as_deref().and_then(kubernetes) {
        Some(kubernetes) if kubernetes < NEEDS_CGROUP_2 => Check::warn(
            NAME,
            format!("{seen}; Kubernetes {kubernetes} is one of the last that start on it"),
            remedy,
        ),
        kubernetes => {
            let kubernetes = kubernetes.unwrap_or(NEEDS_CGROUP_2);
            Check::fail(
                NAME,
                format!("{seen}; the kubelet of Kubernetes {kubernetes} does not start on it"),
                remedy,
            )
        }
    }
}

/// What the kernel mounted, for engines that do not say (Podman 4): they share it where there is no machine between.
fn of_the_kernel(environment: &Environment) -> Option<&'static str> {
    let mounted = environment.path("/sys/fs/cgroup");
    if environment.platform() != Platform::Linux || !mounted.is_dir() {
        return None;
    }
    // Only the unified hierarchy has this file at its root.
    Some(if mounted.join("cgroup.controllers").exists() {
        "2"
    } else {
        "1"
    })
}

/// A rootless engine was given the right to limit its containers.
pub(in super::super) fn delegation(facts: &Facts) -> Check {
    const NAME: &str = "rootless";
    if !facts.rootless {
        return Check::pass(NAME, "the engine runs as root");
    }
    let names = ["memory", "processes", "processor shares"];
    let lacking: Vec<&str> = facts
        .limits
        .iter()
        .zip(names)
        .filter_map(|(can, name)| (*can == Some(false)).then_some(name))
        .collect();
    if lacking.is_empty() {
        return Check::pass(
            NAME,
            "the engine runs without root and may limit containers",
        );
    }
    Check::fail(
        NAME,
        format!(
            "the engine runs without root and cannot limit {}; kind refuses it",
            lacking.join(", ")
        ),
        Remedy::command(
            "delegate control groups to users, then log in again",
            "sudo mkdir -p /etc/systemd/system/user@.service.d\nprintf '[Service]\\nDelegate=yes\\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf\nsudo systemctl daemon-reload",
        ),
    )
}

/// AppArmor, and whether it keeps builds from opening user namespaces.
pub(in super::super) fn apparmor(environment: &Environment, facts: &Facts) -> Check {
    const NAME: &str = "apparmor";
    if environment.platform() != Platform::Linux {
        return Check::skipped(NAME, "linux", "the kernel is that of the engine's machine");
    }
    let path = environment.path(&format!("/proc/sys/{}", RESTRICTION.replace('.', "/")));
    let restricted = match std::fs::read_to_string(&path) {
        Ok(text) => text.trim() != "0",
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => return Check::unknown(NAME, format!("{}: {error}", path.display())),
    };
    if restricted {
        return Check::warn(
            NAME,
            format!("{RESTRICTION} is on: builds that open a user namespace (buildah) may fail"),
            Remedy::command(
                "allow it until the next boot",
                format!("sudo sysctl -w {RESTRICTION}=0"),
            ),
        );
    }
    Check::pass(
        NAME,
        if facts.apparmor {
            "on, and user namespaces are allowed"
        } else {
            "off"
        },
    )
}

/// The version in `kindest/node:v1.36.1@sha256:…`.
fn kubernetes(image: &str) -> Option<Version> {
    let name = image.split('@').next()?;
    Version::read(name.rsplit_once(':')?.1)
}

#[cfg(test)]
mod tests {
    use super::super::super::check::Verdict;
    use super::*;
    use crate::choice::Flavour;
    use std::path::Path;

    fn groups(version: &str, rootless: bool, image: Option<&str>) -> Check {
        let facts = Facts {
            cgroup_version: Some(version.to_owned()),
            rootless,
            ..Facts::default()
        };
        let mut wishes = Wishes::new(Flavour::StandIns, "/".into());
        wishes.node_image = image.map(str::to_owned);
        let root = tempfile::tempdir().unwrap();
        let environment = Environment::new(root.path(), Platform::Linux, 1000);
        control_groups(&environment, &facts, &wishes)
    }

    #[test]
    fn the_first_version_is_judged_by_the_kubernetes_of_the_node() {
        let new = groups("1", false, Some("kindest/node:v1.36.1@sha256:0"));
        assert_eq!(new.verdict, Verdict::Fail);
        assert!(new.seen.contains("1.36.1 does not start"), "{}", new.seen);
        let old = groups("1", false, Some("localhost:5000/kindest/node:v1.34.0"));
        assert_eq!(old.verdict, Verdict::Warn);
        assert_eq!(groups("1", false, None).verdict, Verdict::Fail);
        assert_eq!(groups("2", false, None).verdict, Verdict::Pass);
    }

    #[test]
    fn where_the_engine_does_not_say_the_kernel_does() {
        let root = tempfile::tempdir().unwrap();
        let environment = Environment::new(root.path(), Platform::Linux, 1000);
        let wishes = Wishes::new(Flavour::StandIns, "/".into());
        let judged = || control_groups(&environment, &Facts::default(), &wishes);
        assert!(judged().seen.starts_with("could not tell"));
        let folder = root.path().join("sys/fs/cgroup");
        std::fs::create_dir_all(&folder).unwrap();
        assert_eq!(judged().verdict, Verdict::Fail);
        std::fs::write(folder.join("cgroup.controllers"), "cpu memory").unwrap();
        assert_eq!(judged().verdict, Verdict::Pass);
    }

    #[test]
    fn a_rootless_engine_needs_the_second_version_and_delegation() {
        let image = Some("kindest/node:v1.34.0");
        assert_eq!(groups("1", true, image).verdict, Verdict::Fail);
        let facts = Facts {
            rootless: true,
            limits: [Some(true), Some(false), None],
            ..Facts::default()
        };
        let check = delegation(&facts);
        assert_eq!(check.verdict, Verdict::Fail);
        assert!(
            check.seen.contains("cannot limit processes;"),
            "{}",
            check.seen
        );
    }

    #[test]
    fn restricted_user_namespaces_are_a_warning_with_the_command() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("proc/sys/kernel");
        std::fs::create_dir_all(&folder).unwrap();
        let environment = Environment::new(root.path(), Platform::Linux, 1000);
        assert_eq!(apparmor(&environment, &Facts::default()).seen, "off");
        std::fs::write(folder.join("apparmor_restrict_unprivileged_userns"), "1\n").unwrap();
        let check = apparmor(&environment, &Facts::default());
        assert_eq!(check.verdict, Verdict::Warn);
        let command = check.remedy.unwrap().command.unwrap();
        assert!(command.ends_with("apparmor_restrict_unprivileged_userns=0"));
    }

    #[test]
    fn on_a_mac_apparmor_is_skipped_by_the_name_of_the_need() {
        let environment = Environment::new(Path::new("/"), Platform::MacOs, 501);
        let check = apparmor(&environment, &Facts::default());
        assert_eq!(check.missing.as_deref(), Some("linux"));
    }
}
