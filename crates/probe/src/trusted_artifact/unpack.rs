//! From an archive to files, none of which is anywhere else than below the destination.

use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType};

use super::bounded::Bounded;
use super::entry_path::{check_link, relative};
use super::shown::{shown, shown_bytes};
use super::{ArtifactUri, Room, TrustedArtifactError as Error};

/// Permissions that are restored; set-user-id and the like are not.
const PERMISSIONS: u32 = 0o777;
/// Linux's `PATH_MAX`.
const LONGEST_NAME: usize = 4096;

/// Extracts an archive below `destination`, which exists, and returns how many entries it had.
///
/// Files that are in the way are replaced, as `tar` does; what the archive does not name is left alone. Extraction ends at the first entry
/// that is unsafe or does not fit into `room`.
pub(crate) fn unpack(
    archive: impl Read,
    destination: &Path,
    uri: &ArtifactUri,
    room: Room,
) -> Result<usize, Error> {
    let read_error = |error| Error::file("open", destination, error);
    let mut extraction = Extraction {
        destination: destination.canonicalize().map_err(read_error)?,
        uri,
        room,
        directories: Vec::new(),
        count: 0,
    };
    let (archive, limit) = Bounded::new(MultiGzDecoder::new(archive));
    let mut archive = Archive::new(archive);
    let damaged = |error: std::io::Error| Error::Damaged {
        uri: uri.clone(),
        detail: causes(&error),
    };
    limit.headers();
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        limit.content();
        extraction.entry(&mut entry)?;
        // What was not looked at is passed over here, so that only headers are read between two entries.
        std::io::copy(&mut entry, &mut std::io::sink()).map_err(damaged)?;
        limit.headers();
    }
    limit.content();
    // What follows the last entry is padding; the checksum after it is looked at only when it is read.
    let most = extraction.room.bytes();
    let padding = std::io::copy(&mut archive.into_inner().take(most), &mut std::io::sink());
    if padding.map_err(damaged)? == most {
        return Err(extraction.no_room("the padding at its end"));
    }
    extraction.finish()
}

struct Extraction<'a> {
    destination: PathBuf,
    uri: &'a ArtifactUri,
    room: Room,
    /// Directories get their permissions last: they may not let anything be written into them.
    directories: Vec<(PathBuf, u32)>,
    count: usize,
}

impl Extraction<'_> {
    fn entry(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<(), Error> {
        let name = entry.path_bytes();
        let (shown, length) = (shown_bytes(&name), name.len());
        let ends_with_slash = name.ends_with(b"/");
        drop(name);
        let refuse = |detail: &str| self.refusal(&shown, detail);
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            return Ok(());
        }
        if length > LONGEST_NAME {
            return Err(refuse("has a longer name than a file can have"));
        }
        let written = entry.path().map_err(|error| refuse(&causes(&error)))?;
        let path = relative(&written).map_err(refuse)?;
        drop(written);
        if path.as_os_str().is_empty() {
            return Ok(());
        }
        self.check_parents(&path)
            .map_err(|detail| self.refusal(&shown, &detail))?;
        match kind {
            // Old archives say so of directories; which of the two it is, readers decide differently.
            EntryType::Regular if ends_with_slash => {
                return Err(refuse("is a file whose name ends with `/`"));
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {}
            EntryType::Directory => {
                let found = self.destination.join(&path).symlink_metadata();
                if found.is_ok_and(|found| !found.is_dir()) {
                    return Err(refuse("is a directory where a link or a file is"));
                }
            }
            EntryType::Symlink => {
                let target = entry.link_name().ok().flatten().unwrap_or_default();
                check_link(&path, &target).map_err(refuse)?;
            }
            EntryType::Link => {
                let target = entry.link_name().ok().flatten().unwrap_or_default();
                self.check_hard_link(&target)
                    .map_err(|detail| self.refusal(&shown, &detail))?;
            }
            _ => return Err(refuse("is neither a file, a directory nor a link")),
        }
        let size = if kind.is_dir() { 0 } else { entry.size() };
        if self.room.take(size).is_none() {
            return Err(self.no_room(&shown));
        }
        self.count += 1;
        match kind {
            EntryType::Directory => {
                let mode = entry.header().mode().unwrap_or(0o755);
                self.make_directory(&path)?;
                self.directories.push((path, mode & PERMISSIONS));
                Ok(())
            }
            _ => self.write(entry, &path, &shown),
        }
    }

    fn write(
        &self,
        entry: &mut Entry<'_, impl Read>,
        path: &Path,
        shown: &str,
    ) -> Result<(), Error> {
        if let Some(parent) = path.parent() {
            self.make_directory(parent)?;
        }
        let not_extracted = |detail: String| Error::NotExtracted {
            uri: self.uri.clone(),
            entry: shown.to_owned(),
            detail,
        };
        match entry.unpack_in(&self.destination) {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.refusal(shown, "leads out of the artifact")),
            Err(error) => Err(not_extracted(causes(&error))),
        }
    }

    fn make_directory(&self, path: &Path) -> Result<(), Error> {
        let path = self.destination.join(path);
        std::fs::create_dir_all(&path).map_err(|error| Error::file("create", &path, error))
    }

    /// An entry below a link would be written wherever that leads.
    fn check_parents(&self, path: &Path) -> Result<(), String> {
        for parent in path.ancestors().skip(1) {
            let found = self.destination.join(parent).symlink_metadata();
            if found.is_ok_and(|found| !found.is_dir()) {
                return Err(format!(
                    "is to be written below `{}`, which is a link or a file",
                    shown_bytes(parent.as_os_str().as_bytes())
                ));
            }
        }
        Ok(())
    }

    fn check_hard_link(&self, target: &Path) -> Result<(), String> {
        let target = relative(target).map_err(|detail| {
            let target = shown_bytes(target.as_os_str().as_bytes());
            format!("is a hard link to `{target}`, which {detail}")
        })?;
        self.check_parents(&target)?;
        let found = self.destination.join(&target).symlink_metadata();
        match found.is_ok_and(|found| found.is_file()) {
            true => Ok(()),
            false => Err(format!(
                "is a hard link to `{}`, which is no file of the artifact",
                shown_bytes(target.as_os_str().as_bytes())
            )),
        }
    }

    fn finish(self) -> Result<usize, Error> {
        for (path, mode) in self.directories.iter().rev() {
            let path = self.destination.join(path);
            std::fs::set_permissions(&path, PermissionsExt::from_mode(*mode))
                .map_err(|error| Error::file("set the permissions of", &path, error))?;
        }
        Ok(self.count)
    }

    fn refusal(&self, entry: &str, detail: &str) -> Error {
        Error::Unsafe {
            uri: self.uri.clone(),
            entry: entry.to_owned(),
            detail: detail.to_owned(),
            directory: self.destination.clone(),
        }
    }

    fn no_room(&self, entry: &str) -> Error {
        Error::NoRoom {
            uri: self.uri.clone(),
            entry: entry.to_owned(),
            directory: self.destination.clone(),
        }
    }
}

/// An error with what it wraps; the errors of `tar` say what was attempted, with the whole name, and keep the reason to themselves.
fn causes(error: &std::io::Error) -> String {
    let mut text = shown(&error.to_string());
    let mut next = error
        .get_ref()
        .and_then(|inner| std::error::Error::source(inner));
    while let Some(cause) = next {
        let cause_text = shown(&cause.to_string());
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
