//! A layer's tar archive: sorted, without time, owner or any other trace of this machine.

use std::fs::File;
use std::io::{Read, Write};

use flate2::{Compression, GzBuilder};
use tar::{EntryType, Header};

use super::LayerFiles;
use super::files::Entry;
use crate::digest::{Algorithm, Hasher};
use crate::media_type::OCI_LAYER_GZIP;
use crate::{Descriptor, Digest, Error, Layout};

/// Fixed, because another level is another digest.
const LEVEL: Compression = Compression::new(6);
/// "Unknown" in the gzip header (RFC 1952), so that the machine's system does not show.
const UNKNOWN_SYSTEM: u8 = 255;

/// Writes `files` as a gzip-compressed layer into `layout`; also returns the digest of the uncompressed archive.
pub(super) fn write_layer(
    layout: &Layout,
    files: &LayerFiles,
) -> Result<(Descriptor, Digest), Error> {
    let directory = layout.directory().join("blobs/sha256");
    let write_error = |error: std::io::Error| Error::file("write", &directory, &error);
    let file = tempfile::NamedTempFile::new_in(&directory).map_err(write_error)?;
    let (descriptor, diff_id) = compress(file.as_file(), files)?;
    file.as_file().sync_all().map_err(write_error)?;
    let path = layout.blob_path(&descriptor.digest);
    file.persist(&path)
        .map_err(|error| Error::file("write", &path, &error.error))?;
    Ok((descriptor, diff_id))
}

fn compress(file: &File, files: &LayerFiles) -> Result<(Descriptor, Digest), Error> {
    let write_error =
        |error: std::io::Error| Error::Assembly(format!("cannot write a layer: {error}"));
    let gzip = GzBuilder::new()
        .mtime(0)
        .operating_system(UNKNOWN_SYSTEM)
        .write(Counted::new(file), LEVEL);
    let mut archive = tar::Builder::new(Counted::new(gzip));
    for (path, entry) in &files.entries {
        append(&mut archive, path, entry)?;
    }
    let uncompressed = archive.into_inner().map_err(write_error)?;
    let diff_id = uncompressed.hasher.finish();
    let compressed = uncompressed.inner.finish().map_err(write_error)?;
    let descriptor = Descriptor::new(OCI_LAYER_GZIP, compressed.hasher.finish(), compressed.count);
    Ok((descriptor, diff_id))
}

fn append(archive: &mut tar::Builder<impl Write>, path: &str, entry: &Entry) -> Result<(), Error> {
    let archive_error = |error: std::io::Error| Error::Assembly(format!("{path}: {error}"));
    match entry {
        Entry::Directory => {
            let mut header = header(EntryType::Directory, 0o755, 0);
            archive
                .append_data(&mut header, format!("{path}/"), std::io::empty())
                .map_err(archive_error)
        }
        Entry::Content(content) => {
            let mut header = header(EntryType::Regular, 0o644, content.len() as u64);
            archive
                .append_data(&mut header, path, content.as_slice())
                .map_err(archive_error)
        }
        Entry::Symlink { target } => {
            let mut header = header(EntryType::Symlink, 0o777, 0);
            archive
                .append_link(&mut header, path, target)
                .map_err(archive_error)
        }
        Entry::File { source, executable } => {
            let read_error = |error: std::io::Error| Error::file("read", source, &error);
            let file = File::open(source).map_err(read_error)?;
            let size = file.metadata().map_err(read_error)?.len();
            let mode = if *executable { 0o755 } else { 0o644 };
            let mut content = Counted::new(file);
            archive
                .append_data(
                    &mut header(EntryType::Regular, mode, size),
                    path,
                    &mut content,
                )
                .map_err(archive_error)?;
            match content.count == size {
                true => Ok(()),
                false => Err(Error::Assembly(format!(
                    "{} changed while it was read; build again when nothing writes to it",
                    source.display()
                ))),
            }
        }
    }
}

fn header(entry_type: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(entry_type);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header
}

/// Counts and hashes what passes.
struct Counted<Inner> {
    inner: Inner,
    hasher: Hasher,
    count: u64,
}

impl<Inner> Counted<Inner> {
    fn new(inner: Inner) -> Self {
        Self {
            inner,
            hasher: Hasher::new(Algorithm::Sha256),
            count: 0,
        }
    }

    fn passed(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.count += bytes.len() as u64;
    }
}

impl<Inner: Write> Write for Counted<Inner> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.passed(&buffer[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

impl<Inner: Read> Read for Counted<Inner> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}
