//! Logging this computer in to the registry of a deployment.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use cluster::{DeploymentDirectory, DeploymentRecord};
use credentials::{DockerConfig, EntryChanges, Environment, FileError, ParseError, locations};

use super::OwnRegistryError;
use super::login_files::remember;
use super::own_registry::OwnRegistry;

/// Only the owner may read a file with credentials.
const PRIVATE: u32 = 0o600;

/// What a login changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoggedIn {
    /// The registry asks for no login, and nothing was written.
    NoneNeeded,
    /// The file has the login.
    File {
        /// The file.
        path: PathBuf,
        /// What was changed in it.
        changes: EntryChanges,
        /// Whether others could read the file before.
        was_open: bool,
        /// The credential helper that Docker asks instead of the file, if it names one.
        helper: Option<String>,
    },
}

/// The login could not be written. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The registry, or the deployment, cannot be used.
    #[error(transparent)]
    Registry(#[from] OwnRegistryError),
    /// A file cannot be read or written.
    #[error("{0}; name another file with --auth-file")]
    File(#[from] FileError),
    /// No variable says where logins are kept.
    #[error(
        "neither HOME nor any other variable says where logins are kept; name a file with --auth-file"
    )]
    NoPlace,
}

/// The file in which `podman login` keeps logins.
///
/// # Errors
/// [`LoginError::NoPlace`].
pub fn default_auth_file(environment: &Environment) -> Result<PathBuf, LoginError> {
    let first = locations(None, environment).into_iter().next();
    first
        .map(|location| location.path)
        .ok_or(LoginError::NoPlace)
}

/// Checks the deployment's login and adds it to a file; entries for other registries stay. `directory` is the deployment's: it remembers the
/// file for [`log_out`](super::log_out).
///
/// # Errors
/// [`LoginError`].
pub async fn login(
    directory: &DeploymentDirectory,
    record: &DeploymentRecord,
    path: &Path,
) -> Result<LoggedIn, LoginError> {
    let registry = OwnRegistry::of(record)?;
    let Some(source) = &record.registry.auth_file else {
        return Ok(LoggedIn::NoneNeeded);
    };
    registry.check().await?;
    let login = DockerConfig::from_file(source)?;
    // A link is kept; what it leads to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (present, was_open) = read(&path)?;
    let (merged, changes) = present.merged_with(&login);
    remember(directory, &path)?;
    if !changes.is_nothing() || was_open {
        merged.write_to(&path)?;
    }
    let asks = |host: &str| merged.credential_helper(host).ok().flatten().is_some();
    let helper = match asks(&record.registry.host_endpoint) {
        true => Some("credHelpers".to_owned()),
        false => merged.credentials_store().ok().flatten().map(str::to_owned),
    };
    Ok(LoggedIn::File {
        path,
        changes,
        was_open,
        helper,
    })
}

/// What the file holds, and whether others may read it. A file that is not there or empty holds nothing.
fn read(path: &Path) -> Result<(DockerConfig, bool), FileError> {
    let failed = |source| FileError::Read {
        path: path.to_owned(),
        source,
    };
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((DockerConfig::new(), false));
        }
        Err(error) => return Err(failed(error)),
    };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
    match DockerConfig::parse_login_file(&text) {
        Err(ParseError::Empty) => Ok((DockerConfig::new(), mode != PRIVATE)),
        Ok(config) => Ok((config, mode != PRIVATE)),
        Err(source) => Err(FileError::Parse {
            path: path.to_owned(),
            source,
        }),
    }
}
