//! Reading what the operating system does not have in memory.

use std::fs::File;
use std::io::IoSliceMut;
use std::path::Path;
use std::sync::Arc;

use http::Method;
use registry::storage::Directory;
use rustix::fs::{Advice, fadvise, fstatfs};
use rustix::io::{Errno, ReadWriteFlags, preadv2};

use crate::support::client::Client;
use crate::support::content::{noise, sha256};

#[tokio::test]
async fn a_blob_that_has_to_come_from_the_disk_is_read_like_any_other() {
    // Not in /tmp, which may be in memory altogether.
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let client = Client::new(Arc::new(Directory::open(data.path()).unwrap()));
    let content = noise(1, 3_000_000);
    let digest = sha256(&content);
    client.push_blob("app", &digest, &content).await.expect(201);
    let file = data.path().join("repositories/app/blobs/sha256");
    let file = file.join(digest.encoded());
    let path = format!("/v2/app/blobs/{digest}");
    for range in [0..3_000_000, 1_999_999..2_500_001, 2_999_999..3_000_000] {
        if !forget(&file) {
            eprintln!("skipped: {} lies in memory", file.display());
            return;
        }
        let header = format!("bytes={}-{}", range.start, range.end - 1);
        let headers = [("range", header.as_str())];
        let part = client.send(Method::GET, &path, &headers, "").await;
        assert_eq!(part.expect(206).body, content[range]);
    }
    assert!(forget(&file));
    // The part in the middle is in memory, what is around it is not.
    std::os::unix::fs::FileExt::read_exact_at(
        &File::open(&file).unwrap(),
        &mut vec![0; 10_000],
        1_500_000,
    )
    .unwrap();
    assert_eq!(client.get(&path).await.expect(200).body, content);
}

/// Lets the system forget a file's content. `false`: the file system has nothing but memory.
fn forget(path: &Path) -> bool {
    const TMPFS_MAGIC: i128 = 0x0102_1994;
    let file = File::open(path).unwrap();
    if i128::from(fstatfs(&file).unwrap().f_type) == TMPFS_MAGIC {
        return false;
    }
    file.sync_all().unwrap();
    fadvise(&file, 0, None, Advice::DontNeed).unwrap();
    // The proof: a read that must not wait for the disk gets nothing.
    let mut byte = [0];
    let read = preadv2(
        &file,
        &mut [IoSliceMut::new(&mut byte)],
        0,
        ReadWriteFlags::NOWAIT,
    );
    assert!(
        matches!(read, Err(Errno::AGAIN | Errno::OPNOTSUPP)),
        "{} is still in memory: {read:?}",
        path.display()
    );
    true
}
