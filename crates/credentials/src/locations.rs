//! The files that may hold credentials, in the order in which they are searched (containers/image, `pkg/docker/config`).

use std::fmt;
use std::path::{Path, PathBuf};

use crate::Environment;

/// One file that may hold credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub path: PathBuf,
    /// Why it is searched.
    pub source: LocationSource,
}

/// Why a file is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocationSource {
    /// The caller named it. It must exist.
    AuthFile,
    /// `REGISTRY_AUTH_FILE` names it. It must exist.
    RegistryAuthFile,
    /// `podman login`, `buildah login` and `skopeo login` write it.
    ContainersRuntime,
    /// Podman, Buildah and Skopeo read it; people keep lasting credentials there.
    ContainersConfiguration,
    /// `docker login` writes it.
    Docker,
    /// Docker before 1.7 wrote it; entries without `auths` around them.
    DockerLegacy,
    /// Podman, Buildah and Skopeo ask the credential helpers that it names; it holds no credentials itself.
    RegistriesConf,
}

impl LocationSource {
    /// Whether somebody asked for this very file, so that its absence is an error.
    #[must_use]
    pub fn is_named(self) -> bool {
        matches!(self, Self::AuthFile | Self::RegistryAuthFile)
    }
}

impl fmt::Display for LocationSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AuthFile => "named by --auth-file",
            Self::RegistryAuthFile => "named by $REGISTRY_AUTH_FILE",
            Self::ContainersRuntime => "podman login, skopeo login",
            Self::ContainersConfiguration => "Podman's lasting credentials",
            Self::Docker => "docker login",
            Self::DockerLegacy => "Docker before 1.7",
            Self::RegistriesConf => "credential-helpers",
        })
    }
}

/// The files to search, in order.
///
/// A named file is the only one: `auth_file`, else `$REGISTRY_AUTH_FILE`, as with Podman's and Skopeo's `--authfile`; else
/// `$DOCKER_CONFIG/config.json`, where that variable is set. Otherwise
/// `$XDG_RUNTIME_DIR/containers/auth.json` (without that variable `/run/containers/<uid>/auth.json` on Linux and
/// `~/.config/containers/auth.json` elsewhere), `$XDG_CONFIG_HOME/containers/auth.json` (`~/.config`), `~/.docker/config.json`,
/// `~/.dockercfg`. There is no file of the whole system: containers/image reads no `/etc/containers/auth.json`. (The credential helpers of
/// `registries.conf` are none of these files; [`Search`](crate::Search) asks them.) Sources: `GetDefaultAuthFile` and `getAuthFilePaths` of
/// <https://github.com/containers/container-libs> (`common/pkg/auth/auth.go`, `image/pkg/docker/config/config.go`).
#[must_use]
pub fn locations(auth_file: Option<&Path>, environment: &Environment) -> Vec<Location> {
    let location = |path: PathBuf, source| Location { path, source };
    if let Some(path) = auth_file {
        return vec![location(path.to_owned(), LocationSource::AuthFile)];
    }
    if let Some(path) = &environment.registry_auth_file {
        return vec![location(path.clone(), LocationSource::RegistryAuthFile)];
    }
    // Not what one would expect beside the order below, but what Docker, Podman, Buildah and Skopeo do.
    if let Some(folder) = &environment.docker_config {
        return vec![location(folder.join("config.json"), LocationSource::Docker)];
    }
    let in_home = |relative: &str| environment.home.as_ref().map(|home| home.join(relative));
    let runtime = match (&environment.xdg_runtime_dir, environment.user_id) {
        (Some(folder), _) => Some(folder.join("containers/auth.json")),
        (None, Some(user)) => Some(PathBuf::from(format!("/run/containers/{user}/auth.json"))),
        (None, None) => in_home(".config/containers/auth.json"),
    };
    let configuration = match &environment.xdg_config_home {
        Some(folder) => Some(folder.join("containers/auth.json")),
        None => in_home(".config/containers/auth.json"),
    };
    let candidates = [
        (runtime, LocationSource::ContainersRuntime),
        (configuration, LocationSource::ContainersConfiguration),
        (in_home(".docker/config.json"), LocationSource::Docker),
        (in_home(".dockercfg"), LocationSource::DockerLegacy),
    ];
    let mut found: Vec<Location> = Vec::new();
    for (path, source) in candidates {
        if let Some(path) = path
            && found.iter().all(|earlier| earlier.path != path)
        {
            found.push(location(path, source));
        }
    }
    found
}
