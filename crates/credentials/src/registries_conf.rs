//! The credential helpers that Podman, Buildah and Skopeo ask for every registry: `credential-helpers` of `registries.conf`
//! (containers-registries.conf(5)).
//!
//! The file is the one that `$CONTAINERS_REGISTRIES_CONF` or `$REGISTRIES_CONFIG_PATH` names; else
//! `~/.config/containers/registries.conf`, whatever `XDG_CONFIG_HOME` says; else `/etc/containers/registries.conf`. After it come the
//! files `*.conf` of `/etc/containers/registries.conf.d` (not where the file is the user's own) and of
//! `~/.config/containers/registries.conf.d`, by name; the last one that has the list decides. Source: `newConfigWrapperWithHomeDir`
//! and `tryUpdatingCache` of <https://github.com/containers/container-libs>, `image/pkg/sysregistriesv2/system_registries_v2.go`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{Environment, printable, printable_path};

/// The name that stands for the docker configs among the helpers.
const FILES: &str = "containers-auth.json";

/// A `registries.conf` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegistriesConfError {
    /// Reading failed.
    #[error(
        "cannot read {}, which may name credential helpers: {source}",
        printable_path(path)
    )]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The content is not TOML, or its `credential-helpers` is not a list of names.
    #[error(
        "cannot use {}, which may name credential helpers: {}; Podman, Buildah and Skopeo refuse it too: mend it",
        printable_path(path),
        printable(problem)
    )]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// Whom to ask for credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The docker configs.
    Files,
    /// A helper, by its name.
    Helper {
        /// The file that names it.
        conf: PathBuf,
        name: String,
    },
}

#[derive(Deserialize)]
struct Conf {
    #[serde(rename = "credential-helpers")]
    credential_helpers: Option<Vec<String>>,
}

/// Whom containers/image asks, in its order. The docker configs come last where the list leaves them out: Docker knows no
/// `registries.conf`, and what it wrote is a login all the same.
pub(crate) fn places(environment: &Environment) -> Result<Vec<Place>, RegistriesConfError> {
    let mut list = Vec::new();
    for file in files(environment)? {
        if let Some(names) = credential_helpers(&file)? {
            list = names
                .into_iter()
                .map(|name| match name == FILES {
                    true => Place::Files,
                    false => Place::Helper {
                        conf: file.path.clone(),
                        name,
                    },
                })
                .collect();
        }
    }
    if !list.contains(&Place::Files) {
        list.push(Place::Files);
    }
    Ok(list)
}

struct File {
    path: PathBuf,
    must_exist: bool,
}

fn files(environment: &Environment) -> Result<Vec<File>, RegistriesConfError> {
    let below = |folder: Option<PathBuf>, name: &str| folder.map(|folder| folder.join(name));
    let user = || below(environment.home.clone(), ".config/containers");
    let system = || environment.containers_configuration.clone();
    let users_own = below(user(), "registries.conf").filter(|file| file.exists());
    let is_users_own = environment.registries_conf.is_none() && users_own.is_some();
    let first = match &environment.registries_conf {
        Some(named) => Some(named.clone()),
        None => users_own.or_else(|| below(system(), "registries.conf")),
    };
    let mut files: Vec<File> = first
        .into_iter()
        .map(|path| File {
            path,
            must_exist: environment.registries_conf.is_some(),
        })
        .collect();
    let system_folder = below(system(), "registries.conf.d").filter(|_| !is_users_own);
    let user_folder = below(user(), "registries.conf.d");
    for folder in [system_folder, user_folder].into_iter().flatten() {
        files.extend(drop_ins(&folder)?);
    }
    Ok(files)
}

fn drop_ins(folder: &Path) -> Result<Vec<File>, RegistriesConfError> {
    let cannot_read = |source| RegistriesConfError::Read {
        path: folder.to_owned(),
        source,
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(cannot_read(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(cannot_read)?.path();
        if path.extension().is_some_and(|end| end == "conf") && !path.is_dir() {
            paths.push(path);
        }
    }
    paths.sort();
    let files = paths.into_iter().map(|path| File {
        path,
        must_exist: false,
    });
    Ok(files.collect())
}

fn credential_helpers(file: &File) -> Result<Option<Vec<String>>, RegistriesConfError> {
    let text = match std::fs::read_to_string(&file.path) {
        Ok(text) => text,
        Err(error) if is_absent(&error) && !file.must_exist => return Ok(None),
        Err(source) => {
            return Err(RegistriesConfError::Read {
                path: file.path.clone(),
                source,
            });
        }
    };
    let conf: Conf = toml::from_str(&text).map_err(|error| RegistriesConfError::Parse {
        path: file.path.clone(),
        problem: error.message().to_owned(),
    })?;
    Ok(conf.credential_helpers)
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
