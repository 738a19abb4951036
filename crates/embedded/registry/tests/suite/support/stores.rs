//! Both stores, for tests that must hold for either.

use std::sync::Arc;
use std::time::{Duration, Instant};

use registry::storage::{Directory, Memory, Storage};

/// A store and, where it has one, its directory, which lives as long as this value.
pub struct TestStore {
    pub storage: Arc<dyn Storage>,
    pub directory: Option<tempfile::TempDir>,
}

pub fn memory() -> TestStore {
    TestStore {
        storage: Arc::new(Memory::new()),
        directory: None,
    }
}

pub fn directory() -> TestStore {
    let directory = tempfile::tempdir().unwrap();
    TestStore {
        storage: Arc::new(Directory::open(directory.path()).unwrap()),
        directory: Some(directory),
    }
}

/// No file of an unfinished upload is on disk, once the writes that were under way have ended.
pub fn nothing_is_left(directory: Option<tempfile::TempDir>) {
    let Some(directory) = directory else {
        return;
    };
    let uploads = directory.path().join("uploads");
    let limit = Instant::now() + Duration::from_secs(10);
    while std::fs::read_dir(&uploads).unwrap().count() > 0 {
        assert!(
            Instant::now() < limit,
            "unfinished uploads in {}",
            uploads.display()
        );
        std::thread::yield_now();
    }
}

/// Declares each async function of the list as two tests: one with the memory store, one with the directory store.
#[macro_export]
macro_rules! for_both_stores {
    ($($test:ident),+ $(,)?) => {
        mod memory_store {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::support::stores::memory()).await;
            })+
        }
        mod directory_store {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::support::stores::directory()).await;
            })+
        }
    };
}
