//! How a background process is known to live, and what it tells about itself.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::PathBuf;

use super::{Background, Role};
use crate::state::{read_if_present, write_atomically};

/// The lock that a process holds for its whole life: the kernel releases it however the process ends.
#[derive(Debug)]
pub(crate) struct LifeLock(#[expect(dead_code, reason = "held, never read")] File);

impl<R: Role> Background<'_, R> {
    fn lock_path(&self) -> PathBuf {
        self.deployment.data().join(R::FILES.0)
    }

    fn words_path(&self) -> PathBuf {
        self.deployment.data().join(R::FILES.1)
    }

    /// Takes the life lock, `None` when another process lives.
    pub(crate) fn take_life_lock(&self) -> io::Result<Option<LifeLock>> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.lock_path())?;
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

    /// Does a process live? "Could not tell" is not "no".
    pub(super) fn lives(&self) -> io::Result<bool> {
        match File::open(self.lock_path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
            Ok(file) => match file.try_lock_shared() {
                Ok(()) => Ok(false),
                Err(TryLockError::WouldBlock) => Ok(true),
                Err(TryLockError::Error(error)) => Err(error),
            },
        }
    }

    /// The living process, once it has told about itself.
    pub(super) fn listening(&self) -> io::Result<Option<R::Words>> {
        if !self.lives()? {
            return Ok(None);
        }
        // An earlier process may have left its words; only those of the lock's holder count.
        let holder = String::from_utf8_lossy(&fs::read(self.lock_path())?)
            .parse()
            .ok();
        Ok(self
            .last_words()?
            .filter(|words| Some(R::pid(words)) == holder))
    }

    /// The last process's words about itself, whether or not it still lives.
    pub(super) fn last_words(&self) -> io::Result<Option<R::Words>> {
        let content = read_if_present(&self.words_path())?;
        Ok(content.and_then(|content| serde_json::from_slice(&content).ok()))
    }

    /// Writes the process's words about itself.
    pub(crate) fn write_words(&self, words: &R::Words) -> io::Result<()> {
        write_atomically(&self.words_path(), &serde_json::to_vec(words)?)
    }
}
