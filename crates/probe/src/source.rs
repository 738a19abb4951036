//! A source tree that is mounted from a ConfigMap, or lies in any directory.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub use oci::source::{REVISION_LENGTH, revision};

/// Directories may be nested this deep; a link to a directory above itself is found by that.
const DEEPEST: usize = 64;

/// A source tree could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Reading failed.
    #[error("cannot read the source {}: {source}", path.display())]
    Read {
        /// File or directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Writing failed.
    #[error("cannot write the source to {}: {source}", path.display())]
    Write {
        /// File or directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Something in the tree is no file and no directory, has a name that is not text, or leads out of it.
    #[error("cannot use {} of the source: {detail}", path.display())]
    Entry {
        /// The entry.
        path: PathBuf,
        /// Why not.
        detail: &'static str,
    },
    /// The tree has another revision than was asked for.
    #[error(
        "the source {place} has the revision {found}, {expected} was asked for; it was changed after the run was requested, or has files that do not belong to it: request a new run"
    )]
    WrongRevision {
        /// The URL or directory.
        place: String,
        /// The revision that was asked for.
        expected: String,
        /// The revision of what is there.
        found: String,
    },
}

/// A file of a source tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The bytes.
    pub content: Vec<u8>,
    /// Whether its owner may execute it.
    pub executable: bool,
}

/// All files below `directory` by their relative path.
///
/// A mounted ConfigMap is links into a hidden directory (`file -> ..data/file`); links are followed as long as they stay below
/// `directory`, and names that start with `..` are the volume's own and left out.
///
/// # Errors
/// Something cannot be read, or is not a file, a directory or a link within the tree.
pub fn read_tree(directory: &Path) -> Result<BTreeMap<String, SourceFile>, SourceError> {
    let root = directory
        .canonicalize()
        .map_err(|source| read_error(directory, source))?;
    let mut files = BTreeMap::new();
    collect(&root, &root, "", 0, &mut files)?;
    Ok(files)
}

/// Writes files below `directory`, creating what is missing.
///
/// # Errors
/// The operating system refused.
pub fn write_tree(
    directory: &Path,
    files: &BTreeMap<String, SourceFile>,
) -> Result<(), SourceError> {
    let write = |path: &Path| {
        let path = path.to_owned();
        move |source| SourceError::Write { path, source }
    };
    std::fs::create_dir_all(directory).map_err(write(directory))?;
    for (name, file) in files {
        let path = directory.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(write(parent))?;
        }
        std::fs::write(&path, &file.content).map_err(write(&path))?;
        let mode = if file.executable { 0o755 } else { 0o644 };
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).map_err(write(&path))?;
    }
    Ok(())
}

/// Checks that `files` have the revision `expected`.
///
/// # Errors
/// [`SourceError::WrongRevision`], naming `place`.
pub fn check_revision(
    place: &str,
    files: &BTreeMap<String, SourceFile>,
    expected: &str,
) -> Result<(), SourceError> {
    let found = revision(
        files
            .iter()
            .map(|(path, file)| (path.as_str(), &file.content)),
    );
    match found == expected {
        true => Ok(()),
        false => Err(SourceError::WrongRevision {
            place: place.to_owned(),
            expected: expected.to_owned(),
            found,
        }),
    }
}

fn collect(
    root: &Path,
    directory: &Path,
    prefix: &str,
    depth: usize,
    files: &mut BTreeMap<String, SourceFile>,
) -> Result<(), SourceError> {
    if depth > DEEPEST {
        return Err(entry_error(
            directory,
            "its directories are nested too deeply, or a link leads in a circle",
        ));
    }
    for entry in std::fs::read_dir(directory).map_err(|source| read_error(directory, source))? {
        let name = entry
            .map_err(|source| read_error(directory, source))?
            .file_name();
        let Some(name) = name.to_str() else {
            return Err(entry_error(
                &directory.join(&name),
                "its name is not UTF-8 text",
            ));
        };
        if name.starts_with("..") {
            continue;
        }
        let path = directory.join(name);
        let resolved = path
            .canonicalize()
            .map_err(|source| read_error(&path, source))?;
        if !resolved.starts_with(root) {
            return Err(entry_error(&path, "it leads out of the source"));
        }
        let relative = match prefix {
            "" => name.to_owned(),
            prefix => format!("{prefix}/{name}"),
        };
        let metadata = resolved
            .metadata()
            .map_err(|source| read_error(&path, source))?;
        if metadata.is_dir() {
            collect(root, &resolved, &relative, depth + 1, files)?;
        } else if metadata.is_file() {
            let content = std::fs::read(&resolved).map_err(|source| read_error(&path, source))?;
            let executable = metadata.permissions().mode() & 0o100 != 0;
            files.insert(
                relative,
                SourceFile {
                    content,
                    executable,
                },
            );
        } else {
            return Err(entry_error(&path, "it is neither a file nor a directory"));
        }
    }
    Ok(())
}

fn read_error(path: &Path, source: std::io::Error) -> SourceError {
    SourceError::Read {
        path: path.to_owned(),
        source,
    }
}

fn entry_error(path: &Path, detail: &'static str) -> SourceError {
    SourceError::Entry {
        path: path.to_owned(),
        detail,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A volume as the kubelet lays it out: `name -> ..data/name`, `..data -> ..2026_01_01`.
    fn config_map_volume() -> tempfile::TempDir {
        let volume = tempfile::tempdir().unwrap();
        let data = volume.path().join("..2026_01_01");
        std::fs::create_dir_all(data.join("src")).unwrap();
        std::fs::write(data.join("Dockerfile"), "FROM scratch\n").unwrap();
        std::fs::write(data.join("src/main"), "x").unwrap();
        symlink("..2026_01_01", volume.path().join("..data")).unwrap();
        for name in ["Dockerfile", "src"] {
            symlink(format!("..data/{name}"), volume.path().join(name)).unwrap();
        }
        volume
    }

    #[test]
    fn a_mounted_config_map_is_read_through_its_links() {
        let files = read_tree(config_map_volume().path()).unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["Dockerfile", "src/main"]);
    }

    #[test]
    fn what_is_written_has_the_same_revision_and_modes() {
        let volume = config_map_volume();
        let script = volume.path().join("..data/src/main");
        std::fs::set_permissions(script, PermissionsExt::from_mode(0o700)).unwrap();
        let files = read_tree(volume.path()).unwrap();
        let target = tempfile::tempdir().unwrap();
        write_tree(target.path(), &files).unwrap();
        assert_eq!(read_tree(target.path()).unwrap(), files);
        assert!(files["src/main"].executable && !files["Dockerfile"].executable);
    }

    #[test]
    fn another_revision_is_refused_with_both() {
        let files = read_tree(config_map_volume().path()).unwrap();
        let right = revision([("Dockerfile", "FROM scratch\n"), ("src/main", "x")]);
        check_revision("https://example", &files, &right).unwrap();
        let error = check_revision("https://example", &files, "0123")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("https://example") && error.contains("0123") && error.contains(&right),
            "{error}"
        );
    }

    #[test]
    fn links_out_of_the_tree_and_circles_are_refused() {
        let outer = tempfile::tempdir().unwrap();
        std::fs::write(outer.path().join("secret"), "s").unwrap();
        let tree = outer.path().join("tree");
        std::fs::create_dir(&tree).unwrap();
        symlink("../secret", tree.join("out")).unwrap();
        assert!(
            matches!(read_tree(&tree), Err(SourceError::Entry { detail, .. }) if detail.contains("out of"))
        );
        std::fs::remove_file(tree.join("out")).unwrap();
        symlink(".", tree.join("circle")).unwrap();
        assert!(
            matches!(read_tree(&tree), Err(SourceError::Entry { detail, .. }) if detail.contains("circle"))
        );
    }
}
