//! How much an artifact may unpack to.

use std::path::Path;

use super::TrustedArtifactError;

/// Parts of the free space of which one is left, so that an artifact never fills a disk.
const PARTS: u64 = 20;

/// The room that is left for an artifact.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    bytes: u64,
    files: u64,
}

impl Room {
    /// The room on the disk that `directory` is on.
    pub(crate) fn on_disk_of(directory: &Path) -> Result<Self, TrustedArtifactError> {
        let disk = rustix::fs::statvfs(directory).map_err(|error| {
            TrustedArtifactError::file("look at the free space of", directory, error.into())
        })?;
        let usable = |free: u64| free - free / PARTS;
        Ok(Self {
            bytes: usable(disk.f_bavail.saturating_mul(disk.f_frsize)),
            // Some file systems have no fixed number of files and say 0.
            files: match disk.f_files {
                0 => u64::MAX,
                _ => usable(disk.f_favail),
            },
        })
    }

    /// A room of this size.
    #[cfg(test)]
    pub(crate) fn new(bytes: u64, files: u64) -> Self {
        Self { bytes, files }
    }

    /// Bytes that are left.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes the room of one more file; `None` when it does not fit.
    pub(super) fn take(&mut self, bytes: u64) -> Option<()> {
        self.files = self.files.checked_sub(1)?;
        self.bytes = self.bytes.checked_sub(bytes)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_has_room_and_some_of_it_stays_free() {
        let directory = tempfile::tempdir().unwrap();
        let room = Room::on_disk_of(directory.path()).unwrap();
        assert!(room.bytes > 0 && room.files > 0, "{room:?}");
        let missing = directory.path().join("missing");
        let problem = Room::on_disk_of(&missing).unwrap_err().to_string();
        assert!(problem.contains("free space of"), "{problem}");
    }

    #[test]
    fn room_is_taken_until_none_is_left() {
        let mut room = Room::new(10, 2);
        assert!(room.take(7).is_some());
        assert!(room.take(4).is_none(), "bytes");
        let mut room = Room::new(10, 1);
        assert!(room.take(0).is_some());
        assert!(room.take(0).is_none(), "files");
    }
}
