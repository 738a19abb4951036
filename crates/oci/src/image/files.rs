//! What a layer contains.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::Error;

/// The entries of a layer by their path: relative, `/` between parts, sorted.
#[derive(Debug, Clone, Default)]
pub struct LayerFiles {
    pub(super) entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone)]
pub(super) enum Entry {
    Directory,
    Content(Vec<u8>),
    /// A file of this machine, read when the layer is written.
    File {
        source: PathBuf,
        executable: bool,
    },
    Symlink {
        target: String,
    },
}

impl LayerFiles {
    /// No entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// True when there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a directory, mode 0755. The root needs none.
    ///
    /// # Errors
    /// [`Error::Assembly`] when `path` is not a path within the image.
    pub fn add_directory(&mut self, path: &str) -> Result<(), Error> {
        match path.is_empty() {
            true => Ok(()),
            false => self.add(path, Entry::Directory),
        }
    }

    /// Adds a directory and those above it.
    ///
    /// # Errors
    /// [`Error::Assembly`] when `path` is not a path within the image.
    pub fn add_directory_with_parents(&mut self, path: &str) -> Result<(), Error> {
        for (end, _) in path.match_indices('/') {
            self.add_directory(&path[..end])?;
        }
        self.add_directory(path)
    }

    /// Adds a file of this machine, mode 0755 when `executable`, else 0644. It is read when the layer is written.
    ///
    /// # Errors
    /// [`Error::Assembly`] when `path` is not a path within the image.
    pub fn add_file(&mut self, path: &str, source: PathBuf, executable: bool) -> Result<(), Error> {
        self.add(path, Entry::File { source, executable })
    }

    /// Adds a file with this content, mode 0644.
    ///
    /// # Errors
    /// [`Error::Assembly`] when `path` is not a path within the image.
    pub fn add_content(&mut self, path: &str, content: Vec<u8>) -> Result<(), Error> {
        self.add(path, Entry::Content(content))
    }

    /// Adds a symbolic link; `target` is stored as it is.
    ///
    /// # Errors
    /// [`Error::Assembly`] when `path` is not a path within the image.
    pub fn add_symlink(&mut self, path: &str, target: String) -> Result<(), Error> {
        self.add(path, Entry::Symlink { target })
    }

    fn add(&mut self, path: &str, entry: Entry) -> Result<(), Error> {
        let is_name = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
        if !path.split('/').all(is_name) {
            return Err(Error::Assembly(format!(
                "`{path}` is not a path within an image; write it relative to the root, without `.` and `..`"
            )));
        }
        self.entries.insert(path.to_owned(), entry);
        Ok(())
    }
}
