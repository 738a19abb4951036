//! Free space where the state goes.

use std::io;
use std::path::Path;

/// What an embedded deployment wants free before it starts: 64 MiB.
pub const WANTED_BYTES: u64 = 64 * 1024 * 1024;

/// There is too little room.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// Fewer bytes are free than a deployment needs.
    #[error(
        "only {free} bytes are free below {path}, and a deployment wants {WANTED_BYTES}: free some space, or set KONFLUX_LOCAL_STATE_DIR to a folder on another disk"
    )]
    TooFull {
        /// The folder that was looked at.
        path: String,
        /// Free bytes for an unprivileged user.
        free: u64,
    },
    /// The file system did not answer.
    #[error("cannot tell how much space is free below {path}: {source}")]
    Unknown {
        /// The folder that was looked at.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Refuses a nearly full disk.
///
/// # Errors
///
/// [`DiskError`] when fewer than [`WANTED_BYTES`] are free below `folder`, or the file system does not answer.
pub fn check(folder: &Path) -> Result<(), DiskError> {
    judge(folder.display().to_string(), free(folder)?)
}

/// Bytes that an unprivileged user may still write below `folder`.
///
/// # Errors
///
/// [`DiskError::Unknown`] when the file system does not answer.
pub fn free(folder: &Path) -> Result<u64, DiskError> {
    let statistics = rustix::fs::statvfs(folder).map_err(|source| DiskError::Unknown {
        path: folder.display().to_string(),
        source: source.into(),
    })?;
    Ok(statistics.f_bavail.saturating_mul(statistics.f_frsize))
}

fn judge(path: String, free: u64) -> Result<(), DiskError> {
    if free < WANTED_BYTES {
        Err(DiskError::TooFull { path, free })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_refused_with_the_way_out() {
        let error = judge("/state".to_owned(), 4096).unwrap_err().to_string();
        assert!(
            error.contains("only 4096 bytes") && error.contains("KONFLUX_LOCAL_STATE_DIR"),
            "{error}"
        );
    }

    #[test]
    fn a_folder_that_does_not_exist_cannot_be_judged() {
        assert!(matches!(
            check(Path::new("/does/not/exist")),
            Err(DiskError::Unknown { .. })
        ));
    }

    #[test]
    fn the_temporary_folder_has_room() {
        check(&std::env::temp_dir()).unwrap();
    }
}
