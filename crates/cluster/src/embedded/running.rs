//! What a running embedded cluster tells about itself, and whether it runs.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::registry_access::RegistryAuth;
use crate::state::{DeploymentDirectory, read_if_present, write_atomically};

/// The ports of an embedded cluster on loopback. 0 asks for any free one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ports {
    /// Of the Kubernetes API.
    pub api_server: u16,
    /// Of the registry.
    pub registry: u16,
}

/// A process of an embedded cluster: written by itself when it listens, true as long as it holds its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    /// Its process id.
    pub pid: u32,
    /// Where it listens.
    pub ports: Ports,
    /// How its registry finds out who somebody is.
    #[serde(default)]
    pub registry_auth: RegistryAuth,
}

/// The lock that the process holds for its whole life: the kernel releases it however the process ends.
#[derive(Debug)]
pub struct LifeLock(#[expect(dead_code, reason = "held, never read")] File);

fn lock_path(deployment: &DeploymentDirectory) -> PathBuf {
    deployment.data().join("embedded.lock")
}

fn running_path(deployment: &DeploymentDirectory) -> PathBuf {
    deployment.data().join("running.json")
}

/// Takes the life lock, `None` when another process lives.
///
/// # Errors
///
/// What the file system says.
pub fn take_life_lock(deployment: &DeploymentDirectory) -> io::Result<Option<LifeLock>> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(lock_path(deployment))?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            file.write_all(std::process::id().to_string().as_bytes())?;
            Ok(Some(LifeLock(file)))
        }
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Does a process live?
///
/// # Errors
///
/// What the file system says: "could not tell" is not "no".
pub fn lives(deployment: &DeploymentDirectory) -> io::Result<bool> {
    match File::open(lock_path(deployment)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        },
    }
}

/// The living process, once it has told where it listens.
///
/// # Errors
///
/// What the file system says.
pub fn listening(deployment: &DeploymentDirectory) -> io::Result<Option<Running>> {
    if !lives(deployment)? {
        return Ok(None);
    }
    // An earlier process may have left its words; only those of the lock's holder count.
    let holder = String::from_utf8_lossy(&fs::read(lock_path(deployment))?)
        .parse()
        .ok();
    Ok(last_words(deployment)?.filter(|words| Some(words.pid) == holder))
}

/// The last process's words about itself, whether or not it still lives.
///
/// # Errors
///
/// What the file system says.
pub fn last_words(deployment: &DeploymentDirectory) -> io::Result<Option<Running>> {
    let content = read_if_present(&running_path(deployment))?;
    Ok(content.and_then(|content| serde_json::from_slice(&content).ok()))
}

/// Writes the process's words about itself.
///
/// # Errors
///
/// What the file system says.
pub fn write_words(deployment: &DeploymentDirectory, running: Running) -> io::Result<()> {
    write_atomically(&running_path(deployment), &serde_json::to_vec(&running)?)
}
