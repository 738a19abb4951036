//! Both stores, for tests that must hold for either, and the ways to reach them.

use std::sync::Arc;

use http::Version;
use registry::Options;
use registry::storage::{Directory, Memory, Storage};

use super::client::Client;

/// A store and, where it has one, its directory, which lives as long as this value.
pub struct TestStore {
    pub storage: Arc<dyn Storage>,
    pub directory: Option<tempfile::TempDir>,
    /// The HTTP version of clients' connections; `None`: their requests are calls.
    connection: Option<Version>,
}

pub fn memory() -> TestStore {
    TestStore {
        storage: Arc::new(Memory::new()),
        directory: None,
        connection: None,
    }
}

pub fn directory() -> TestStore {
    let directory = tempfile::tempdir().unwrap();
    TestStore {
        storage: Arc::new(Directory::open(directory.path()).unwrap()),
        directory: Some(directory),
        connection: None,
    }
}

impl TestStore {
    /// Clients shall cross TLS and this version of HTTP.
    pub fn over(self, version: Version) -> Self {
        Self {
            connection: Some(version),
            ..self
        }
    }

    /// A client of a registry with this store.
    pub async fn client(&self) -> Client {
        self.client_with(Options::default()).await
    }

    pub async fn client_with(&self, options: Options) -> Client {
        let storage = Arc::clone(&self.storage);
        match self.connection {
            None => Client::with(storage, options),
            Some(version) => Client::connected(storage, options, version).await,
        }
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

/// As `for_both_stores`, and with the directory store over TLS, with HTTP/1.1 and with HTTP/2. The functions take their clients from
/// [`TestStore::client`].
#[macro_export]
macro_rules! for_both_stores_and_over_tls {
    ($($test:ident),+ $(,)?) => {
        $crate::for_both_stores!($($test),+);
        mod over_http_1 {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let store = $crate::support::stores::directory();
                super::$test(store.over(http::Version::HTTP_11)).await;
            })+
        }
        mod over_http_2 {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let store = $crate::support::stores::directory();
                super::$test(store.over(http::Version::HTTP_2)).await;
            })+
        }
    };
}
