//! The log of a step.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use super::files::{at, private_directory};
use crate::error::ReconcileError;

/// An empty log for a container, with the lines that come before the step's own.
pub(crate) fn create(
    directory: &Path,
    container: &str,
    lines: &[String],
) -> Result<(PathBuf, File), ReconcileError> {
    private_directory(directory)?;
    let path = directory.join(format!("{container}.log"));
    let mut file = File::create(&path).map_err(|source| at(&path, source))?;
    for line in lines {
        writeln!(file, "{line}").map_err(|source| at(&path, source))?;
    }
    Ok((path, file))
}

/// The last lines of a log, as one text.
pub(crate) fn tail(path: &Path, most_bytes: usize, most_lines: usize) -> String {
    let content = fs::read(path).unwrap_or_default();
    let text =
        String::from_utf8_lossy(&content[content.len().saturating_sub(most_bytes)..]).into_owned();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    if lines.is_empty() {
        return "its log is empty".to_owned();
    }
    lines[lines.len().saturating_sub(most_lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_last_lines_and_not_more_than_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let (path, mut file) = create(folder.path(), "step-a", &["first".to_owned()]).unwrap();
        assert_eq!(tail(&path, 100, 10), "first");
        writeln!(file, "second\n\nthird").unwrap();
        assert_eq!(tail(&path, 100, 2), "second\nthird");
        assert_eq!(tail(&path, 4, 10), "ird");
    }

    #[test]
    fn an_empty_log_says_so() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            tail(&folder.path().join("none"), 10, 10),
            "its log is empty"
        );
    }
}
