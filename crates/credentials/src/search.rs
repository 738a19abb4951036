//! Finding the credential for a repository on this computer.

mod error;
mod report;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::FindError;
pub use report::{NotFound, Searched, Seen};

use crate::docker_config::credential;
use crate::lookup::{DOCKER_HUB, DOCKER_HUB_SERVER, plain, registry_of};
use crate::registries_conf::{Place, places};
use crate::{
    Credential, CredentialHelper, DEFAULT_HELPER_LIMIT, DockerConfig, Environment, FileError,
    Location, LocationSource, locations, printable, printable_path,
};

/// Where to look for credentials. Reading happens with every [`find`](Self::find): nothing is remembered.
#[derive(Clone, Debug)]
pub struct Search {
    locations: Vec<Location>,
    /// Somebody named the one file to read.
    has_one_file: bool,
    environment: Environment,
    helper_limit: Duration,
}

/// A credential and where it comes from.
#[derive(Clone, Debug)]
pub struct Found {
    /// What to log in with.
    pub credential: Credential,
    /// Where it comes from.
    pub origin: Origin,
    /// What it is for: a registry or a prefix of repositories, as a plain key (`quay.io/team`, `docker.io`).
    pub scope: String,
}

/// Where a credential comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An entry of `auths`.
    Entry {
        /// The file.
        path: PathBuf,
        /// The entry's key, as written.
        key: String,
    },
    /// A credential helper.
    Helper {
        /// The file that names it.
        path: PathBuf,
        /// The program.
        program: String,
        /// The address it was asked for.
        server: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { path, key } => {
                let (key, path) = (printable(key), printable_path(path));
                write!(formatter, "entry `{key}` of {path}")
            }
            Self::Helper {
                path,
                program,
                server,
            } => write!(
                formatter,
                "{}, asked for {} because of {}",
                printable(program),
                printable(server),
                printable_path(path)
            ),
        }
    }
}

impl Search {
    /// A search of the [`locations`](crate::locations()) of an environment; helpers have [`DEFAULT_HELPER_LIMIT`].
    #[must_use]
    pub fn new(auth_file: Option<&Path>, environment: &Environment) -> Self {
        Self {
            locations: locations(auth_file, environment),
            has_one_file: auth_file.is_some(),
            environment: environment.clone(),
            helper_limit: DEFAULT_HELPER_LIMIT,
        }
    }

    /// Gives each credential helper another time limit.
    #[must_use]
    pub fn with_helper_limit(mut self, limit: Duration) -> Self {
        self.helper_limit = limit;
        self
    }

    /// The credential for `repository` (`quay.io/team/application`, no tag, no digest) or for a registry or prefix.
    ///
    /// First the helpers that `registries.conf` names are asked for the registry, in their order; the docker configs have their place
    /// among them (`containers-auth.json`), and are the only place where nothing is named, or where a file was named to
    /// [`new`](Self::new). Of the files the first one that has a credential wins. Within a file: the helper that `credHelpers` names
    /// for the registry, and then nothing else of this file; else the entry of `auths` that containers/image would use; else one
    /// whose key means the repository and is written otherwise (`quay.io/`, `Quay.IO`); else, where that is missing or `{}`, the helper
    /// of `credsStore`. (When Docker uses a store it leaves `{}` in `auths`; an entry with content was not written by it.) An entry
    /// may have `username` and `password` in place of `auth`: [`DockerConfig::for_push`] writes both properly.
    ///
    /// # Errors
    /// [`FindError::NotFound`] lists what was searched. Every other error is about a file, entry or helper that should have answered and
    /// is damaged: going on would find another credential than Podman or Docker use. A helper of `registries.conf` that fails is told
    /// when no other place has a credential, as Podman does.
    pub async fn find(&self, repository: &str) -> Result<Found, FindError> {
        let places = match self.has_one_file {
            true => vec![Place::Files],
            false => places(&self.environment)?,
        };
        let mut searched = Vec::new();
        let mut first_failure = None;
        for place in places {
            let outcome = match &place {
                Place::Files => self.look_into_files(repository, &mut searched).await,
                Place::Helper { conf, name } => {
                    self.ask_for_all(conf, name, repository, &mut searched)
                        .await
                }
            };
            match outcome {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => {}
                Err(error) => {
                    first_failure.get_or_insert(error);
                }
            }
        }
        Err(first_failure.unwrap_or_else(|| {
            FindError::NotFound(NotFound {
                repository: repository.to_owned(),
                searched,
            })
        }))
    }

    async fn look_into_files(
        &self,
        repository: &str,
        searched: &mut Vec<Searched>,
    ) -> Result<Option<Found>, FindError> {
        for location in &self.locations {
            match self.look_into(location, repository).await? {
                Ok(found) => return Ok(Some(found)),
                Err(seen) => searched.push(Searched {
                    location: location.clone(),
                    seen,
                }),
            }
        }
        Ok(None)
    }

    /// Asks a helper of `registries.conf`; it answers for registries only.
    async fn ask_for_all(
        &self,
        conf: &Path,
        name: &str,
        repository: &str,
        searched: &mut Vec<Searched>,
    ) -> Result<Option<Found>, FindError> {
        let location = Location {
            path: conf.to_owned(),
            source: LocationSource::RegistriesConf,
        };
        let registry = registry_of(repository);
        Ok(
            match self.ask(&location, name, &registry, &registry).await? {
                Ok(found) => Some(found),
                Err(seen) => {
                    searched.push(Searched { location, seen });
                    None
                }
            },
        )
    }

    async fn look_into(
        &self,
        location: &Location,
        repository: &str,
    ) -> Result<Result<Found, Seen>, FindError> {
        let Some(config) = read(location)? else {
            return Ok(Err(Seen::NoFile));
        };
        let in_file = |source| FileError::Parse {
            path: location.path.clone(),
            source,
        };
        // Old files know registries only.
        let registry = registry_of(repository);
        let wanted = match location.source {
            LocationSource::DockerLegacy => &registry,
            _ => repository,
        };
        if let Some((server, name)) = config.credential_helper(wanted).map_err(in_file)? {
            return self.ask(location, name, server, &registry).await;
        }
        let entry = config.entry_meant_for(wanted);
        let key = entry.map(|(key, _)| key);
        if let Some((key, entry)) = entry {
            let found = credential(key, entry).map_err(|source| FindError::Entry {
                path: location.path.clone(),
                source,
            })?;
            if let Some(credential) = found {
                return Ok(Ok(Found {
                    credential,
                    scope: plain(key),
                    origin: Origin::Entry {
                        path: location.path.clone(),
                        key: key.to_owned(),
                    },
                }));
            }
        }
        if let Some(name) = config.credentials_store().map_err(in_file)? {
            let server = server_address(&registry, key);
            return self.ask(location, name, &server, &registry).await;
        }
        Ok(Err(match key {
            Some(key) => Seen::EmptyEntry {
                key: key.to_owned(),
            },
            None => Seen::OtherEntries {
                keys: config.entries().map(|(key, _)| key.to_owned()).collect(),
            },
        }))
    }

    async fn ask(
        &self,
        location: &Location,
        name: &str,
        server: &str,
        registry: &str,
    ) -> Result<Result<Found, Seen>, FindError> {
        let in_helper = |source| FindError::Helper {
            path: location.path.clone(),
            source,
        };
        let helper = CredentialHelper::named(name).map_err(in_helper)?;
        let answer = helper
            .get(server, self.environment.path.as_deref(), self.helper_limit)
            .await
            .map_err(in_helper)?;
        let (program, server) = (helper.program().to_owned(), server.to_owned());
        Ok(match answer {
            None => Err(Seen::HelperHasNone { program, server }),
            Some(credential) => Ok(Found {
                credential,
                scope: registry.to_owned(),
                origin: Origin::Helper {
                    path: location.path.clone(),
                    program,
                    server,
                },
            }),
        })
    }
}

/// The address under which a store keeps the credential: that of the `{}` that Docker left in `auths`, else what Docker would use.
fn server_address(registry: &str, empty_entry: Option<&str>) -> String {
    match empty_entry {
        Some(key) if plain(key) == registry => key.to_owned(),
        _ if registry == DOCKER_HUB => DOCKER_HUB_SERVER.to_owned(),
        _ => registry.to_owned(),
    }
}

/// The content of a file; `None` when there is none and nobody asked for it by name.
fn read(location: &Location) -> Result<Option<DockerConfig>, FindError> {
    let path = &location.path;
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if is_absent(&error) && location.source.is_named() => {
            return Err(FindError::NamedFileMissing {
                location: location.clone(),
            });
        }
        Err(error) if is_absent(&error) => return Ok(None),
        Err(source) => {
            return Err(FindError::File(FileError::Read {
                path: path.clone(),
                source,
            }));
        }
    };
    let config = match location.source {
        LocationSource::DockerLegacy => DockerConfig::parse_legacy(&text),
        _ => DockerConfig::parse_login_file(&text),
    };
    config.map(Some).map_err(|source| {
        FindError::File(FileError::Parse {
            path: path.clone(),
            source,
        })
    })
}

fn is_absent(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
