use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use serde_json::json;

use super::*;
use crate::store::{Change, CommitError, Expected};

/// A fake disk in memory that can be made full.
#[derive(Debug, Default)]
struct FakeDisk {
    memory: InMemoryBackend,
    full: Arc<AtomicBool>,
}

impl FakeDisk {
    fn room(&self) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

impl StorageBackend for FakeDisk {
    fn len(&self) -> io::Result<u64> {
        self.memory.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.memory.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.room()?;
        self.memory.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.room()?;
        self.memory.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.room()?;
        self.memory.write(offset, data)
    }
}

fn put(name: &str) -> Vec<Change> {
    vec![Change::Put {
        key: Key::new("", "configmaps", "default", name),
        expected: Expected::Absent,
        object: json!({"metadata": {"name": name}}),
    }]
}

#[tokio::test]
async fn a_full_disk_refuses_every_waiting_write_with_the_cause_and_closes_the_store() {
    let disk = FakeDisk::default();
    let full = Arc::clone(&disk.full);
    let (store, closed) =
        Store::over(Database::builder().create_with_backend(disk).unwrap()).unwrap();
    store.commit(put("before")).await.unwrap();
    full.store(true, Ordering::SeqCst);
    let (first, second) = futures::join!(store.commit(put("a")), store.commit(put("b")));
    let refusal = first.unwrap_err();
    assert!(matches!(refusal, CommitError::Store(_)), "{refusal}");
    second.unwrap_err();
    // The writer has given up, whoever waits for this learns of it, and nothing is pretended afterwards.
    assert!(
        closed.await.is_err(),
        "the writer ends without a word of its own"
    );
    assert!(matches!(
        store.commit(put("later")).await,
        Err(CommitError::Closed)
    ));
}
