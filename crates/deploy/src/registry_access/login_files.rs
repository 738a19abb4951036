//! The files that have a deployment's login: remembered when it is written, so that it goes when the deployment does.

use std::path::{Path, PathBuf};
use std::{fs, io};

use cluster::DeploymentDirectory;
use cluster::state::{read_if_present, write_atomically};
use credentials::{DockerConfig, FileError};

/// What became of a deployment's login in the files that had it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoggedOut {
    /// Files that do not have it any more.
    pub files: Vec<PathBuf>,
    /// Why one still has it, for a person each.
    pub left: Vec<String>,
}

pub(super) fn remember(directory: &DeploymentDirectory, file: &Path) -> Result<(), FileError> {
    let list = directory.login_files();
    let failed = |source| FileError::Write {
        path: list.clone(),
        source,
    };
    let mut files = remembered(directory).map_err(failed)?;
    let file = std::path::absolute(file).map_err(failed)?;
    if files.contains(&file) {
        return Ok(());
    }
    files.push(file);
    let text = serde_json::to_vec(&files).map_err(io::Error::from);
    let written = text.and_then(|text| write_atomically(&list, &text));
    written.map_err(failed)
}

/// Removes the deployment's login from the files that it was written to. Other entries stay, and so does another login under the same key.
#[must_use]
pub fn log_out(directory: &DeploymentDirectory) -> LoggedOut {
    let mut outcome = LoggedOut::default();
    let files = match remembered(directory) {
        Ok(files) => files,
        Err(error) => {
            let list = directory.login_files();
            let why = format!(
                "{} cannot be read, so that logins may be left: {error}",
                list.display()
            );
            outcome.left.push(why);
            return outcome;
        }
    };
    // Without a login there is nothing to compare with, and what is in the files opens nothing.
    let Ok(login) = DockerConfig::from_file(directory.registry_auth_file()) else {
        return outcome;
    };
    for file in files {
        match remove(&login, &file) {
            Ok(true) => outcome.files.push(file),
            Ok(false) => {}
            Err(error) => outcome
                .left
                .push(format!("the deployment's login was not removed: {error}")),
        }
    }
    outcome
}

fn remembered(directory: &DeploymentDirectory) -> io::Result<Vec<PathBuf>> {
    match read_if_present(&directory.login_files())? {
        Some(text) => Ok(serde_json::from_slice(&text)?),
        None => Ok(Vec::new()),
    }
}

/// Whether the file had it.
fn remove(login: &DockerConfig, file: &Path) -> Result<bool, FileError> {
    // A link is kept; what it leads to is replaced.
    let Ok(file) = fs::canonicalize(file) else {
        return Ok(false);
    };
    let (rest, removed) = DockerConfig::from_file(&file)?.without_entries_of(login);
    if removed.is_empty() {
        return Ok(false);
    }
    rest.write_to(&file)?;
    Ok(true)
}
