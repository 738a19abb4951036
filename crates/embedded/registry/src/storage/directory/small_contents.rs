//! Small contents on their way to files of their own.
//!
//! Creating a file costs fifty times as much as appending to one. So a small content is acknowledged as soon as it is in a log,
//! where it survives the end of the process, and a thread gives it its file within a moment. Until then it is answered from memory.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::Write as _;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Durability;
use super::content::Content;
use super::small_log::{LARGEST, Record, SmallLog};
use crate::digest::Digest;
use crate::name::RepositoryName;
use crate::storage::StorageError;
use crate::storage::error::FileContext as _;
use crate::verify::VerifiedDigest;

/// Most bytes that wait in memory. What comes on top gets its file at once, at the pace of the disk.
const WAITING_LIMIT: usize = 4 * 1024 * 1024;

/// Longest log, in bytes. It is emptied when nothing waits; beyond this, files are made at once, so that this comes soon.
const LOG_LIMIT: u64 = 8 * 1024 * 1024;

/// Files are made once nothing came for this long …
const QUIET: Duration = Duration::from_millis(20);

/// … or something has waited for this long.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// Pause after the disk refused.
const PAUSE: Duration = Duration::from_secs(1);

/// A content in a repository.
pub(super) type Key = (RepositoryName, Digest);

/// The contents that wait. Writes what is left when it is dropped.
pub(super) struct SmallContents {
    waiting: Arc<Waiting>,
    thread: Option<JoinHandle<()>>,
}

struct Waiting {
    content: Arc<Content>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    log: SmallLog,
    entries: HashMap<Key, Entry>,
    order: VecDeque<Key>,
    /// What the log speaks of.
    logged: HashSet<Key>,
    /// Contents whose files are being removed. Nobody stores them meanwhile, so that the log tells what happened in the order in which it did.
    removed: HashSet<Key>,
    /// Sum of the lengths of the entries.
    bytes: usize,
    newest: Instant,
    /// The disk refused the last file.
    refused: bool,
    closing: bool,
}

struct Entry {
    digest: VerifiedDigest,
    bytes: Bytes,
    being_written: bool,
}

impl SmallContents {
    /// Takes over what an earlier process left in the log, and begins to give it files.
    pub(super) fn open(content: Arc<Content>) -> Result<Self, StorageError> {
        let path = content.paths.small_log();
        let (log, records) = SmallLog::open(path.clone(), content.durability)?;
        let mut state = State {
            log,
            entries: HashMap::new(),
            order: VecDeque::new(),
            logged: HashSet::new(),
            removed: HashSet::new(),
            bytes: 0,
            newest: Instant::now(),
            refused: false,
            closing: false,
        };
        for Record { key, content } in records {
            state.logged.insert(key.clone());
            match content {
                Some((digest, bytes)) => state.insert(key, digest, bytes),
                None => drop(state.take(&key)),
            }
        }
        let waiting = Arc::new(Waiting {
            content,
            state: Mutex::new(state),
            changed: Condvar::new(),
        });
        let writer = Arc::clone(&waiting);
        let thread = std::thread::Builder::new()
            .name("small-contents".to_owned())
            .spawn(move || writer.run())
            .file("start the writer of", &path)?;
        Ok(Self {
            waiting,
            thread: Some(thread),
        })
    }

    /// Stores a content of an existing repository. `false`: it is too large, or too much waits already, and needs a file at once.
    pub(super) fn commit(
        &self,
        repository: &RepositoryName,
        digest: &VerifiedDigest,
        bytes: Bytes,
    ) -> Result<bool, StorageError> {
        if bytes.len() > LARGEST || self.waiting.content.durability == Durability::PowerLoss {
            return Ok(false);
        }
        let key = (repository.clone(), digest.digest().clone());
        let mut state = self.waiting.state();
        while state.removed.contains(&key) {
            state = self.waiting.wait(state);
        }
        let full = state.bytes + bytes.len() > WAITING_LIMIT || state.log.length() > LOG_LIMIT;
        if full || state.refused || state.log.is_broken() {
            return Ok(false);
        }
        if !state.entries.contains_key(&key) {
            state.log.append(&key, Some(&bytes))?;
            state.logged.insert(key.clone());
            state.newest = Instant::now();
            state.insert(key, digest.clone(), bytes);
            if state.order.len() == 1 {
                self.waiting.changed.notify_all();
            }
        }
        Ok(true)
    }

    /// A content that waits.
    pub(super) fn get(&self, repository: &RepositoryName, digest: &Digest) -> Option<Bytes> {
        let state = self.waiting.state();
        if state.entries.is_empty() {
            return None;
        }
        let entry = state.entries.get(&(repository.clone(), digest.clone()));
        entry.map(|entry| entry.bytes.clone())
    }

    /// Gives a content its file now, if it waits for one.
    pub(super) fn settle(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<(), StorageError> {
        self.waiting.write(&(repository.clone(), digest.clone()))
    }

    /// Gives everything in a repository that waits its file now; in every repository for `None`.
    pub(super) fn settle_all(
        &self,
        repository: Option<&RepositoryName>,
    ) -> Result<(), StorageError> {
        let keys: Vec<Key> = self.waiting.state().entries.keys().cloned().collect();
        keys.iter()
            .filter(|(name, _)| repository.is_none_or(|wanted| wanted == name))
            .try_for_each(|key| self.waiting.write(key))
    }

    /// Removes a content: from memory, and its file with `unlink`, which says whether there was one. Says whether it was there at all.
    pub(super) fn remove(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        unlink: impl FnOnce() -> Result<bool, StorageError>,
    ) -> Result<bool, StorageError> {
        let key = (repository.clone(), digest.clone());
        let mut state = self.waiting.state();
        while state.removed.contains(&key)
            || (state.entries.get(&key)).is_some_and(|entry| entry.being_written)
        {
            state = self.waiting.wait(state);
        }
        // Written down first: what the log has is stored again after a crash.
        if state.logged.contains(&key) {
            state.log.append(&key, None)?;
        }
        let waited = state.take(&key).is_some();
        state.removed.insert(key.clone());
        drop(state);
        let unlinked = unlink();
        self.waiting.state().removed.remove(&key);
        self.waiting.changed.notify_all();
        Ok(unlinked? || waited)
    }
}

impl Drop for SmallContents {
    fn drop(&mut self) {
        self.waiting.state().closing = true;
        self.waiting.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl State {
    fn insert(&mut self, key: Key, digest: VerifiedDigest, bytes: Bytes) {
        self.take(&key);
        self.bytes += bytes.len();
        self.order.push_back(key.clone());
        let entry = Entry {
            digest,
            bytes,
            being_written: false,
        };
        self.entries.insert(key, entry);
    }

    fn take(&mut self, key: &Key) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        self.bytes -= entry.bytes.len();
        Some(entry)
    }
}

impl Waiting {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'state>(&self, state: MutexGuard<'state, State>) -> MutexGuard<'state, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        if let Err(error) = self.content.remove_orphans() {
            tracing::warn!(%error, "content that no repository has stays until the next start");
        }
        while self.wait_for_work() {
            let keys = std::mem::take(&mut self.state().order);
            let mut failed = VecDeque::new();
            for key in keys {
                if let Err(error) = self.write(&key) {
                    let (repository, digest) = &key;
                    tracing::warn!(%repository, %digest, %error, "a small content stays in the log until the disk takes it");
                    failed.push_back(key);
                }
            }
            self.settled(failed);
        }
    }

    /// Waits until it is time to make files. `false`: there is nothing left to do, and nothing will come.
    fn wait_for_work(&self) -> bool {
        let mut state = self.state();
        let mut since = None;
        loop {
            if state.closing {
                return !state.order.is_empty() && !state.refused;
            }
            let waited = if state.order.is_empty() {
                since = None;
                Duration::ZERO
            } else {
                since.get_or_insert_with(Instant::now).elapsed()
            };
            let quiet = state.newest.elapsed() >= QUIET || state.bytes >= WAITING_LIMIT / 2;
            let pause = match (state.order.is_empty(), state.refused) {
                (true, _) => Duration::MAX,
                (false, true) if waited >= PAUSE => return true,
                (false, true) => PAUSE,
                (false, false) if quiet || waited >= LONGEST_WAIT => return true,
                (false, false) => QUIET,
            };
            state = match self.changed.wait_timeout(state, pause) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// Keeps what failed, and empties the log when every entry has its file.
    fn settled(&self, mut failed: VecDeque<Key>) {
        let mut state = self.state();
        state.refused = !failed.is_empty();
        failed.append(&mut state.order);
        state.order = failed;
        if state.entries.is_empty() && state.removed.is_empty() {
            match state.log.clear() {
                Ok(()) => state.logged.clear(),
                Err(error) => {
                    tracing::warn!(%error, "the log of small contents grows until it can be emptied");
                }
            }
        }
    }

    /// Writes the file of one entry; waits when another thread does so already.
    fn write(&self, key: &Key) -> Result<(), StorageError> {
        let mut state = self.state();
        let (digest, bytes) = loop {
            match state.entries.get_mut(key) {
                None => return Ok(()),
                Some(entry) if !entry.being_written => {
                    entry.being_written = true;
                    break (entry.digest.clone(), entry.bytes.clone());
                }
                Some(_) => state = self.wait(state),
            }
        };
        drop(state);
        let written = self.write_file(&key.0, &digest, &bytes);
        let mut state = self.state();
        if written.is_ok() {
            state.take(key);
        } else if let Some(entry) = state.entries.get_mut(key) {
            entry.being_written = false;
        }
        self.changed.notify_all();
        written
    }

    fn write_file(
        &self,
        repository: &RepositoryName,
        digest: &VerifiedDigest,
        bytes: &[u8],
    ) -> Result<(), StorageError> {
        let paths = self.content.paths.repository(repository);
        let root = paths.root();
        if !root.try_exists().file("look for", root)? {
            tracing::warn!(%repository, "somebody removed the repository's directory, and with it goes what waited for a file there");
            return Ok(());
        }
        let mut file = self.content.temporary()?;
        file.write_all(bytes).file("write", file.path())?;
        self.content.commit(file, &paths, digest)
    }
}
