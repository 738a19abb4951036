//! The data of the project, compiled in: custom resource definitions, tenants, pipelines, samples.

use include_dir::{Dir, DirEntry, include_dir};
use kube::api::DynamicObject;

static FIXTURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures");

/// A fixture that cannot be used: a defect of this program, found by its tests.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    /// No such file or folder.
    #[error("there is no fixture {0}")]
    Missing(String),
    /// It does not hold Kubernetes objects.
    #[error("fixture {path} is no list of Kubernetes objects: {problem}")]
    Malformed {
        /// Path below `fixtures/`.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

/// The objects of every YAML file in a folder, or of one file, in the order of file names and documents.
///
/// # Errors
///
/// [`FixtureError`].
pub fn objects(path: &str) -> Result<Vec<DynamicObject>, FixtureError> {
    if let Some(file) = FIXTURES.get_file(path) {
        return parse(path, file.contents());
    }
    let folder = FIXTURES
        .get_dir(path)
        .ok_or_else(|| FixtureError::Missing(path.to_owned()))?;
    let mut files: Vec<_> = folder
        .files()
        .filter(|file| file.path().extension().is_some_and(|end| end == "yaml"))
        .collect();
    files.sort_by_key(|file| file.path());
    let mut objects = Vec::new();
    for file in files {
        objects.extend(parse(&file.path().to_string_lossy(), file.contents())?);
    }
    Ok(objects)
}

/// The files below a folder, as paths relative to it with their content, in order: the source of a sample.
///
/// # Errors
///
/// [`FixtureError::Missing`].
pub fn files(path: &str) -> Result<Vec<(String, Vec<u8>)>, FixtureError> {
    let folder = FIXTURES
        .get_dir(path)
        .ok_or_else(|| FixtureError::Missing(path.to_owned()))?;
    let mut files = Vec::new();
    collect(folder, folder, &mut files);
    files.sort();
    Ok(files)
}

fn collect(root: &Dir<'_>, folder: &Dir<'_>, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(below) => collect(root, below, files),
            DirEntry::File(file) => {
                let relative = file.path().strip_prefix(root.path()).unwrap_or(file.path());
                files.push((
                    relative.to_string_lossy().into_owned(),
                    file.contents().to_vec(),
                ));
            }
        }
    }
}

fn parse(path: &str, content: &[u8]) -> Result<Vec<DynamicObject>, FixtureError> {
    let malformed = |problem: String| FixtureError::Malformed {
        path: path.to_owned(),
        problem,
    };
    let text = std::str::from_utf8(content).map_err(|error| malformed(error.to_string()))?;
    serde_saphyr::from_multiple(text).map_err(|error| malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_that_a_step_applies_holds_named_objects() {
        for folder in ["crds", "stand-ins", "tenants", "pipelines", "samples"] {
            let objects = objects(folder).unwrap();
            assert!(!objects.is_empty(), "{folder}");
            assert!(
                objects
                    .iter()
                    .all(|object| object.metadata.name.is_some() && object.types.is_some()),
                "{folder}"
            );
        }
    }

    #[test]
    fn a_folder_that_does_not_exist_is_named() {
        assert_eq!(
            objects("nowhere").unwrap_err().to_string(),
            "there is no fixture nowhere"
        );
    }
}
