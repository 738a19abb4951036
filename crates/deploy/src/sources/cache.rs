//! What was fetched, by digest; shared by all runs and all deployments of a person.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use oci::Digest;
use tempfile::NamedTempFile;

use super::SourceError;

/// A folder with one file for each content, named by its digest: `ALGORITHM/HEX`. Files appear in one step and are verified
/// whenever they are read, so that runs need not know of each other.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// `$XDG_CACHE_HOME/konflux-local/sources`, else `~/.cache/konflux-local/sources`.
    ///
    /// # Errors
    ///
    /// [`SourceError::NoCache`] when neither is set.
    pub fn from_environment(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SourceError> {
        // A relative path is to be ignored, says the XDG Base Directory specification.
        let absolute = |name: &str| {
            let path = PathBuf::from(variable(name)?);
            path.is_absolute().then_some(path)
        };
        absolute("XDG_CACHE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
            .map(|caches| Self::at(caches.join("konflux-local/sources")))
            .ok_or(SourceError::NoCache)
    }

    /// In this folder, which need not exist yet.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where a content lies, or would lie.
    #[must_use]
    pub fn path(&self, digest: &Digest) -> PathBuf {
        self.root.join(digest.algorithm().name()).join(digest.hex())
    }

    /// The content with this digest; `None` when it is not there. A damaged one is removed and counts as not there.
    ///
    /// # Errors
    ///
    /// [`SourceError::File`]: "could not tell" is not "no".
    pub fn read(&self, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        let path = self.path(digest);
        let content = match fs::read(&path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(file("read", &path, source)),
        };
        if Digest::of(digest.algorithm(), &content) == *digest {
            return Ok(Some(content));
        }
        tracing::warn!("{} is damaged and is fetched again", path.display());
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(file("remove the damaged", &path, source))
            }
            _ => Ok(None),
        }
    }

    /// A file to fetch into, which disappears unless it is [kept](Cache::keep).
    pub(super) fn begin(&self) -> Result<NamedTempFile, SourceError> {
        fs::create_dir_all(&self.root)
            .and_then(|()| NamedTempFile::with_prefix_in("partial-", &self.root))
            .map_err(|source| file("write into", &self.root, source))
    }

    /// Makes a fetched file the content of its digest, whole and on disk.
    pub(super) fn keep(&self, fetched: NamedTempFile, digest: &Digest) -> Result<(), SourceError> {
        let path = self.path(digest);
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder)
            .and_then(|()| fetched.as_file().sync_all())
            .and_then(|()| fetched.persist(&path).map_err(|error| error.error))
            .map(drop)
            .map_err(|source| file("write", &path, source))
    }

    /// Held while a lock file is read and written, so that two runs do not lose each other's entries.
    pub(super) fn exclusive(&self) -> Result<File, SourceError> {
        let path = self.root.join("recording");
        fs::create_dir_all(&self.root)
            .and_then(|()| File::options().create(true).append(true).open(&path))
            .and_then(|held| held.lock().map(|()| held))
            .map_err(|source| file("lock", &path, source))
    }
}

pub(super) fn file(action: &'static str, path: &Path, source: io::Error) -> SourceError {
    SourceError::File {
        action,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn stored(cache: &Cache, content: &[u8]) -> Digest {
        let digest = Digest::sha256(content);
        let mut fetched = cache.begin().unwrap();
        fetched.write_all(content).unwrap();
        cache.keep(fetched, &digest).unwrap();
        digest
    }

    #[test]
    fn what_was_kept_is_read_and_what_was_not_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("sources"));
        let digest = stored(&cache, b"content");
        assert_eq!(cache.read(&digest).unwrap().unwrap(), b"content");
        drop(cache.begin().unwrap());
        let names: Vec<_> = fs::read_dir(folder.path().join("sources"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["sha256"]);
    }

    #[test]
    fn a_damaged_content_is_removed_and_counts_as_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let digest = stored(&cache, b"content");
        fs::write(cache.path(&digest), b"contenu").unwrap();
        assert_eq!(cache.read(&digest).unwrap(), None);
        assert!(!cache.path(&digest).exists());
    }

    #[test]
    fn a_cache_that_cannot_be_read_is_an_error_and_not_an_absence() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let digest = Digest::sha256(b"content");
        fs::create_dir_all(cache.path(&digest)).unwrap();
        assert!(matches!(
            cache.read(&digest),
            Err(SourceError::File { action: "read", .. })
        ));
    }

    #[test]
    fn the_place_follows_the_environment_as_xdg_says() {
        let place = |variables: &[(&str, &str)]| {
            let variables: std::collections::BTreeMap<String, String> = variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            Cache::from_environment(|name| variables.get(name).cloned()).map(|cache| cache.root)
        };
        let (caches, home) = (("XDG_CACHE_HOME", "/caches"), ("HOME", "/home/ada"));
        assert_eq!(
            place(&[caches, home]).unwrap().to_str(),
            Some("/caches/konflux-local/sources")
        );
        assert_eq!(
            place(&[("XDG_CACHE_HOME", "relative"), home])
                .unwrap()
                .to_str(),
            Some("/home/ada/.cache/konflux-local/sources")
        );
        assert!(matches!(place(&[]), Err(SourceError::NoCache)));
    }
}
