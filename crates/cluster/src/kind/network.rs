//! The engine's network `kind`, which `kind` makes and never removes.
//!
//! All clusters and the image cache share it. It is removed with the last of them if it was not there before the first, which a small
//! file remembers.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bollard::Docker;
use serde::{Deserialize, Serialize};

use super::EngineError;
use super::engine_error::is_absent;
use crate::state::{StateRoot, read_if_present, write_atomically};

/// Its name (kind v0.32.0, pkg/cluster/internal/providers/docker/network.go).
pub const NETWORK: &str = "kind";

/// What is known of the network between runs: it was made because of us.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// Its identifier; unknown from the moment before it is made until the first look afterwards.
    id: Option<String>,
}

/// The file that remembers whether the network was made because of us.
#[derive(Debug, Clone)]
pub struct NetworkRecord {
    path: PathBuf,
}

/// What became of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkFate {
    /// It is gone.
    Removed,
    /// There was none.
    Absent,
    /// It stays: these containers use it.
    InUse(Vec<String>),
    /// It stays: it was there before us.
    NotOurs,
}

/// The network could not be looked at, recorded or removed.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The record cannot be used.
    #[error("cannot use {path}: {source}")]
    File {
        /// The record.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl NetworkRecord {
    /// The record of this user's deployments.
    #[must_use]
    pub fn of(root: &StateRoot) -> Self {
        Self::at(root.path().join("kind-network.json"))
    }

    /// A record by its path.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// To be called before anything makes the network: notes that there is none yet. Call it again afterwards, so that the
    /// network that was made is known by its identifier.
    ///
    /// # Errors
    ///
    /// [`NetworkError`].
    pub async fn note(&self, engine: &Docker) -> Result<(), NetworkError> {
        let network = find(engine).await?;
        match (network, self.read()?) {
            (None, _) => self.write(&Record { id: None }),
            (Some(network), Some(Record { id: None })) => self.write(&Record {
                id: Some(network.id),
            }),
            (Some(_), _) => Ok(()),
        }
    }

    /// Removes the network if it was made because of us and nobody uses it.
    ///
    /// # Errors
    ///
    /// [`NetworkError`].
    pub async fn remove_if_ours(&self, engine: &Docker) -> Result<NetworkFate, NetworkError> {
        let Some(network) = find(engine).await? else {
            self.forget()?;
            return Ok(NetworkFate::Absent);
        };
        let ours = self
            .read()?
            .is_some_and(|record| record.id.is_none_or(|id| id == network.id));
        if !ours {
            self.forget()?;
            return Ok(NetworkFate::NotOurs);
        }
        if !network.users.is_empty() {
            return Ok(NetworkFate::InUse(network.users));
        }
        match engine.remove_network(&network.id).await {
            Err(error) if !is_absent(&error) => {
                Err(EngineError::call(format!("remove the network {NETWORK}"))(error).into())
            }
            _ => {
                self.forget()?;
                Ok(NetworkFate::Removed)
            }
        }
    }

    fn read(&self) -> Result<Option<Record>, NetworkError> {
        let content = read_if_present(&self.path).map_err(self.failed())?;
        // A record that cannot be read does not say that the network is ours.
        Ok(content.and_then(|content| serde_json::from_slice(&content).ok()))
    }

    fn write(&self, record: &Record) -> Result<(), NetworkError> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(self.failed())?;
        }
        let content = serde_json::to_vec(record).expect("a text is always JSON");
        write_atomically(&self.path, &content).map_err(self.failed())
    }

    fn forget(&self) -> Result<(), NetworkError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed()(error)),
            _ => Ok(()),
        }
    }

    fn failed(&self) -> impl FnOnce(io::Error) -> NetworkError {
        let path: &Path = &self.path;
        let path = path.to_owned();
        move |source| NetworkError::File { path, source }
    }
}

struct Found {
    id: String,
    users: Vec<String>,
}

async fn find(engine: &Docker) -> Result<Option<Found>, EngineError> {
    let attempted = format!("look at the network {NETWORK}");
    match engine.inspect_network(NETWORK, None).await {
        Ok(network) => {
            let containers = network.containers.unwrap_or_default();
            let users = containers.into_iter();
            let users = users.map(|(id, endpoint)| endpoint.name.unwrap_or(id));
            let mut users: Vec<String> = users.collect();
            users.sort();
            Ok(Some(Found {
                id: network.id.unwrap_or_default(),
                users,
            }))
        }
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(EngineError::call(attempted)(error)),
    }
}

impl fmt::Display for NetworkFate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed => write!(formatter, "network {NETWORK} was removed"),
            Self::Absent => write!(formatter, "there is no network {NETWORK}"),
            Self::InUse(users) => write!(
                formatter,
                "network {NETWORK} stays, used by {}",
                users.join(", ")
            ),
            Self::NotOurs => write!(
                formatter,
                "network {NETWORK} stays, it was there before konflux-local"
            ),
        }
    }
}
