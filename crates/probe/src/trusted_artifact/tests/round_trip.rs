//! What is packed comes out the same.

use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

fn trees() -> impl Strategy<Value = Vec<(PathBuf, Found)>> {
    let name = prop_oneof![
        Just("a"),
        Just("b"),
        Just("with space"),
        Just("Ünï"),
        Just(".x")
    ];
    let path =
        prop::collection::vec(name, 1..4).prop_map(|parts| parts.iter().collect::<PathBuf>());
    let mode = prop_oneof![Just(0o644), Just(0o755), Just(0o400), Just(0o777)];
    let what = prop_oneof![
        (prop::collection::vec(any::<u8>(), 0..600), mode)
            .prop_map(|(content, mode)| Found::File { content, mode }),
        Just(Found::Directory { mode: 0 }),
        prop_oneof![Just("a"), Just("a/b"), Just("./missing")].prop_map(|target| Found::Link {
            target: target.into()
        }),
    ];
    prop::collection::vec((path, what), 0..12)
}

proptest! {
    // Each case makes and removes a hundred files.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_packed_comes_out_the_same(wanted in trees()) {
        let source = tempfile::tempdir().unwrap();
        write_tree(source.path(), &wanted);
        let (_layout, archive, file) = packed(source.path());
        prop_assert_eq!(archive.media_type, "application/vnd.oci.image.layer.v1.tar");
        let (outer, result) = unpacked(file);
        let expected = tree(source.path());
        prop_assert_eq!(result.unwrap(), expected.len());
        prop_assert_eq!(tree(&outer.path().join("destination")), expected);
    }
}

#[test]
fn a_directory_that_cannot_be_written_to_is_filled_first() {
    let source = tempfile::tempdir().unwrap();
    let closed = source.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::write(closed.join("file"), "x").unwrap();
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o555)).unwrap();
    let (_layout, _, file) = packed(source.path());
    let (outer, result) = unpacked(file);
    result.unwrap();
    let restored = outer.path().join("destination/closed");
    assert_eq!(
        restored.metadata().unwrap().permissions().mode() & 0o777,
        0o555
    );
    assert_eq!(std::fs::read(restored.join("file")).unwrap(), b"x");
    for directory in [&closed, &restored] {
        std::fs::set_permissions(directory, PermissionsExt::from_mode(0o755)).unwrap();
    }
}

#[test]
fn nothing_and_a_single_file_can_be_packed() {
    let source = tempfile::tempdir().unwrap();
    let (_layout, _, file) = packed(&source.path().join("missing"));
    let (outer, result) = unpacked(file);
    assert_eq!(result.unwrap(), 0);
    assert!(tree(&outer.path().join("destination")).is_empty());

    std::fs::write(source.path().join("file"), "x").unwrap();
    let (_layout, _, file) = packed(&source.path().join("file"));
    let (outer, result) = unpacked(file);
    assert_eq!(result.unwrap(), 1);
    assert_eq!(
        std::fs::read(outer.path().join("destination/file")).unwrap(),
        b"x"
    );
}

#[test]
fn the_gzip_header_has_no_time() {
    let source = tempfile::tempdir().unwrap();
    let (_layout, archive, mut file) = packed(source.path());
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes[4..8], [0; 4]);
    assert_eq!(
        (archive.size, &archive.digest),
        (bytes.len() as u64, &oci::Digest::sha256(&bytes))
    );
}

#[test]
fn links_out_and_special_files_are_not_packed() {
    let source = tempfile::tempdir().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let layout = oci::Layout::create(directory.path().join("layout")).unwrap();
    symlink("../../etc/passwd", source.path().join("link")).unwrap();
    let problem = pack(&layout, source.path()).unwrap_err().to_string();
    assert!(
        problem.contains("`link`") && problem.contains("leads out"),
        "{problem}"
    );
    std::fs::remove_file(source.path().join("link")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(source.path().join("socket")).unwrap();
    let problem = pack(&layout, source.path()).unwrap_err().to_string();
    assert!(
        problem.contains("`socket`") && problem.contains("neither a file"),
        "{problem}"
    );
}
