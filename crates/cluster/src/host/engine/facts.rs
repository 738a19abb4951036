//! What an engine says of itself.

use bollard::models::{SystemInfo, SystemVersion};

use super::Provider;

/// Version and abilities of an engine. What it did not say is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Who really answers; Podman also answers on Docker's socket.
    pub provider: Option<Provider>,
    /// Its version, as it writes it.
    pub version: Option<String>,
    /// Memory that its containers share, in bytes.
    pub memory: Option<u64>,
    /// Processors that its containers share.
    pub cpus: Option<u64>,
    /// Version of the control groups, 1 or 2.
    pub cgroup_version: Option<String>,
    /// Who manages control groups: `systemd`, `cgroupfs`.
    pub cgroup_driver: Option<String>,
    /// How layers are stored: `overlay2`, `vfs`.
    pub storage_driver: Option<String>,
    /// Does it run without root's rights?
    pub rootless: bool,
    /// Does it confine containers with AppArmor?
    pub apparmor: bool,
    /// Can it limit memory, processes and processor shares? A rootless engine cannot without delegation.
    pub limits: [Option<bool>; 3],
    /// Operating system of its containers, such as `linux`.
    pub system: Option<String>,
    /// Architecture of its containers, such as `x86_64`.
    pub architecture: Option<String>,
    /// What its machine calls itself, such as `Docker Desktop`.
    pub product: Option<String>,
    /// Where it keeps images, on its own machine.
    pub folder: Option<String>,
    /// Its clock when it answered, RFC 3339.
    pub time: Option<String>,
}

impl Facts {
    /// Reads the engine's answers.
    #[must_use]
    pub fn new(version: SystemVersion, info: SystemInfo, asked: Provider) -> Self {
        let components = version.components.unwrap_or_default();
        let podman = components
            .iter()
            .any(|component| component.name.starts_with("Podman"));
        let security = info.security_options.unwrap_or_default();
        let has = |name: &str| security.iter().any(|option| says(option, name));
        Self {
            provider: Some(if podman { Provider::Podman } else { asked }),
            version: version.version.or(info.server_version),
            memory: info.mem_total.and_then(|bytes| u64::try_from(bytes).ok()),
            cpus: info.ncpu.and_then(|count| u64::try_from(count).ok()),
            cgroup_version: info.cgroup_version.map(|version| version.to_string()),
            cgroup_driver: info.cgroup_driver.map(|driver| driver.to_string()),
            storage_driver: info.driver,
            rootless: has("rootless"),
            apparmor: has("apparmor"),
            limits: [info.memory_limit, info.pids_limit, info.cpu_shares],
            system: info.os_type,
            architecture: info.architecture,
            product: info.operating_system,
            folder: info.docker_root_dir,
            time: info.system_time,
        }
    }

    /// Was this answered by an engine? Something that speaks HTTP and JSON need not be one.
    #[must_use]
    pub fn are_an_engines(&self) -> bool {
        self.version.is_some() && (self.memory.is_some() || self.storage_driver.is_some())
    }
}

/// Docker writes `name=rootless`, with more after a comma; Podman the same, older ones the bare word.
fn says(option: &str, name: &str) -> bool {
    let first = option.split(',').next().unwrap_or(option);
    first.strip_prefix("name=").unwrap_or(first) == name
}
