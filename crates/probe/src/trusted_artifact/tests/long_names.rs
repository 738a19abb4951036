//! Names that an archive claims and nobody can have.

use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;

use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn extension(kind: EntryType, size: u64) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.set_path("././@LongLink").unwrap();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// An archive whose first entry has a file content or an extension of `kind`, and a mebibyte of `a` as often as said.
fn archive_with(kind: EntryType, mebibytes: usize) -> Vec<u8> {
    let size = u64::try_from(mebibytes).unwrap() << 20;
    let mut archive = gzip(&extension(kind, size));
    let part = gzip(&vec![b'a'; 1 << 20]);
    (0..mebibytes).for_each(|_| archive.extend_from_slice(&part));
    archive
}

/// Counts what is read from it.
struct Counted<R>(R, Rc<Cell<usize>>);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.0.read(buffer)?;
        self.1.set(self.1.get() + length);
        Ok(length)
    }
}

#[test]
fn a_name_of_700_mebibytes_is_refused_after_the_first_of_them() {
    for kind in [
        EntryType::GNULongName,
        EntryType::GNULongLink,
        EntryType::XHeader,
    ] {
        let archive = archive_with(kind, 700);
        let count = Rc::new(Cell::new(0));
        let (_outer, result) = unpacked(Counted(archive.as_slice(), Rc::clone(&count)));
        let problem = result.unwrap_err();
        assert!(
            matches!(problem, TrustedArtifactError::Damaged { .. }),
            "{problem}"
        );
        let text = problem.to_string();
        assert!(
            text.contains("an entry has headers of more than 1048576 bytes"),
            "{text}"
        );
        assert!(
            count.get() < archive.len() / 10,
            "{} were read",
            count.get()
        );
    }
}

#[test]
fn headers_that_are_short_each_and_long_together_are_refused() {
    let mut bytes = Vec::new();
    for kind in [
        EntryType::GNULongName,
        EntryType::GNULongLink,
        EntryType::XHeader,
    ] {
        bytes.extend_from_slice(&extension(kind, 400 << 10));
        bytes.extend_from_slice(&vec![b'a'; 400 << 10]);
    }
    let (_outer, result) = unpacked(gzip(&bytes).as_slice());
    let problem = result.unwrap_err().to_string();
    assert!(problem.contains("more than 1048576 bytes"), "{problem}");
}

/// An archive of files with these names; any length.
fn archive_of_names(names: &[String]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for name in names {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_size(3);
        archive.append_data(&mut header, name, &b"abc"[..]).unwrap();
    }
    gzip(&archive.into_inner().unwrap())
}

#[test]
fn every_entry_has_a_limit_of_its_own_and_content_has_none() {
    let long = |start: &str| format!("{start}/{}", ["n".repeat(200).as_str(); 5].join("/"));
    let names: Vec<String> = (0..900).map(|count| long(&count.to_string())).collect();
    let all: usize = names.iter().map(String::len).sum();
    assert!(all > 800 << 10, "their headers are longer than the limit");
    let (outer, result) = unpacked(archive_of_names(&names).as_slice());
    assert_eq!(result.unwrap(), 900);
    let last = outer.path().join("destination").join(&names[899]);
    assert_eq!(std::fs::read(last).unwrap(), b"abc");

    let global = archive_with(EntryType::XGlobalHeader, 3);
    let (_outer, result) = unpacked(global.as_slice());
    assert_eq!(result.unwrap(), 0, "what nobody reads may have any length");
}

#[test]
fn a_name_longer_than_a_file_can_have_is_refused_and_shown_by_its_beginning() {
    let name = ["n".repeat(200).as_str(); 50].join("/");
    let (_outer, result) = unpacked(archive_of_names(&[name]).as_slice());
    let problem = result.unwrap_err();
    assert!(
        matches!(problem, TrustedArtifactError::Unsafe { .. }),
        "{problem}"
    );
    let text = problem.to_string();
    assert!(
        text.contains("has a longer name than a file can have") && text.contains("n…`"),
        "{text}"
    );
    assert!(text.len() < 1000, "{}", text.len());
    // One part is too long, and only the file system knows it.
    let (_outer, result) = unpacked(archive_of_names(&["n".repeat(3000)]).as_slice());
    let problem = result.unwrap_err();
    assert!(
        matches!(problem, TrustedArtifactError::NotExtracted { .. }),
        "{problem}"
    );
    let text = problem.to_string();
    assert!(text.contains("too long") && text.len() < 1500, "{text}");
}
