//! COPY: from the context into a layer.

use std::collections::BTreeSet;

use oci::image::LayerFiles;

use super::path::{absolute, is_directory};
use crate::context::{Context, ContextError, Found, Kind};
use crate::error::StepError;

/// Which directories of the image exist: those of the base image and those that an earlier COPY made. They are not written again,
/// so that a `/tmp` of the base keeps its mode.
pub(super) struct Directories {
    known: BTreeSet<String>,
}

impl Directories {
    pub(super) fn new(of_base: BTreeSet<String>) -> Self {
        Self { known: of_base }
    }

    /// The layer of one COPY.
    ///
    /// A directory's content goes into the destination; a file goes into it when the destination ends with `/` or is a directory of
    /// the image, and else gets its name.
    pub(super) fn copy(
        &mut self,
        context: &Context,
        working_directory: &str,
        sources: &[String],
        destination: &str,
    ) -> Result<LayerFiles, StepError> {
        let mut paths = Vec::new();
        for source in sources {
            paths.extend(context.sources(source)?);
        }
        if paths.len() > 1 && !is_directory(destination) {
            return Err(ContextError::DestinationNotDirectory(destination.to_owned()).into());
        }
        let target = absolute(working_directory, destination);
        let target = target.trim_start_matches('/');
        let into_directory =
            is_directory(destination) || target.is_empty() || self.known.contains(target);
        let mut files = LayerFiles::new();
        for path in &paths {
            let tree = context.tree(path)?;
            let is_tree = tree
                .first()
                .is_some_and(|found| found.kind == Kind::Directory);
            let name = path.rsplit('/').next().unwrap_or_default();
            let top = match !is_tree && into_directory {
                true => joined(target, name),
                false => target.to_owned(),
            };
            self.add_above(&mut files, &top)?;
            for found in tree {
                self.add(&mut files, &top, found)?;
            }
        }
        Ok(files)
    }

    fn add_above(&mut self, files: &mut LayerFiles, path: &str) -> Result<(), oci::Error> {
        for (end, _) in path.match_indices('/') {
            self.add_directory(files, &path[..end])?;
        }
        Ok(())
    }

    fn add_directory(&mut self, files: &mut LayerFiles, path: &str) -> Result<(), oci::Error> {
        match self.known.insert(path.to_owned()) {
            true => files.add_directory(path),
            false => Ok(()),
        }
    }

    fn add(&mut self, files: &mut LayerFiles, top: &str, found: Found) -> Result<(), oci::Error> {
        let path = joined(top, &found.path);
        match found.kind {
            Kind::Directory => self.add_directory(files, &path),
            Kind::File { source, executable } => files.add_file(&path, source, executable),
            Kind::Symlink { target } => files.add_symlink(&path, target),
        }
    }
}

fn joined(directory: &str, name: &str) -> String {
    match (directory, name) {
        ("", name) => name.to_owned(),
        (directory, "") => directory.to_owned(),
        (directory, name) => format!("{directory}/{name}"),
    }
}
