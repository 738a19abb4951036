//! Whether a program is installed.

use std::env;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Whether a program of this name is on the search path.
pub(crate) fn is_installed(program: &str) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).any(|folder| can_run(&folder.join(program)))
}

fn can_run(path: &Path) -> bool {
    let metadata = path.metadata();
    metadata.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_run_is_installed() {
        assert!(is_installed("sh"));
        assert!(!is_installed("no-program-has-this-name"));
        assert!(!can_run(Path::new(env!("CARGO_MANIFEST_DIR"))));
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert!(!can_run(&manifest));
    }
}
