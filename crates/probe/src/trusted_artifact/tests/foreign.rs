//! Archives of other programs: good ones, damaged ones, and those that lead out.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;

use flate2::write::GzEncoder;
use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

use super::*;

/// A header with any path, which `tar`'s own writer would refuse.
fn header(path: &str, kind: EntryType, target: &str, size: u64) -> Header {
    let mut header = Header::new_gnu();
    let fields = header.as_gnu_mut().unwrap();
    fields.name[..path.len()].copy_from_slice(path.as_bytes());
    fields.linkname[..target.len()].copy_from_slice(target.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_cksum();
    header
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn archive_of(entries: &[(&str, EntryType, &str)]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (path, kind, target) in entries {
        let header = header(path, *kind, target, 0);
        archive.append(&header, std::io::empty()).unwrap();
    }
    gzip(&archive.into_inner().unwrap())
}

proptest! {
    #[test]
    fn no_archive_writes_outside(
        entries in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..8)
    ) {
        let kinds = [EntryType::Regular, EntryType::Directory, EntryType::Symlink, EntryType::Link, EntryType::Fifo];
        let paths = ["a", "a/b", "a/b/c", "../out", "/tmp/out", "a/../../out", "./a/", ".", "b"];
        let targets = ["a", "..", "../..", "a/..", "/", "b", "../out", ".", "a/b", "b/.."];
        let mut archive = Builder::new(Vec::new());
        for (kind, path, target) in entries {
            archive.append(&header(paths[path.index(paths.len())], kinds[kind.index(kinds.len())], targets[target.index(targets.len())], 0), std::io::empty()).unwrap();
        }
        let (outer, _) = unpacked(gzip(&archive.into_inner().unwrap()).as_slice());
        let outside: Vec<_> = std::fs::read_dir(outer.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        prop_assert_eq!(outside, ["destination"]);
        let destination = outer.path().join("destination").canonicalize().unwrap();
        for (path, found) in tree(&destination) {
            if let (Found::Link { .. }, Ok(resolved)) = (found, destination.join(&path).canonicalize()) {
                prop_assert!(resolved.starts_with(&destination), "{} leads to {}", path.display(), resolved.display());
            }
        }
    }
}

#[test]
fn an_unsafe_entry_is_refused_by_its_name() {
    use EntryType::{Char, Directory, Fifo, Link, Regular, Symlink};
    for (entries, text) in [
        (
            vec![("../x", Regular, "")],
            "`../x` leads out of the artifact with `..`",
        ),
        (
            vec![("a/../../x", Regular, "")],
            "leads out of the artifact with `..`",
        ),
        (
            vec![("/etc/x", Regular, "")],
            "`/etc/x` has an absolute path",
        ),
        (
            vec![("l", Symlink, "/etc/passwd")],
            "`l` is a link to an absolute path",
        ),
        (
            vec![("d/l", Symlink, "../../x")],
            "`d/l` is a link that leads out of the artifact",
        ),
        (
            vec![
                ("d/", Directory, ""),
                ("l", Symlink, "d"),
                ("l/x", Regular, ""),
            ],
            "`l/x` is to be written below `l`, which is a link or a file",
        ),
        (
            vec![("l", Symlink, "d"), ("l/", Directory, "")],
            "`l/` is a directory where a link or a file is",
        ),
        (
            vec![("h", Link, "/etc/passwd")],
            "`h` is a hard link to `/etc/passwd`, which has an absolute path",
        ),
        (vec![("h", Link, "../x")], "which leads out of the artifact"),
        (
            vec![("h", Link, "missing")],
            "`h` is a hard link to `missing`, which is no file of the artifact",
        ),
        (
            vec![("l", Symlink, "x"), ("h", Link, "l")],
            "`h` is a hard link to `l`, which is no file of the artifact",
        ),
        (
            vec![("f", Fifo, "")],
            "`f` is neither a file, a directory nor a link",
        ),
        (
            vec![("c", Char, "")],
            "`c` is neither a file, a directory nor a link",
        ),
        (
            vec![("x/", Regular, "")],
            "`x/` is a file whose name ends with `/`",
        ),
    ] {
        let (_outer, result) = unpacked(archive_of(&entries).as_slice());
        let problem = result.unwrap_err();
        assert!(
            matches!(problem, TrustedArtifactError::Unsafe { .. }),
            "{problem}"
        );
        let problem = problem.to_string();
        assert!(
            problem.contains(text) && problem.contains("oci:r.example/team/app@sha256:"),
            "expected `{text}` in: {problem}"
        );
    }
}

#[test]
fn what_does_not_fit_is_refused_before_it_is_written() {
    let mut archive = Builder::new(Vec::new());
    archive
        .append(&header("small", EntryType::Regular, "", 3), &b"abc"[..])
        .unwrap();
    let zeros = vec![0; 2 << 20];
    archive
        .append(
            &header("large", EntryType::Regular, "", zeros.len() as u64),
            zeros.as_slice(),
        )
        .unwrap();
    let bomb = gzip(&archive.into_inner().unwrap());
    assert!(bomb.len() < 1 << 16, "it looks harmless");
    let (outer, result) = unpacked(bomb.as_slice());
    let problem = result.unwrap_err();
    assert!(
        matches!(problem, TrustedArtifactError::NoRoom { .. }),
        "{problem}"
    );
    assert!(
        problem
            .to_string()
            .contains("with `large` it unpacks to more than fits"),
        "{problem}"
    );
    assert!(!outer.path().join("destination/large").exists());
}

#[test]
fn padding_without_end_is_refused() {
    let mut bytes = archive_of(&[]);
    bytes = gzip(&[vec![0; 1024], vec![0; 2 << 20]].concat())
        .into_iter()
        .chain(bytes)
        .collect();
    let (_outer, result) = unpacked(bytes.as_slice());
    let problem = result.unwrap_err().to_string();
    assert!(problem.contains("the padding at its end"), "{problem}");
}

#[test]
fn a_damaged_archive_is_refused() {
    let source = tempfile::tempdir().unwrap();
    std::fs::write(source.path().join("file"), [7; 5000]).unwrap();
    let (_layout, _, mut file) = packed(source.path());
    let mut whole = Vec::new();
    file.read_to_end(&mut whole).unwrap();
    let last = whole.len() - 1;
    let mut wrong_checksum = whole.clone();
    wrong_checksum[last - 5] ^= 1;
    for (bytes, what) in [
        (b"plain text".to_vec(), "no gzip"),
        (gzip(b"plain text"), "no tar"),
        (whole[..last - 20].to_vec(), "cut short"),
        (wrong_checksum, "wrong checksum"),
        ([whole.as_slice(), b"more"].concat(), "more after the end"),
    ] {
        let (_outer, result) = unpacked(bytes.as_slice());
        let problem = result.expect_err(what);
        assert!(
            matches!(
                problem,
                TrustedArtifactError::Damaged { .. } | TrustedArtifactError::NotExtracted { .. }
            ),
            "{what}: {problem}"
        );
    }
}

#[test]
fn hard_links_of_other_programs_are_restored() {
    let mut archive = Builder::new(Vec::new());
    archive
        .append(&header("d/file", EntryType::Regular, "", 3), &b"abc"[..])
        .unwrap();
    archive
        .append(
            &header("hard", EntryType::Link, "d/file", 0),
            std::io::empty(),
        )
        .unwrap();
    let (outer, result) = unpacked(gzip(&archive.into_inner().unwrap()).as_slice());
    assert_eq!(result.unwrap(), 2);
    assert_eq!(
        std::fs::read(outer.path().join("destination/hard")).unwrap(),
        b"abc"
    );
}

#[test]
fn set_user_id_is_not_restored() {
    let mut header = header("file", EntryType::Regular, "", 0);
    header.set_mode(0o4755);
    header.set_cksum();
    let mut archive = Builder::new(Vec::new());
    archive.append(&header, std::io::empty()).unwrap();
    let (outer, result) = unpacked(gzip(&archive.into_inner().unwrap()).as_slice());
    result.unwrap();
    let mode = outer
        .path()
        .join("destination/file")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o755);
}
