//! Small contents on their way to files of their own.
//!
//! Creating a file costs fifty times as much as appending to one. So a small content is acknowledged as soon as it is in a log,
//! where it survives the end of the process, and a thread gives it its file within a moment. Until then it is answered from memory.

use std::collections::{HashMap, VecDeque};
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

/// Longest log, in bytes: it is emptied when nothing waits, which a steady stream of pushes can put off.
const LOG_LIMIT: u64 = 64 * 1024 * 1024;

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
    /// Gives what an earlier process left in the log its files, and begins.
    pub(super) fn open(content: Arc<Content>) -> Result<Self, StorageError> {
        let path = content.paths.small_log();
        let (mut log, records) = SmallLog::open(path.clone())?;
        restore(records, &content)?;
        log.clear()?;
        let waiting = Arc::new(Waiting {
            content,
            state: Mutex::new(State {
                log,
                entries: HashMap::new(),
                order: VecDeque::new(),
                bytes: 0,
                newest: Instant::now(),
                refused: false,
                closing: false,
            }),
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
        let mut state = self.waiting.state();
        let full = state.bytes + bytes.len() > WAITING_LIMIT || state.log.length() > LOG_LIMIT;
        if full || state.refused {
            return Ok(false);
        }
        let key = (repository.clone(), digest.digest().clone());
        if state.entries.contains_key(&key) {
            return Ok(true);
        }
        state.log.append(&key, Some(&bytes))?;
        state.bytes += bytes.len();
        state.newest = Instant::now();
        state.order.push_back(key.clone());
        let entry = Entry {
            digest: digest.clone(),
            bytes,
            being_written: false,
        };
        state.entries.insert(key, entry);
        if state.order.len() == 1 {
            self.waiting.changed.notify_all();
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

    /// Gives everything that waits its file now.
    pub(super) fn settle_all(&self) -> Result<(), StorageError> {
        let keys: Vec<Key> = self.waiting.state().entries.keys().cloned().collect();
        keys.iter().try_for_each(|key| self.waiting.write(key))
    }

    /// Sees to it that a content does not come back from the log once its file is removed.
    pub(super) fn forget(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<(), StorageError> {
        self.settle(repository, digest)?;
        let mut state = self.waiting.state();
        if state.log.length() == 0 {
            return Ok(());
        }
        state
            .log
            .append(&(repository.clone(), digest.clone()), None)
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

impl Waiting {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        while self.wait_for_work() {
            let next = || self.state().order.front().cloned();
            while let Some(key) = next() {
                if let Err(error) = self.write(&key) {
                    tracing::warn!(%error, "small contents stay in the log until the disk takes them");
                    break;
                }
                self.state().order.pop_front();
            }
            self.settled();
        }
    }

    /// Waits until it is time to make files. `false`: there is nothing left, and nothing will come.
    fn wait_for_work(&self) -> bool {
        let mut state = self.state();
        let mut since = None;
        loop {
            if state.closing {
                return !state.order.is_empty() && !state.refused;
            }
            let pause = if state.order.is_empty() {
                since = None;
                Duration::MAX
            } else if state.refused {
                match since {
                    Some(_) => return true,
                    None => PAUSE,
                }
            } else {
                let waited = since.map_or(Duration::ZERO, |since: Instant| since.elapsed());
                if state.newest.elapsed() >= QUIET
                    || waited >= LONGEST_WAIT
                    || state.bytes >= WAITING_LIMIT / 2
                {
                    return true;
                }
                QUIET
            };
            if !state.order.is_empty() {
                since.get_or_insert_with(Instant::now);
            }
            state = match self.changed.wait_timeout(state, pause) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// Empties the log when every entry has its file, and remembers whether the disk takes files.
    fn settled(&self) {
        let mut state = self.state();
        state.refused = !state.order.is_empty();
        if state.entries.is_empty()
            && let Err(error) = state.log.clear()
        {
            tracing::warn!(%error, "the log of small contents grows until it can be emptied");
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
                Some(_) => {
                    state = self
                        .changed
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        };
        drop(state);
        let written = write_file(&self.content, &key.0, &digest, &bytes);
        let mut state = self.state();
        match written {
            Ok(()) => {
                state.entries.remove(key);
                state.bytes -= bytes.len();
            }
            Err(_) => {
                if let Some(entry) = state.entries.get_mut(key) {
                    entry.being_written = false;
                }
            }
        }
        self.changed.notify_all();
        written
    }
}

fn write_file(
    content: &Content,
    repository: &RepositoryName,
    digest: &VerifiedDigest,
    bytes: &[u8],
) -> Result<(), StorageError> {
    let mut file = content.temporary()?;
    file.write_all(bytes).file("write", file.path())?;
    content.commit(file, &content.paths.repository(repository), digest)
}

/// Gives the contents of a log their files, except those that were deleted later.
fn restore(records: Vec<Record>, content: &Content) -> Result<(), StorageError> {
    let mut left = HashMap::new();
    for Record { key, content } in records {
        match content {
            Some(content) => left.insert(key, content),
            None => left.remove(&key),
        };
    }
    for ((repository, _), (digest, bytes)) in &left {
        write_file(content, repository, digest, bytes)?;
    }
    Ok(())
}
