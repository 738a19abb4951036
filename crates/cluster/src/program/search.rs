//! Finding a program.

use std::env;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The first file of this name in `search_path` that somebody may execute, as a shell would find it.
///
/// Relative folders are passed over: what they hold depends on where the command happens to run.
#[must_use]
pub fn find_on(search_path: &OsStr, name: &OsStr) -> Option<PathBuf> {
    env::split_paths(search_path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|file| is_executable(file))
}

/// Where a command's program is: a path stands for itself, a name is looked for.
pub(super) fn locate(program: &OsStr, search_path: Option<&OsStr>) -> Option<PathBuf> {
    let path = Path::new(program);
    if path.components().count() > 1 {
        return is_executable(path).then(|| path.to_owned());
    }
    match search_path {
        Some(search_path) => find_on(search_path, program),
        None => find_on(&env::var_os("PATH")?, program),
    }
}

fn is_executable(file: &Path) -> bool {
    file.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
