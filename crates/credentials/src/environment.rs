//! The environment variables that decide where credentials are looked for.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// The variables that matter, as a value: of this process, or of a test. An empty variable counts as one that is not set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `REGISTRY_AUTH_FILE`: the one file that Podman, Buildah and Skopeo then use.
    pub registry_auth_file: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`: below it `podman login` writes.
    pub xdg_runtime_dir: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`; `~/.config` where it is not set.
    pub xdg_config_home: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `DOCKER_CONFIG`: the folder of Docker's `config.json`.
    pub docker_config: Option<PathBuf>,
    /// `PATH`: where credential helpers are looked for.
    pub path: Option<OsString>,
    /// `CONTAINERS_REGISTRIES_CONF`, else `REGISTRIES_CONFIG_PATH`: the `registries.conf` in place of the usual ones.
    pub registries_conf: Option<PathBuf>,
    /// The folder of the system's `registries.conf`: `/etc/containers`.
    pub containers_configuration: Option<PathBuf>,
    /// The user's number, by which Podman finds its file on Linux where there is no `XDG_RUNTIME_DIR`.
    pub user_id: Option<u32>,
}

impl Environment {
    /// The variables of this process; the home folder of the user database where there is no `HOME`.
    #[must_use]
    pub fn of_process() -> Self {
        let mut environment = Self::from_variables(std::env::vars_os());
        environment.home = environment.home.or_else(std::env::home_dir);
        // Other systems have no /run/containers; there Podman's file is below the home folder.
        environment.user_id = cfg!(target_os = "linux").then(|| rustix::process::getuid().as_raw());
        environment.containers_configuration = Some(PathBuf::from("/etc/containers"));
        environment
    }

    /// The variables of a list; those that do not matter are passed over.
    #[must_use]
    pub fn from_variables<N, V>(variables: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        let mut variables: BTreeMap<OsString, OsString> = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let mut take = |name: &str| variables.remove(&OsString::from(name));
        let registries_conf =
            take("CONTAINERS_REGISTRIES_CONF").or_else(|| take("REGISTRIES_CONFIG_PATH"));
        Self {
            registry_auth_file: take("REGISTRY_AUTH_FILE").map(PathBuf::from),
            xdg_runtime_dir: take("XDG_RUNTIME_DIR").map(PathBuf::from),
            xdg_config_home: take("XDG_CONFIG_HOME").map(PathBuf::from),
            home: take("HOME").map(PathBuf::from),
            docker_config: take("DOCKER_CONFIG").map(PathBuf::from),
            path: take("PATH"),
            registries_conf: registries_conf.map(PathBuf::from),
            containers_configuration: None,
            user_id: None,
        }
    }
}
