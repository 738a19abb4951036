//! Archives there and back, and archives that nobody honest made.

mod foreign;
mod limits;
mod long_names;
mod round_trip;

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

fn uri() -> ArtifactUri {
    ArtifactUri::new(
        &"r.example/team/app".parse().unwrap(),
        oci::Digest::sha256(b""),
    )
}

/// What is below a directory, by path.
#[derive(Debug, Clone, PartialEq)]
enum Found {
    Directory { mode: u32 },
    File { content: Vec<u8>, mode: u32 },
    Link { target: PathBuf },
}

fn tree(directory: &Path) -> BTreeMap<PathBuf, Found> {
    fn collect(root: &Path, directory: &Path, found: &mut BTreeMap<PathBuf, Found>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let mode = metadata.permissions().mode() & 0o777;
            let name = path.strip_prefix(root).unwrap().to_owned();
            let what = if metadata.is_symlink() {
                let target = std::fs::read_link(&path).unwrap();
                Found::Link { target }
            } else if metadata.is_dir() {
                collect(root, &path, found);
                Found::Directory { mode }
            } else {
                let content = std::fs::read(&path).unwrap();
                Found::File { content, mode }
            };
            found.insert(name, what);
        }
    }
    let mut found = BTreeMap::new();
    collect(directory, directory, &mut found);
    found
}

/// Writes what does not exist yet; paths that are in the way are passed over, so that any list is a tree.
fn write_tree(directory: &Path, wanted: &[(PathBuf, Found)]) {
    for (path, what) in wanted {
        let path = directory.join(path);
        let parent = path.parent().unwrap();
        if path.symlink_metadata().is_ok() || std::fs::create_dir_all(parent).is_err() {
            continue;
        }
        match what {
            Found::Directory { .. } => std::fs::create_dir(&path).unwrap(),
            Found::File { content, mode } => {
                std::fs::write(&path, content).unwrap();
                std::fs::set_permissions(&path, PermissionsExt::from_mode(*mode)).unwrap();
            }
            Found::Link { target } => symlink(target, &path).unwrap(),
        }
    }
}

fn packed(path: &Path) -> (TempDir, oci::Descriptor, std::fs::File) {
    let directory = tempfile::tempdir().unwrap();
    let layout = oci::Layout::create(directory.path().join("layout")).unwrap();
    let archive = pack(&layout, path).unwrap();
    let file = std::fs::File::open(layout.blob_path(&archive.digest)).unwrap();
    (directory, archive, file)
}

fn unpacked(archive: impl Read) -> (TempDir, Result<usize, TrustedArtifactError>) {
    let outer = tempfile::tempdir().unwrap();
    let destination = outer.path().join("destination");
    std::fs::create_dir(&destination).unwrap();
    let room = Room::new(1 << 20, 1000);
    let result = unpack(archive, &destination, &uri(), room);
    (outer, result)
}
