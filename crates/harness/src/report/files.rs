//! Reports as files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Report, junit};

/// A report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The file system.
    #[error("cannot write {path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The JUnit report cannot hold this.
    #[error("cannot write the JUnit report: {0}")]
    JUnit(#[from] quick_junit::SerializeError),
    /// The JSON report cannot hold this.
    #[error("cannot write the JSON report: {0}")]
    Json(#[from] serde_json::Error),
}

/// Writes `summary.txt`, `junit.xml` and `report.json` into a folder, which is created if need be.
///
/// # Errors
///
/// [`ReportError`].
pub fn write(report: &Report, folder: &Path) -> Result<(), ReportError> {
    fs::create_dir_all(folder).map_err(|source| ReportError::File {
        path: folder.to_owned(),
        source,
    })?;
    let files = [
        ("summary.txt", format!("{report}\n")),
        ("junit.xml", junit::xml(report)?),
        (
            "report.json",
            format!("{}\n", serde_json::to_string_pretty(report)?),
        ),
    ];
    for (name, content) in files {
        let path = folder.join(name);
        fs::write(&path, content).map_err(|source| ReportError::File { path, source })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    #[test]
    fn three_reports_are_written_into_a_folder_that_need_not_exist() {
        let folder = tempfile::tempdir().unwrap();
        let reports = folder.path().join("a/b");
        write(&report(), &reports).unwrap();
        let json: serde_json::Value =
            serde_json::from_slice(&fs::read(reports.join("report.json")).unwrap()).unwrap();
        assert_eq!(json["scenarios"].as_array().unwrap().len(), 3);
        assert!(reports.join("summary.txt").exists() && reports.join("junit.xml").exists());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        fs::write(&taken, "").unwrap();
        assert!(
            matches!(write(&report(), &taken), Err(ReportError::File { path, .. }) if path == taken)
        );
    }
}
