//! Both stores, for tests that must hold for either.

use std::sync::Arc;

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

/// No file of an unfinished upload is on disk.
pub fn nothing_is_left(directory: Option<tempfile::TempDir>) {
    if let Some(directory) = directory {
        let left = std::fs::read_dir(directory.path().join("uploads"))
            .unwrap()
            .count();
        assert_eq!(
            left,
            0,
            "unfinished uploads in {}",
            directory.path().display()
        );
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
