//! A file's content, wherever it is found, always with its digest verified.

use std::fs;
use std::io;
use std::path::Path;

use futures::stream::{self, StreamExt, TryStreamExt};
use oci::{Algorithm, Digest};
use url::Url;

use super::cache::file as file_error;
use super::download::{self, Request};
use super::error::{DigestMismatch, Disagreement, Missing, SourceError};
use super::{Cache, DownloadOptions, LockFile, Origin, SourceFile};

/// How many files are fetched at the same time.
const AT_ONCE: usize = 4;

/// Gives the content of source files.
#[derive(Debug, Clone)]
pub struct SourceStore {
    cache: Cache,
    lock: LockFile,
    origin: Origin,
    offline: bool,
    options: DownloadOptions,
}

/// A file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The content, whose digest this is.
    pub content: Vec<u8>,
    /// Its digest, verified.
    pub digest: Digest,
    /// Where it was found.
    pub found: Found,
    /// Was its digest recorded by this call? Then `sources.lock` is new or has a new entry.
    pub recorded: bool,
}

/// Where a content was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// In the cache.
    Cache,
    /// In the directory of sources.
    Directory,
    /// On the network.
    Network,
}

/// What happens while a file is being had.
#[derive(Debug, Clone, Copy)]
pub enum Telling<'a> {
    /// It is fetched from this address.
    Fetching(&'a str),
    /// Fetching is tried again, because of this.
    Retrying(&'a str),
}

impl SourceStore {
    /// Takes what the cache does not hold from the projects that release it, and records unknown digests in the lock file.
    #[must_use]
    pub fn new(cache: Cache, lock: LockFile) -> Self {
        Self {
            cache,
            lock,
            origin: Origin::Project,
            offline: false,
            options: DownloadOptions::default(),
        }
    }

    /// Sets where sources come from that the cache does not hold.
    #[must_use]
    pub fn origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Fetches nothing: what is not there is an error at once.
    #[must_use]
    pub fn offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }

    /// Sets how files are fetched.
    #[must_use]
    pub fn downloads(mut self, options: DownloadOptions) -> Self {
        self.options = options;
        self
    }

    /// Says of every file that cannot be had without the network that it is missing, all at once. Asks nobody and fetches nothing.
    ///
    /// # Errors
    ///
    /// [`SourceError::Missing`], or what makes it impossible to tell.
    pub fn check_offline(&self, files: &[&SourceFile]) -> Result<(), SourceError> {
        let mut missing = Vec::new();
        for file in files {
            match self.at_hand(file, self.expected(file)?) {
                Ok(_) => {}
                Err(SourceError::Missing(one)) => missing.extend(one),
                Err(other) => return Err(other),
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(SourceError::Missing(missing))
        }
    }

    /// The content of one file.
    ///
    /// # Errors
    ///
    /// [`SourceError`].
    pub async fn get(&self, file: &SourceFile) -> Result<Fetched, SourceError> {
        self.get_telling(file, &|_| {}).await
    }

    /// The contents of files, in their order, several fetched at the same time. Where nothing may be fetched, everything that is missing is
    /// said at once.
    ///
    /// # Errors
    ///
    /// [`SourceError`] of the first file that cannot be had.
    pub async fn get_all(
        &self,
        files: &[&SourceFile],
        tell: &(dyn Fn(Telling<'_>) + Sync),
    ) -> Result<Vec<Fetched>, SourceError> {
        if !self.may_fetch() {
            self.check_offline(files)?;
        }
        let fetched: Vec<_> = files
            .iter()
            .map(|file| self.get_telling(file, tell))
            .collect();
        stream::iter(fetched).buffered(AT_ONCE).try_collect().await
    }

    /// The content of one file, and what happens meanwhile.
    ///
    /// # Errors
    ///
    /// [`SourceError`].
    pub async fn get_telling(
        &self,
        file: &SourceFile,
        tell: &(dyn Fn(Telling<'_>) + Sync),
    ) -> Result<Fetched, SourceError> {
        let expected = self.expected(file)?;
        match self.at_hand(file, expected.clone()) {
            Err(SourceError::Missing(_)) if self.may_fetch() => {
                self.fetch(file, expected, tell).await
            }
            found => found.and_then(|fetched| self.recorded(file, fetched)),
        }
    }

    fn may_fetch(&self) -> bool {
        !self.offline && !matches!(self.origin, Origin::Directory(_))
    }

    /// The digest that the file must have, and who says so.
    fn expected(&self, file: &SourceFile) -> Result<Option<Expected>, SourceError> {
        let recorded = self.lock.digest(&file.name, &file.version)?;
        match (&file.digest, recorded) {
            (Some(pinned), Some(recorded)) if *pinned != recorded => {
                Err(SourceError::Disagreement(Box::new(Disagreement {
                    name: file.name.clone(),
                    version: file.version.clone(),
                    pinned: pinned.clone(),
                    recorded,
                    lock: self.lock.path().to_owned(),
                })))
            }
            (Some(pinned), _) => Ok(Some(Expected {
                digest: pinned.clone(),
                recorded: false,
            })),
            (None, recorded) => Ok(recorded.map(|digest| Expected {
                digest,
                recorded: true,
            })),
        }
    }

    /// The content, when it is in the cache or in the directory of sources.
    fn at_hand(
        &self,
        file: &SourceFile,
        expected: Option<Expected>,
    ) -> Result<Fetched, SourceError> {
        // A content with the right digest is the right content, whoever put it there.
        if let Some(Expected { digest, .. }) = &expected
            && let Some(content) = self.cache.read(digest)?
        {
            return Ok(Fetched {
                content,
                digest: digest.clone(),
                found: Found::Cache,
                recorded: false,
            });
        }
        if let Origin::Directory(directory) = &self.origin {
            return self.in_directory(file, &directory.join(file.path()), expected);
        }
        let looked = match expected {
            Some(Expected { digest, .. }) => format!("{digest} is not in the cache"),
            None => format!(
                "its digest is in neither fixtures/sources.toml nor {}, so that what the cache holds cannot be told to be it",
                self.lock.path().display()
            ),
        };
        Err(missing(file, looked))
    }

    fn in_directory(
        &self,
        file: &SourceFile,
        path: &Path,
        expected: Option<Expected>,
    ) -> Result<Fetched, SourceError> {
        let content = match fs::read(path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(missing(file, format!("{} is not there", path.display())));
            }
            Err(source) => return Err(file_error("read", path, source)),
        };
        let algorithm = algorithm(expected.as_ref());
        let digest = Digest::of(algorithm, &content);
        self.check(file, &digest, expected, &path.display().to_string())?;
        Ok(Fetched {
            content,
            digest,
            found: Found::Directory,
            recorded: false,
        })
    }

    async fn fetch(
        &self,
        file: &SourceFile,
        expected: Option<Expected>,
        tell: &(dyn Fn(Telling<'_>) + Sync),
    ) -> Result<Fetched, SourceError> {
        let (url, login): (Url, _) = match &self.origin {
            Origin::Mirror(mirror) => (mirror.url(file), mirror.login()),
            Origin::Project | Origin::Directory(_) => (file.url.clone(), None),
        };
        tell(Telling::Fetching(url.as_str()));
        let request = Request {
            url: &url,
            login,
            algorithm: algorithm(expected.as_ref()),
        };
        let retrying = |because: &str| tell(Telling::Retrying(because));
        let (fetched, digest) =
            download::fetch(&request, &self.options, &self.cache, &retrying).await?;
        self.check(file, &digest, expected, url.as_str())?;
        let content = fs::read(fetched.path())
            .map_err(|source| file_error("read", fetched.path(), source))?;
        self.cache.keep(fetched, &digest)?;
        let fetched = Fetched {
            content,
            digest,
            found: Found::Network,
            recorded: false,
        };
        self.recorded(file, fetched)
    }

    /// Records the digest of a file that has none. When another run was faster, its record counts.
    fn recorded(&self, file: &SourceFile, fetched: Fetched) -> Result<Fetched, SourceError> {
        let known = self.lock.digest(&file.name, &file.version)?.is_some();
        if file.digest.is_some() || known {
            return Ok(fetched);
        }
        let digest = {
            let _alone = self.cache.exclusive()?;
            self.lock
                .record(&file.name, &file.version, &fetched.digest)?
        };
        let expected = Expected {
            digest,
            recorded: true,
        };
        self.check(file, &fetched.digest, Some(expected), file.url.as_str())?;
        Ok(Fetched {
            recorded: true,
            ..fetched
        })
    }

    fn check(
        &self,
        file: &SourceFile,
        found: &Digest,
        expected: Option<Expected>,
        from: &str,
    ) -> Result<(), SourceError> {
        let Some(expected) = expected else {
            return Ok(());
        };
        if expected.digest == *found {
            return Ok(());
        }
        let lock = || self.lock.path().to_owned();
        Err(SourceError::Digest(Box::new(DigestMismatch {
            name: file.name.clone(),
            version: file.version.clone(),
            from: from.to_owned(),
            found: found.clone(),
            expected: expected.digest,
            expected_by: if expected.recorded {
                self.lock.path().display().to_string()
            } else {
                "fixtures/sources.toml".to_owned()
            },
            recorded: expected.recorded.then(lock),
        })))
    }
}

/// The digest that a file must have.
#[derive(Clone)]
struct Expected {
    digest: Digest,
    /// Was it recorded at first use, or pinned in the catalog?
    recorded: bool,
}

fn algorithm(expected: Option<&Expected>) -> Algorithm {
    expected.map_or(Algorithm::Sha256, |expected| expected.digest.algorithm())
}

fn missing(file: &SourceFile, looked: String) -> SourceError {
    SourceError::Missing(vec![Missing {
        name: file.name.clone(),
        version: file.version.clone(),
        url: file.url.to_string(),
        looked,
    }])
}
