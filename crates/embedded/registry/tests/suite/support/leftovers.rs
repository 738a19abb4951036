//! Looking for what should not be there.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use registry::{Algorithm, Digest};

use super::client::Client;
use super::stores::TestStore;

/// Nothing of content that was refused, given up or deleted can be had from any repository or found on the disk, under the digest that was promised or
/// under its own; and nothing else lies about that no repository has.
pub async fn nothing_is_left(store: &TestStore, refused: &[Digest]) {
    let client = Client::new(Arc::clone(&store.storage));
    for digest in refused {
        for repository in ["app", "other"] {
            for kind in ["blobs", "manifests"] {
                let path = format!("/v2/{repository}/{kind}/{digest}");
                client.get(&path).await.expect(404);
            }
        }
        for query in [
            format!("mount={digest}"),
            format!("mount={digest}&from=app"),
        ] {
            let path = format!("/v2/other/blobs/uploads/?{query}");
            let opened = client.post(&path).await.expect(202);
            client.delete(opened.header("location")).await.expect(204);
        }
        assert_eq!(store.storage.blob_holders(digest).await.unwrap(), []);
    }
    if let Some(directory) = &store.directory {
        nothing_is_on_disk(directory.path(), refused);
    }
}

fn nothing_is_on_disk(data: &Path, refused: &[Digest]) {
    let entries = |folder: &str| std::fs::read_dir(data.join(folder)).unwrap();
    // Writes that were under way when their upload was given up may end after it.
    let limit = Instant::now() + Duration::from_secs(10);
    while entries("uploads").count() > 0 {
        assert!(
            Instant::now() < limit,
            "unfinished uploads in {}",
            data.join("uploads").display()
        );
        std::thread::yield_now();
    }
    for algorithm in Algorithm::ALL {
        for entry in entries(&format!("content/{}", algorithm.name())) {
            let path = entry.unwrap().path();
            let links = std::fs::metadata(&path).unwrap().nlink();
            assert!(links >= 2, "no repository has {}", path.display());
            let encoded = path.file_name().unwrap().to_str().unwrap();
            assert!(
                !refused.iter().any(|digest| digest.encoded() == encoded),
                "{} is left",
                path.display()
            );
        }
    }
    let log = std::fs::read(data.join("small.log")).unwrap();
    let log = String::from_utf8_lossy(&log);
    for digest in refused {
        assert!(
            !log.contains(digest.encoded()),
            "small.log has an entry of {digest}"
        );
    }
}
