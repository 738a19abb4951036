//! The one writer. Everything that waits while a commit is being made durable goes into the next commit together, so the
//! number of `fsync` calls does not grow with the number of clients; nobody is answered before the commit is durable.

use std::sync::Arc;

use bytes::Bytes;
use redb::{Database, Durability, ReadableTable, Table};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::database::{DELETING, DEPENDENTS, OBJECTS, REVISION, SETTINGS};
use super::record::{self, Record};
use super::{Event, EventKind, Key, StoreError, Window};

/// Most submissions that share one commit.
const MAXIMUM_BATCH: usize = 512;

/// What must be stored under a key for a change to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Nothing.
    Absent,
    /// The object at exactly this revision.
    Revision(u64),
}

/// One change of the store.
#[derive(Debug)]
pub(crate) enum Change {
    /// Stores `object`, whose `metadata.resourceVersion` becomes the revision of this change.
    Put {
        key: Key,
        expected: Expected,
        object: Value,
    },
    /// Removes the object; `object` is its last state, which watches get with the revision of the removal.
    Delete {
        key: Key,
        revision: u64,
        object: Value,
    },
    /// Changes nothing, but lets the other changes happen only if `key` is still at `revision`.
    Require { key: Key, revision: u64 },
}

/// A commit did not happen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommitError {
    #[error("{key:?} is not what was expected: {expected:?}, found revision {found:?}")]
    Unexpected {
        key: Key,
        expected: Expected,
        found: Option<u64>,
    },
    #[error("{0}")]
    Store(Arc<StoreError>),
    #[error("the object store is closed")]
    Closed,
}

/// Changes on their way to the writer.
pub(super) struct Submission {
    pub(super) changes: Vec<Change>,
    pub(super) acknowledge: oneshot::Sender<Result<Vec<Value>, CommitError>>,
}

/// Starts the writer thread; it ends when every [`Store`](super::Store) is dropped, and then drops `closed`.
pub(super) fn start(
    database: Arc<Database>,
    window: Arc<Window>,
    revision: u64,
    mut submissions: mpsc::UnboundedReceiver<Submission>,
    closed: oneshot::Sender<()>,
) -> std::io::Result<()> {
    let write = move || {
        let mut revision = revision;
        let mut batch = Vec::new();
        while let Some(first) = submissions.blocking_recv() {
            batch.push(first);
            while batch.len() < MAXIMUM_BATCH {
                let Ok(next) = submissions.try_recv() else {
                    break;
                };
                batch.push(next);
            }
            match write_batch(&database, &window, revision, std::mem::take(&mut batch)) {
                Some(next) => revision = next,
                // redb refuses everything after such a failure; whoever waits for `closed` learns of it.
                None => break,
            }
        }
        drop(database);
        drop(closed);
    };
    std::thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(write)
        .map(drop)
}

type Answer = Result<Vec<Value>, CommitError>;

/// Commits a batch and answers all of it. Gives back the last revision, nothing when the database has failed.
fn write_batch(
    database: &Database,
    window: &Window,
    revision: u64,
    batch: Vec<Submission>,
) -> Option<u64> {
    let (changes, waiting): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .map(|submission| (submission.changes, submission.acknowledge))
        .unzip();
    let mut events = Vec::new();
    // A request may have been given up before it is answered; what happened has happened all the same.
    match commit_batch(database, revision, changes, &mut events) {
        Ok((revision, answers)) => {
            window.publish(events);
            for (acknowledge, answer) in waiting.into_iter().zip(answers) {
                let _ = acknowledge.send(answer);
            }
            Some(revision)
        }
        Err(error) => {
            tracing::error!(%error, "a commit failed; its writes are refused");
            let usable = matches!(error, StoreError::Unreadable { .. });
            let error = Arc::new(error);
            for acknowledge in waiting {
                let _ = acknowledge.send(Err(CommitError::Store(Arc::clone(&error))));
            }
            usable.then_some(revision)
        }
    }
}

fn commit_batch(
    database: &Database,
    mut revision: u64,
    batch: Vec<Vec<Change>>,
    events: &mut Vec<Event>,
) -> Result<(u64, Vec<Answer>), StoreError> {
    let mut answers = Vec::with_capacity(batch.len());
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    {
        let mut tables = Tables {
            objects: transaction.open_table(OBJECTS)?,
            dependents: transaction.open_table(DEPENDENTS)?,
            deleting: transaction.open_table(DELETING)?,
        };
        for changes in batch {
            answers.push(match tables.refusal(&changes)? {
                Some(refusal) => Err(refusal),
                None => Ok(tables.apply(changes, &mut revision, events)?),
            });
        }
        transaction
            .open_table(SETTINGS)?
            .insert(REVISION, revision.to_be_bytes().as_slice())?;
    }
    if events.is_empty() {
        transaction.abort()?;
    } else {
        transaction.commit()?;
    }
    Ok((revision, answers))
}

struct Tables<'transaction> {
    objects: Table<'transaction, &'static str, &'static [u8]>,
    dependents: Table<'transaction, &'static str, ()>,
    deleting: Table<'transaction, &'static str, ()>,
}

impl Tables<'_> {
    /// Why the changes must not happen, if so.
    fn refusal(&self, changes: &[Change]) -> Result<Option<CommitError>, StoreError> {
        for change in changes {
            let (key, expected) = match change {
                Change::Put { key, expected, .. } => (key, *expected),
                Change::Delete { key, revision, .. } | Change::Require { key, revision } => {
                    (key, Expected::Revision(*revision))
                }
            };
            let found = match self.objects.get(key.as_str())? {
                Some(stored) => Some(
                    record::revision_and_owners(stored.value())
                        .map_err(|_| unreadable(key))?
                        .0,
                ),
                None => None,
            };
            let as_expected = match expected {
                Expected::Absent => found.is_none(),
                Expected::Revision(revision) => found == Some(revision),
            };
            if !as_expected {
                return Ok(Some(CommitError::Unexpected {
                    key: key.clone(),
                    expected,
                    found,
                }));
            }
        }
        Ok(None)
    }

    fn apply(
        &mut self,
        changes: Vec<Change>,
        revision: &mut u64,
        events: &mut Vec<Event>,
    ) -> Result<Vec<Value>, StoreError> {
        let mut stored = Vec::with_capacity(changes.len());
        for change in changes {
            let (key, mut object, deleted) = match change {
                Change::Put { key, object, .. } => (key, object, false),
                Change::Delete { key, object, .. } => (key, object, true),
                Change::Require { .. } => continue,
            };
            *revision += 1;
            object["metadata"]["resourceVersion"] = Value::String(revision.to_string());
            let json = Bytes::from(serde_json::to_vec(&object).map_err(|_| unreadable(&key))?);
            let previous = if deleted {
                self.remove(&key)?
            } else {
                self.put(&key, *revision, &object, &json)?
            };
            let kind = match (deleted, previous.is_empty()) {
                (true, _) => EventKind::Deleted,
                (false, true) => EventKind::Created,
                (false, false) => EventKind::Updated,
            };
            events.push(Event {
                revision: *revision,
                kind,
                key,
                object: json,
                previous,
            });
            stored.push(object);
        }
        Ok(stored)
    }

    fn put(
        &mut self,
        key: &Key,
        revision: u64,
        object: &Value,
        json: &[u8],
    ) -> Result<Bytes, StoreError> {
        if object["metadata"]["deletionTimestamp"].is_string() {
            self.deleting.insert(key.as_str(), ())?;
        }
        let owners = record::owners_of(object);
        let encoded = record::encode(revision, &owners, json);
        let previous = self
            .objects
            .insert(key.as_str(), encoded.as_slice())?
            .map(|stored| stored.value().to_vec());
        let (previous, previous_owners) = taken_apart(key, previous)?;
        if owners != previous_owners {
            self.forget_owners(key, &previous_owners)?;
            for owner in &owners {
                self.dependents.insert(dependent(owner, key).as_str(), ())?;
            }
        }
        Ok(previous)
    }

    fn remove(&mut self, key: &Key) -> Result<Bytes, StoreError> {
        self.deleting.remove(key.as_str())?;
        let previous = self
            .objects
            .remove(key.as_str())?
            .map(|stored| stored.value().to_vec());
        let (previous, owners) = taken_apart(key, previous)?;
        self.forget_owners(key, &owners)?;
        Ok(previous)
    }

    fn forget_owners(&mut self, key: &Key, owners: &[String]) -> Result<(), StoreError> {
        for owner in owners {
            self.dependents.remove(dependent(owner, key).as_str())?;
        }
        Ok(())
    }
}

fn taken_apart(key: &Key, stored: Option<Vec<u8>>) -> Result<(Bytes, Vec<String>), StoreError> {
    let Some(stored) = stored else {
        return Ok((Bytes::new(), Vec::new()));
    };
    let (_, owners) = record::revision_and_owners(&stored).map_err(|_| unreadable(key))?;
    Ok((
        Record::decode(&stored).map_err(|_| unreadable(key))?.json,
        owners,
    ))
}

fn dependent(owner: &str, key: &Key) -> String {
    format!("{owner}\0{}", key.as_str())
}

fn unreadable(key: &Key) -> StoreError {
    StoreError::Unreadable {
        key: key.as_str().to_owned(),
    }
}
