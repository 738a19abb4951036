//! Requests to a registry in this process.

use std::cell::RefCell;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use registry::storage::{Directory, Memory};
use registry::{Algorithm, Digest, Options, Registry, VerifiedDigest};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// A directory is given up after so many inputs, so that it does not grow without end.
const INPUTS_PER_DIRECTORY: usize = 500;

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A registry and the runtime that serves it.
pub(crate) struct Server {
    router: axum::Router,
    runtime: Arc<Runtime>,
}

impl Server {
    pub(crate) fn in_memory(options: Options) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        Self {
            router: Registry::new(Arc::new(Memory::new()), options).router(),
            runtime: Arc::new(runtime.unwrap()),
        }
    }

    /// Sends a request. `None`: such a request cannot be written at all.
    pub(crate) fn send(
        &self,
        method: Method,
        uri: &str,
        headers: &[(&str, &[u8])],
        body: impl Into<Body>,
    ) -> Option<Answer> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, HeaderValue::from_bytes(value).ok()?);
        }
        let request = request.body(body.into()).ok()?;
        let router = self.router.clone();
        Some(self.runtime.block_on(async {
            let response = router.oneshot(request).await.unwrap();
            let (head, body) = response.into_parts();
            let answer = Answer {
                status: head.status,
                headers: head.headers,
                body: body.collect().await.unwrap().to_bytes(),
            };
            assert!(!answer.status.is_server_error(), "{uri}: {}", answer.status);
            answer
        }))
    }
}

/// A registry on a directory, with the directory around it.
pub(crate) struct OnDisk {
    pub(crate) server: Server,
    pub(crate) around: TempDir,
    inputs: usize,
}

impl OnDisk {
    fn new() -> Self {
        let around = tempfile::tempdir().unwrap();
        plant_traps(around.path());
        let storage = Directory::open(around.path().join("data")).unwrap();
        let server = Server {
            router: Registry::new(Arc::new(storage), Options::default()).router(),
            ..Server::in_memory(Options::default())
        };
        Self {
            server,
            around,
            inputs: 0,
        }
    }
}

/// Names that no repository has, as links in the registry's directory that lead out of it.
pub(crate) const TRAPS: &[&str] = &["Outside", ".outside", "-outside", "out..side", "outside+"];

/// What lies outside.
const WITNESS: &[u8] = b"untouched";

fn plant_traps(around: &Path) {
    let outside = around.join("outside");
    for folder in ["outside/blobs/sha256", "data/repositories"] {
        std::fs::create_dir_all(around.join(folder)).unwrap();
    }
    std::fs::write(outside.join("witness"), WITNESS).unwrap();
    for trap in TRAPS {
        symlink(&outside, around.join("data/repositories").join(trap)).unwrap();
    }
}

impl OnDisk {
    /// The directories of repositories.
    pub(crate) fn repositories(&self) -> PathBuf {
        self.around.path().join("data/repositories")
    }

    /// Nothing was written or removed beside the registry's directory, or behind a link in it.
    pub(crate) fn assert_nothing_left_it(&self) {
        let entries = |folder: &str| {
            let entries = std::fs::read_dir(self.around.path().join(folder)).unwrap();
            let name = |entry: std::fs::DirEntry| entry.file_name().into_string().unwrap();
            let mut names: Vec<_> = entries.map(|entry| name(entry.unwrap())).collect();
            names.sort();
            names
        };
        assert_eq!(entries(""), ["data", "outside"]);
        assert_eq!(entries("outside"), ["blobs", "witness"]);
        assert_eq!(entries("outside/blobs"), ["sha256"]);
        assert!(entries("outside/blobs/sha256").is_empty());
        let witness = std::fs::read(self.around.path().join("outside/witness"));
        assert_eq!(witness.unwrap(), WITNESS);
        for trap in TRAPS {
            assert!(self.repositories().join(trap).is_symlink(), "{trap}");
        }
    }
}

thread_local! {
    static ON_DISK: RefCell<OnDisk> = RefCell::new(OnDisk::new());
}

/// Lends a registry on a directory, a fresh one from time to time.
pub(crate) fn on_disk(work: impl FnOnce(&OnDisk)) {
    ON_DISK.with_borrow_mut(|on_disk| {
        on_disk.inputs += 1;
        if on_disk.inputs > INPUTS_PER_DIRECTORY {
            *on_disk = OnDisk::new();
        }
        work(on_disk);
    });
}

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    VerifiedDigest::of(Algorithm::Sha256, bytes)
        .digest()
        .clone()
}
