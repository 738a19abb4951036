//! The durable object store: one ordered key space, one global revision, one writer.
//!
//! * [`key`] lays the key space out so that every list is a range scan.
//! * [`record`] is how one object is encoded.
//! * [`database`] reads; [`writer`] groups concurrent writes into one durable commit each.
//! * [`window`] keeps the most recent events in memory for watches.
//!
//! Nothing above this module knows which database is behind it.

mod database;
mod key;
mod record;
mod window;
mod writer;

pub(crate) use database::{OpenStoreError, Page, Store, StoreError};
pub(crate) use key::{Key, Range};
pub(crate) use record::Record;
pub(crate) use window::{Event, EventKind, Window};
pub(crate) use writer::{Change, CommitError, Expected};
