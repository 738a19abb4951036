//! Which paths and links an artifact may have.

use std::path::{Component, Path, PathBuf};

/// The path of an entry, relative to the directory it is extracted to; empty for that directory itself.
pub(super) fn relative(path: &Path) -> Result<PathBuf, &'static str> {
    let mut relative = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => relative.push(part),
            Component::CurDir => {}
            Component::ParentDir => return Err("leads out of the artifact with `..`"),
            Component::RootDir | Component::Prefix(_) => return Err("has an absolute path"),
        }
    }
    Ok(relative)
}

/// Checks that a symbolic link at `path` cannot lead out, whatever the other links of the artifact are.
///
/// `..` is allowed at the beginning of the target only. There it starts in a real directory, because entries below a link are refused,
/// and each step arrives in a real directory too. After a name, which may be another link, it could arrive anywhere.
pub(super) fn check_link(path: &Path, target: &Path) -> Result<(), &'static str> {
    let mut above = path.components().count().saturating_sub(1);
    let mut is_below_a_name = false;
    for part in target.components() {
        match part {
            Component::Normal(_) => is_below_a_name = true,
            Component::CurDir => {}
            Component::ParentDir if is_below_a_name => {
                return Err("is a link with `..` after a name, which may lead out of the artifact");
            }
            Component::ParentDir => {
                above = above
                    .checked_sub(1)
                    .ok_or("is a link that leads out of the artifact")?;
            }
            Component::RootDir | Component::Prefix(_) => {
                return Err("is a link to an absolute path");
            }
        }
    }
    match target.as_os_str().is_empty() {
        true => Err("is a link to nothing"),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_artifact() {
        for (path, expected) in [
            ("./", Ok("")),
            ("./a/b", Ok("a/b")),
            ("a//b/", Ok("a/b")),
            ("/a", Err("absolute")),
            ("../a", Err("`..`")),
            ("a/../b", Err("`..`")),
        ] {
            match (relative(Path::new(path)), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, Path::new(expected), "{path}"),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{path}: {found}"),
                (found, _) => panic!("{path}: {found:?}"),
            }
        }
    }

    #[test]
    fn links_stay_inside() {
        for (path, target) in [
            ("l", "a"),
            ("l", "./a/b"),
            ("d/l", "../a"),
            ("d/e/l", "../../a"),
            ("l", "missing"),
        ] {
            assert_eq!(
                check_link(Path::new(path), Path::new(target)),
                Ok(()),
                "{path} -> {target}"
            );
        }
        for (path, target) in [
            ("l", ".."),
            ("l", "../a"),
            ("d/l", "../../a"),
            ("l", "/etc/passwd"),
            ("l", "a/../../b"),
            // Where `a/b` is itself a link to the top, this would be above it.
            ("l", "a/b/.."),
            ("l", ""),
        ] {
            assert!(
                check_link(Path::new(path), Path::new(target)).is_err(),
                "{path} -> {target}"
            );
        }
    }
}
