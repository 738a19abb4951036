//! From files to an archive, as `tar` and `gzip -n` make it: modes and times of the files, no time of its own.

use std::fs::{File, Metadata};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use oci::{Algorithm, Descriptor, Hasher, Layout};
use tar::{Builder, Header};

use super::TrustedArtifactError as Error;
use super::entry_path::check_link;

/// Layers of trusted artifacts are compressed and say that they are not: `oras push` gives every file this media type.
const LAYER: &str = oci::media_type::OCI_LAYER;
/// Unix in the gzip header (RFC 1952), as gzip itself writes it there.
const UNIX: u8 = 3;

/// Archives `path` as a blob of `layout`. A directory is archived with everything in it, a file under its own name; what does not exist
/// becomes an archive of nothing.
pub(crate) fn pack(layout: &Layout, path: &Path) -> Result<Descriptor, Error> {
    let blobs = layout.directory().join("blobs/sha256");
    let write_error = |error| Error::file("write an archive in", &blobs, error);
    let file = tempfile::NamedTempFile::new_in(&blobs).map_err(write_error)?;
    let gzip = GzBuilder::new()
        .operating_system(UNIX)
        .write(Counted::new(file.as_file()), Compression::default());
    let mut archive = Builder::new(gzip);
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::file("read", path, error)),
        Ok(_) => append_root(&mut archive, path)?,
    }
    let finished = archive.into_inner().and_then(|gzip| gzip.finish());
    let counted = finished.map_err(write_error)?;
    let descriptor = Descriptor::new(LAYER, counted.hasher.finish(), counted.count);
    let blob = layout.blob_path(&descriptor.digest);
    file.persist(&blob)
        .map_err(|error| Error::file("write", &blob, error.error))?;
    Ok(descriptor)
}

/// What is named may be a link, which is followed; what is found in it may not lead out.
fn append_root(archive: &mut Builder<impl Write>, path: &Path) -> Result<(), Error> {
    let metadata = path
        .metadata()
        .map_err(|error| Error::file("read", path, error))?;
    if metadata.is_dir() {
        return append_directory(archive, path, Path::new(""), &metadata);
    }
    let name = path.file_name().map(PathBuf::from).unwrap_or_default();
    append(archive, path, &name, &metadata)
}

fn append_directory(
    archive: &mut Builder<impl Write>,
    directory: &Path,
    name: &Path,
    metadata: &Metadata,
) -> Result<(), Error> {
    let read_error = |error| Error::file("read", directory, error);
    // Entries are relative to `.`, and the directory itself is there for its permissions.
    let in_archive = match name.as_os_str().is_empty() {
        true => PathBuf::from("./"),
        false => name.join(""),
    };
    archive
        .append_data(&mut header(metadata), in_archive, std::io::empty())
        .map_err(read_error)?;
    let entries = std::fs::read_dir(directory).map_err(read_error)?;
    let names = entries.map(|entry| Ok(entry?.file_name()));
    let mut names: Vec<_> = names.collect::<std::io::Result<_>>().map_err(read_error)?;
    names.sort();
    for entry in names {
        let (path, name) = (directory.join(&entry), name.join(&entry));
        let metadata = path
            .symlink_metadata()
            .map_err(|error| Error::file("read", &path, error))?;
        append(archive, &path, &name, &metadata)?;
    }
    Ok(())
}

fn append(
    archive: &mut Builder<impl Write>,
    path: &Path,
    name: &Path,
    metadata: &Metadata,
) -> Result<(), Error> {
    let read_error = |error| Error::file("archive", path, error);
    let unfit = |detail| Error::Entry {
        path: name.display().to_string(),
        detail,
    };
    if metadata.is_dir() {
        append_directory(archive, path, name, metadata)
    } else if metadata.is_symlink() {
        let target = std::fs::read_link(path).map_err(read_error)?;
        check_link(name, &target).map_err(unfit)?;
        archive
            .append_link(&mut header(metadata), name, target)
            .map_err(read_error)
    } else if metadata.is_file() {
        let file = File::open(path).map_err(read_error)?;
        let mut content = Counted::new(file.take(metadata.len()));
        archive
            .append_data(&mut header(metadata), name, &mut content)
            .map_err(read_error)?;
        match content.count == metadata.len() {
            true => Ok(()),
            false => Err(Error::Changed(path.to_owned())),
        }
    } else {
        Err(unfit("is neither a file, a directory nor a link"))
    }
}

fn header(metadata: &Metadata) -> Header {
    let mut header = Header::new_gnu();
    header.set_metadata(metadata);
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
}

impl<Inner: Write> Write for Counted<Inner> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.count += count as u64;
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
