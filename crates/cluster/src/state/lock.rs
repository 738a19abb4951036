//! One command at a time on one deployment.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::root::DeploymentDirectory;

/// The right to change a deployment, or to use it unchanged, until it is dropped or the process ends.
#[derive(Debug)]
pub struct DeploymentLock {
    _file: File,
    path: PathBuf,
}

/// Who holds the lock, in the holder's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockHolder(String);

/// The lock could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another command holds it.
    #[error("{0} is using this deployment")]
    Held(LockHolder),
    /// The lock file cannot be used.
    #[error("cannot lock {path}: {source}")]
    Unusable {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DeploymentDirectory {
    /// Takes the lock, or tells at once who holds it. `command` is what a waiting command will print of us.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] with the holder's words, or [`LockError::Unusable`].
    pub fn try_lock(&self, command: &str) -> Result<DeploymentLock, LockError> {
        self.acquire(command, |file| self.judge(file.try_lock(), file))
    }

    /// Takes the lock for a use that changes nothing, beside others of that kind, or tells who is changing the deployment.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] with the holder's words, or [`LockError::Unusable`].
    pub fn try_lock_shared(&self, command: &str) -> Result<DeploymentLock, LockError> {
        self.acquire(command, |file| self.judge(file.try_lock_shared(), file))
    }

    /// The same, waiting for whoever is changing the deployment.
    ///
    /// # Errors
    ///
    /// [`LockError::Unusable`].
    pub fn lock_shared(&self, command: &str) -> Result<DeploymentLock, LockError> {
        self.acquire(command, |file| {
            file.lock_shared().map_err(|source| self.unusable(source))
        })
    }

    fn judge(&self, taken: Result<(), TryLockError>, file: &mut File) -> Result<(), LockError> {
        taken.map_err(|error| match error {
            TryLockError::WouldBlock => LockError::Held(LockHolder::read(file)),
            TryLockError::Error(source) => self.unusable(source),
        })
    }

    /// Takes the lock, waiting for whoever holds it.
    ///
    /// # Errors
    ///
    /// [`LockError::Unusable`].
    pub fn lock(&self, command: &str) -> Result<DeploymentLock, LockError> {
        self.acquire(command, |file| {
            file.lock().map_err(|source| self.unusable(source))
        })
    }

    fn acquire(
        &self,
        command: &str,
        take: impl Fn(&mut File) -> Result<(), LockError>,
    ) -> Result<DeploymentLock, LockError> {
        let path = self.lock_file();
        loop {
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(path)
                .map_err(|source| self.unusable(source))?;
            take(&mut file)?;
            // `destroy` removes the lock file while it holds it; a lock on a removed file protects nothing.
            let same = |metadata: fs::Metadata| {
                file.metadata().is_ok_and(|own| own.ino() == metadata.ino())
            };
            if fs::metadata(path).is_ok_and(same) {
                let words = format!("`{command}` (process {})", std::process::id());
                file.set_len(0)
                    .and_then(|()| file.rewind())
                    .and_then(|()| file.write_all(words.as_bytes()))
                    .map_err(|source| self.unusable(source))?;
                return Ok(DeploymentLock {
                    _file: file,
                    path: path.to_owned(),
                });
            }
        }
    }

    fn unusable(&self, source: io::Error) -> LockError {
        LockError::Unusable {
            path: self.lock_file().to_owned(),
            source,
        }
    }
}

impl DeploymentLock {
    /// Removes the lock file and gives up the lock: the last act of `destroy`.
    ///
    /// # Errors
    ///
    /// What the file system says; a file that is gone already is no error.
    pub fn remove(self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl LockHolder {
    fn read(file: &mut File) -> Self {
        let mut words = String::new();
        // The holder writes its words just after taking the lock: for a moment there may be none.
        match file.rewind().and_then(|()| file.read_to_string(&mut words)) {
            Ok(_) if !words.is_empty() => Self(words),
            _ => Self("another command".to_owned()),
        }
    }
}

impl std::fmt::Display for LockHolder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{DeploymentName, StateRoot};

    #[test]
    fn the_second_command_is_told_who_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let deployment = StateRoot::at(folder.path()).deployment(&DeploymentName::default());
        let held = deployment.try_lock("deploy-local").unwrap();
        let error = deployment.try_lock("destroy").unwrap_err();
        let expected = format!(
            "`deploy-local` (process {}) is using this deployment",
            std::process::id()
        );
        assert_eq!(error.to_string(), expected);
        drop(held);
        deployment.try_lock("destroy").unwrap();
    }

    #[test]
    fn a_deployment_in_use_is_not_changed_and_may_be_used_by_several() {
        let folder = tempfile::tempdir().unwrap();
        let deployment = StateRoot::at(folder.path()).deployment(&DeploymentName::default());
        let _one = deployment.try_lock_shared("conformance").unwrap();
        let _another = deployment.try_lock_shared("conformance").unwrap();
        let error = deployment.try_lock("destroy").unwrap_err();
        assert!(error.to_string().starts_with("`conformance`"), "{error}");
    }

    #[test]
    fn a_waiting_command_gets_a_lock_that_protects_after_the_file_was_removed() {
        let folder = tempfile::tempdir().unwrap();
        let deployment = StateRoot::at(folder.path()).deployment(&DeploymentName::default());
        let first = deployment.try_lock("destroy").unwrap();
        let waiting = std::thread::spawn({
            let deployment = deployment.clone();
            move || deployment.lock("deploy-local").unwrap()
        });
        first.remove().unwrap();
        let second = waiting.join().unwrap();
        assert!(matches!(
            deployment.try_lock("status"),
            Err(LockError::Held(_))
        ));
        drop(second);
    }
}
