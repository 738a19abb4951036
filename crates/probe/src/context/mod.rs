//! The build context: the only files that COPY may see.

mod error;
mod pattern;

pub(crate) use error::ContextError;

use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

/// The context's directory with all links in its own path resolved.
#[derive(Debug)]
pub(crate) struct Context {
    root: PathBuf,
}

/// Something in the context.
#[derive(Debug, PartialEq)]
pub(crate) struct Found {
    /// Path relative to what was asked for; empty for that itself.
    pub(crate) path: String,
    pub(crate) kind: Kind,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Kind {
    Directory,
    File { source: PathBuf, executable: bool },
    Symlink { target: String },
}

impl Context {
    /// Opens a context.
    pub(crate) fn open(directory: &Path) -> Result<Self, ContextError> {
        let root = directory
            .canonicalize()
            .map_err(|error| ContextError::read(directory, error))?;
        let context = Self { root };
        match context.root.join(".dockerignore").exists() {
            true => Err(ContextError::DockerIgnore),
            false => Ok(context),
        }
    }

    /// The paths that a source of COPY names: itself, or what its wildcards match, sorted.
    pub(crate) fn sources(&self, source: &str) -> Result<Vec<String>, ContextError> {
        let source = self.normalized(source)?;
        if !pattern::is_pattern(&source) {
            return Ok(vec![source]);
        }
        let pattern = pattern::Pattern::parse(&source)?;
        let mut matches = Vec::new();
        let depth = source.split('/').count();
        self.collect(&self.root, "", Some(depth), &mut |path, _| {
            if pattern.matches(path) {
                matches.push(path.to_owned());
            }
            Ok(())
        })?;
        match matches.is_empty() {
            true => Err(ContextError::NothingMatches(source)),
            false => Ok(matches),
        }
    }

    /// Everything at and below a path, sorted. A symbolic link named by `path` itself is followed.
    pub(crate) fn tree(&self, path: &str) -> Result<Vec<Found>, ContextError> {
        let absolute = self.root.join(path);
        let resolved = absolute
            .canonicalize()
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => ContextError::Missing(path.to_owned()),
                _ => ContextError::read(&absolute, error),
            })?;
        if !resolved.starts_with(&self.root) {
            return Err(ContextError::Escapes(path.to_owned()));
        }
        let kind = self.kind(&resolved)?;
        let is_directory = kind == Kind::Directory;
        let mut found = vec![Found {
            path: String::new(),
            kind,
        }];
        if is_directory {
            self.collect(&resolved, "", None, &mut |path, kind| {
                found.push(Found {
                    path: path.to_owned(),
                    kind,
                });
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// Relative to the context's root, without `.`; `..` is refused, even where it would stay inside.
    fn normalized(&self, source: &str) -> Result<String, ContextError> {
        let mut parts = Vec::new();
        for part in Path::new(source).components() {
            match part {
                Component::Normal(part) => parts.push(part.to_str().unwrap_or_default()),
                Component::RootDir | Component::CurDir => {}
                Component::ParentDir | Component::Prefix(_) => {
                    return Err(ContextError::Escapes(source.to_owned()));
                }
            }
        }
        Ok(parts.join("/"))
    }

    /// Calls `visit` for everything below `directory`, sorted by name, parents first.
    fn collect(
        &self,
        directory: &Path,
        prefix: &str,
        depth: Option<usize>,
        visit: &mut dyn FnMut(&str, Kind) -> Result<(), ContextError>,
    ) -> Result<(), ContextError> {
        if depth == Some(0) {
            return Ok(());
        }
        let read_error = |error| ContextError::read(directory, error);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(read_error)? {
            let name = entry.map_err(read_error)?.file_name();
            let name = name
                .into_string()
                .map_err(|name| ContextError::NotText(directory.join(name)))?;
            names.push(name);
        }
        names.sort();
        for name in names {
            let path = match prefix {
                "" => name.clone(),
                prefix => format!("{prefix}/{name}"),
            };
            let absolute = directory.join(&name);
            let kind = self.kind(&absolute)?;
            let is_directory = kind == Kind::Directory;
            visit(&path, kind)?;
            if is_directory {
                self.collect(&absolute, &path, depth.map(|depth| depth - 1), visit)?;
            }
        }
        Ok(())
    }

    fn kind(&self, path: &Path) -> Result<Kind, ContextError> {
        let metadata = path
            .symlink_metadata()
            .map_err(|error| ContextError::read(path, error))?;
        if metadata.is_dir() {
            Ok(Kind::Directory)
        } else if metadata.is_file() {
            Ok(Kind::File {
                source: path.to_owned(),
                executable: metadata.permissions().mode() & 0o111 != 0,
            })
        } else if metadata.is_symlink() {
            self.symlink(path)
        } else {
            Err(ContextError::Special(self.shown(path)))
        }
    }

    /// A link is copied as a link when it stays within the context, judged by its text: it need not lead anywhere.
    fn symlink(&self, path: &Path) -> Result<Kind, ContextError> {
        let target = std::fs::read_link(path).map_err(|error| ContextError::read(path, error))?;
        let mut depth = path
            .strip_prefix(&self.root)
            .map_or(0, |inside| inside.components().count()) as i64
            - 1;
        for part in target.components() {
            depth += match part {
                Component::Normal(_) => 1,
                Component::CurDir => 0,
                Component::ParentDir => -1,
                Component::RootDir | Component::Prefix(_) => i64::MIN / 2,
            };
            if depth < 0 {
                return Err(ContextError::Escapes(format!(
                    "{} -> {}",
                    self.shown(path),
                    target.display()
                )));
            }
        }
        match target.into_os_string().into_string() {
            Ok(target) => Ok(Kind::Symlink { target }),
            Err(_) => Err(ContextError::NotText(path.to_owned())),
        }
    }

    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }
}

#[cfg(test)]
mod tests;
