//! Reading the store, and opening it.

use std::path::Path;
use std::sync::Arc;

use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::writer::{self, Change, CommitError, Submission};
use super::{Key, Range, Record, Window};

/// Objects by [`Key`].
pub(super) const OBJECTS: TableDefinition<&str, &[u8]> = TableDefinition::new("objects");
/// `<owner UID>` NUL `<key of a dependent>`.
pub(super) const DEPENDENTS: TableDefinition<&str, ()> = TableDefinition::new("dependents");
/// Keys of the objects that are being deleted.
pub(super) const DELETING: TableDefinition<&str, ()> = TableDefinition::new("deleting");
/// Small values of the server itself.
pub(super) const SETTINGS: TableDefinition<&str, &[u8]> = TableDefinition::new("settings");
/// In [`SETTINGS`]: the last revision that was given out, 8 bytes, big endian.
pub(super) const REVISION: &str = "revision";

/// Bytes of pages that the database may keep in memory.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

/// The store could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenStoreError {
    #[error(transparent)]
    Open(#[from] redb::DatabaseError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the writer thread could not be started: {0}")]
    Thread(std::io::Error),
}

/// The database failed underneath a request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("the object store failed: {0}")]
    Database(Box<redb::Error>),
    #[error("the object store holds something unreadable under {key:?}")]
    Unreadable { key: String },
}

macro_rules! database_errors {
    ($($error:ty),*) => { $(impl From<$error> for StoreError {
        fn from(error: $error) -> Self { Self::Database(Box::new(error.into())) }
    })* };
}
database_errors!(
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError,
    redb::SetDurabilityError
);

/// Some objects of a range, in key order.
pub(crate) struct Page {
    /// Revision of the store when the objects were read.
    pub(crate) revision: u64,
    pub(crate) records: Vec<(Key, Record)>,
    /// Whether more objects of the range come after the last one.
    pub(crate) more: bool,
}

/// The store. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store {
    database: Arc<Database>,
    writer: mpsc::UnboundedSender<Submission>,
    window: Arc<Window>,
}

impl Store {
    /// Opens the store in `path`, creating it when it is absent, and starts its writer. The receiver ends when the last clone of the
    /// store has been dropped and the database is closed.
    pub(crate) fn open(path: &Path) -> Result<(Self, oneshot::Receiver<()>), OpenStoreError> {
        Self::over(
            Database::builder()
                .set_cache_size(CACHE_BYTES)
                .create(path)?,
        )
    }

    fn over(database: Database) -> Result<(Self, oneshot::Receiver<()>), OpenStoreError> {
        let database = Arc::new(database);
        let revision = create_tables(&database)?;
        let window = Arc::new(Window::starting_at(revision));
        let (writer, submissions) = mpsc::unbounded_channel();
        let (closing, closed) = oneshot::channel();
        writer::start(
            Arc::clone(&database),
            Arc::clone(&window),
            revision,
            submissions,
            closing,
        )
        .map_err(OpenStoreError::Thread)?;
        let store = Self {
            database,
            writer,
            window,
        };
        Ok((store, closed))
    }

    /// The recent events.
    pub(crate) fn window(&self) -> &Arc<Window> {
        &self.window
    }

    /// One object, or nothing.
    pub(crate) fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        let transaction = self.database.begin_read()?;
        let objects = transaction.open_table(OBJECTS)?;
        objects
            .get(key.as_str())?
            .map(|stored| decode(key.as_str(), stored.value()))
            .transpose()
    }

    /// One object, or nothing, with the revision of the store.
    pub(crate) fn get_with_revision(&self, key: &Key) -> Result<(u64, Option<Record>), StoreError> {
        let transaction = self.database.begin_read()?;
        let revision = read_revision(&transaction.open_table(SETTINGS)?)?;
        let objects = transaction.open_table(OBJECTS)?;
        let record = objects
            .get(key.as_str())?
            .map(|stored| decode(key.as_str(), stored.value()))
            .transpose()?;
        Ok((revision, record))
    }

    /// Objects of a range, from `after` (exclusive) on, at most `limit` (`0`: all of them).
    pub(crate) fn list(
        &self,
        range: &Range,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let transaction = self.database.begin_read()?;
        let revision = read_revision(&transaction.open_table(SETTINGS)?)?;
        let objects = transaction.open_table(OBJECTS)?;
        let start = after.map_or(range.start(), Key::as_str);
        let end = range.end();
        let mut records = Vec::new();
        let mut more = false;
        for entry in objects.range::<&str>(start..end.as_str())? {
            let (key, stored) = entry?;
            if after.is_some_and(|after| after.as_str() == key.value()) {
                continue;
            }
            if limit > 0 && records.len() == limit {
                more = true;
                break;
            }
            records.push((
                Key::from_stored(key.value()),
                decode(key.value(), stored.value())?,
            ));
        }
        Ok(Page {
            revision,
            records,
            more,
        })
    }

    /// Keys of the objects that name `owner_uid` among their owners.
    pub(crate) fn dependents(&self, owner_uid: &str) -> Result<Vec<Key>, StoreError> {
        let transaction = self.database.begin_read()?;
        let table = transaction.open_table(DEPENDENTS)?;
        let (start, end) = (format!("{owner_uid}\0"), format!("{owner_uid}\u{1}"));
        table
            .range::<&str>(start.as_str()..end.as_str())?
            .map(|entry| Ok(Key::from_stored(&entry?.0.value()[start.len()..])))
            .collect()
    }

    /// Keys of all objects that have owners, each once per owner.
    pub(crate) fn all_dependents(&self) -> Result<Vec<Key>, StoreError> {
        let transaction = self.database.begin_read()?;
        let table = transaction.open_table(DEPENDENTS)?;
        let mut keys = Vec::new();
        for entry in table.iter()? {
            let (entry, _) = entry?;
            if let Some((_, key)) = entry.value().split_once('\0') {
                keys.push(Key::from_stored(key));
            }
        }
        Ok(keys)
    }

    /// Keys of all objects that are being deleted and wait for their finalizers.
    pub(crate) fn deleting(&self) -> Result<Vec<Key>, StoreError> {
        let transaction = self.database.begin_read()?;
        let table = transaction.open_table(DELETING)?;
        table
            .iter()?
            .map(|entry| Ok(Key::from_stored(entry?.0.value())))
            .collect()
    }

    /// Applies all changes or none, durably. Gives back the objects as they were stored, in the order of the changes that have one.
    pub(crate) async fn commit(&self, changes: Vec<Change>) -> Result<Vec<Value>, CommitError> {
        let (acknowledge, acknowledged) = oneshot::channel();
        self.writer
            .send(Submission {
                changes,
                acknowledge,
            })
            .map_err(|_| CommitError::Closed)?;
        acknowledged.await.map_err(|_| CommitError::Closed)?
    }

    /// A small value of the server itself, made and stored at its first use.
    pub(crate) fn setting(
        &self,
        name: &str,
        make: impl FnOnce() -> Vec<u8>,
    ) -> Result<Vec<u8>, StoreError> {
        if let Some(value) = self
            .database
            .begin_read()?
            .open_table(SETTINGS)?
            .get(name)?
        {
            return Ok(value.value().to_vec());
        }
        let value = make();
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction
            .open_table(SETTINGS)?
            .insert(name, value.as_slice())?;
        transaction.commit()?;
        Ok(value)
    }
}

/// The revision stored in the settings, zero in a new store.
pub(super) fn read_revision(
    settings: &impl ReadableTable<&'static str, &'static [u8]>,
) -> Result<u64, StoreError> {
    let Some(stored) = settings.get(REVISION)? else {
        return Ok(0);
    };
    let bytes = stored
        .value()
        .try_into()
        .map_err(|_| StoreError::Unreadable {
            key: REVISION.to_owned(),
        })?;
    Ok(u64::from_be_bytes(bytes))
}

fn create_tables(database: &Database) -> Result<u64, StoreError> {
    let transaction = database.begin_write()?;
    transaction.open_table(OBJECTS)?;
    transaction.open_table(DEPENDENTS)?;
    transaction.open_table(DELETING)?;
    let revision = read_revision(&transaction.open_table(SETTINGS)?)?;
    transaction.commit()?;
    Ok(revision)
}

fn decode(key: &str, stored: &[u8]) -> Result<Record, StoreError> {
    Record::decode(stored).map_err(|_| StoreError::Unreadable {
        key: key.to_owned(),
    })
}

#[cfg(test)]
mod tests;
