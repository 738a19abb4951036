//! Writing and reading state files so that a kill at any moment leaves the old content or the new, never a part.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Replaces a file in one step; readable by others as the umask allows.
///
/// # Errors
///
/// What the file system says; the old content is then still there.
pub fn write_atomically(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content, 0o644)
}

/// Replaces a file that holds a secret: mode 0600 from its first byte.
///
/// # Errors
///
/// What the file system says; the old content is then still there.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content, 0o600)
}

/// [`write_atomically`] if the file is not there or holds something else. Tells whether it was written.
///
/// # Errors
///
/// What the file system says.
pub fn update(path: &Path, content: &[u8]) -> io::Result<bool> {
    replace_if_different(path, content, 0o644)
}

/// [`write_private`] if the file is not there or holds something else. Tells whether it was written.
///
/// # Errors
///
/// What the file system says.
pub fn update_private(path: &Path, content: &[u8]) -> io::Result<bool> {
    replace_if_different(path, content, 0o600)
}

/// Reads a file, `None` when it does not exist.
///
/// # Errors
///
/// Every other failure: "could not tell" is not "no".
pub fn read_if_present(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn replace_if_different(path: &Path, content: &[u8], mode: u32) -> io::Result<bool> {
    if read_if_present(path)?.as_deref() == Some(content) {
        return Ok(false);
    }
    replace(path, content, mode)?;
    Ok(true)
}

fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    // A temporary file is created with mode 0600 and widened only when its content may be seen.
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(content)?;
    temporary
        .as_file()
        .set_permissions(Permissions::from_mode(mode))?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_holds_the_content_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(update(&path, b"one").unwrap());
        assert!(!update(&path, b"one").unwrap());
        assert!(update(&path, b"other").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"other");
    }

    #[test]
    fn a_private_file_is_readable_by_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write_private(&path, b"secret").unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(read_if_present(&path).unwrap().unwrap(), b"secret");
    }

    #[test]
    fn a_failed_write_leaves_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        fs::create_dir(&target).unwrap();
        write_atomically(&target, b"x").unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn absence_is_told_apart_from_failure() {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            read_if_present(&folder.path().join("none"))
                .unwrap()
                .is_none()
        );
        assert!(read_if_present(folder.path()).is_err());
    }
}
