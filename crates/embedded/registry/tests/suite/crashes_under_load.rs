//! `kill -9` while several clients push, mount and delete the same small contents.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use registry::Digest;
use tokio::sync::Notify;

use crate::support::content::{noise, sha256};
use crate::support::program::Program;

const CLIENTS: usize = 4;
const KILLS: usize = 12;

/// What a repository should have, by the number of the content; a content that is missing here may be there or not.
type Expected = BTreeMap<usize, bool>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_last_is_what_a_restart_serves() {
    let data = tempfile::tempdir().unwrap();
    let contents: Arc<Vec<_>> = Arc::new([0, 1, 700, 20_000, 60_000].map(content).into());
    let mut expected = vec![Expected::new(); CLIENTS];
    drop(rustls::crypto::ring::default_provider().install_default());
    // Making one reads the system's certificates, which takes longer than everything else here.
    let http = reqwest::Client::new();
    for kill in 0..KILLS {
        let load = Arc::new(Load {
            contents: Arc::clone(&contents),
            killed: AtomicBool::new(false),
            acknowledged: AtomicUsize::new(0),
            progress: Notify::new(),
        });
        let program = Program::start(data.path()).await;
        for (client, expected) in expected.iter_mut().enumerate() {
            verify(&http, &program.url, client, &contents, expected).await;
        }
        let clients: Vec<_> = (expected.drain(..).enumerate())
            .map(|(client, expected)| {
                let (load, http) = (Arc::clone(&load), http.clone());
                let url = program.url.clone();
                tokio::spawn(load.run(http, url, client, kill as u64, expected))
            })
            .collect();
        // Each time after another number of requests, so that the files of what is in the log are made, half made and not made.
        load.wait_for(50 + 37 * kill).await;
        load.killed.store(true, Ordering::Relaxed);
        program.kill().await;
        for client in clients {
            expected.push(client.await.unwrap());
        }
    }
    let program = Program::start(data.path()).await;
    for (client, expected) in expected.iter_mut().enumerate() {
        verify(&http, &program.url, client, &contents, expected).await;
    }
    program.stop().await;
    holds_only_what_is_expected(data.path(), &contents, &expected);
}

fn content(size: usize) -> (Digest, Vec<u8>) {
    let bytes = noise(size as u64, size);
    (sha256(&bytes), bytes)
}

/// What the clients have in common.
struct Load {
    contents: Arc<Vec<(Digest, Vec<u8>)>>,
    killed: AtomicBool,
    acknowledged: AtomicUsize,
    progress: Notify,
}

impl Load {
    async fn wait_for(&self, acknowledged: usize) {
        while self.acknowledged.load(Ordering::Relaxed) < acknowledged {
            self.progress.notified().await;
        }
    }

    /// Changes the client's own repository, where it knows what came when, until the registry is gone. Contents are shared with everyone.
    async fn run(
        self: Arc<Self>,
        http: reqwest::Client,
        url: String,
        client: usize,
        seed: u64,
        mut expected: Expected,
    ) -> Expected {
        let choices = noise(seed * 100 + client as u64, 4096);
        for choice in choices.chunks(3).cycle() {
            let number = usize::from(choice[0]) % self.contents.len();
            let (digest, bytes) = &self.contents[number];
            let blobs = format!("{url}/v2/{}/blobs", repository(client));
            let source = repository(usize::from(choice[1]) % CLIENTS);
            let (request, present) = match choice[2] % 3 {
                0 => {
                    let path = format!("{blobs}/uploads/?digest={digest}");
                    (http.post(path).body(bytes.clone()), true)
                }
                1 => {
                    let path = format!("{blobs}/uploads/?mount={digest}&from={source}");
                    (http.post(path), true)
                }
                _ => (http.delete(format!("{blobs}/{digest}")), false),
            };
            let before = expected.remove(&number);
            let answer = match request.send().await {
                Ok(answer) => answer,
                Err(error) => {
                    assert!(self.killed.load(Ordering::Relaxed), "{error}");
                    return expected;
                }
            };
            let there = match answer.status().as_u16() {
                201 if present => Some(true),
                202 if !present => {
                    assert_ne!(before, Some(false), "what was not there was deleted");
                    Some(false)
                }
                404 if !present => {
                    assert_ne!(before, Some(true), "what was there was not found");
                    Some(false)
                }
                // The source of the mount does not have it: an upload was opened instead.
                202 => {
                    let upload = answer.headers()["location"].to_str().unwrap();
                    drop(http.delete(format!("{url}{upload}")).send().await);
                    before
                }
                other => panic!("a request was answered with {other}"),
            };
            expected.extend(there.map(|there| (number, there)));
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
            self.progress.notify_one();
        }
        unreachable!("a cycle does not end")
    }
}

fn repository(client: usize) -> String {
    format!("team/client{client}")
}

/// What the registry serves is what was acknowledged last. What was not acknowledged is whole or not there; from now on it is known.
async fn verify(
    http: &reqwest::Client,
    url: &str,
    client: usize,
    contents: &[(Digest, Vec<u8>)],
    expected: &mut Expected,
) {
    for (number, (digest, bytes)) in contents.iter().enumerate() {
        let path = format!("{url}/v2/{}/blobs/{digest}", repository(client));
        let answer = http.get(path).send().await.unwrap();
        let there = match answer.status().as_u16() {
            200 => true,
            404 => false,
            other => panic!("content {number} was answered with {other}"),
        };
        if there {
            assert_eq!(answer.bytes().await.unwrap(), bytes);
        }
        let before = expected.insert(number, there);
        assert!(
            before.is_none_or(|before| before == there),
            "client {client}, content {number}: acknowledged {before:?}, found {there}"
        );
    }
}

/// Every repository has the files of its contents and no other, and nothing else is stored.
fn holds_only_what_is_expected(data: &Path, contents: &[(Digest, Vec<u8>)], expected: &[Expected]) {
    let files = |folder: &str| -> HashMap<String, Vec<u8>> {
        let entries = std::fs::read_dir(data.join(folder)).unwrap();
        let entry = |entry: std::fs::DirEntry| {
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        };
        entries.map(|found| entry(found.unwrap())).collect()
    };
    let mut held = HashMap::new();
    for (client, expected) in expected.iter().enumerate() {
        let folder = repository(client).replace('/', "+");
        let own: HashMap<_, _> = (contents.iter().enumerate())
            .filter(|(number, _)| expected[number])
            .map(|(_, (digest, bytes))| (digest.encoded().to_owned(), bytes.clone()))
            .collect();
        assert_eq!(files(&format!("repositories/{folder}/blobs/sha256")), own);
        held.extend(own);
    }
    // Two repositories may come to have copies of their own, when one let go while the other took hold.
    for (name, bytes) in files("content/sha256") {
        assert_eq!(held.get(&name), Some(&bytes), "nobody has {name}");
    }
    assert_eq!(files("uploads"), HashMap::new());
}
