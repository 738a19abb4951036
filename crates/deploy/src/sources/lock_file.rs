//! `sources.lock`: the digests that were recorded at first use.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use cluster::state::{read_if_present, write_atomically};
use oci::Digest;
use serde::{Deserialize, Serialize};

const HEAD: &str = "\
# Digests of sources that fixtures/sources.toml gives none for, recorded when they were used first. Every later run checks
# them: commit this file to check them on other machines too, and remove an entry to accept what is published now.

";

/// A file that a user can commit; it need not exist. It is read whenever it is asked, so that runs at the same time agree.
#[derive(Debug, Clone)]
pub struct LockFile {
    path: PathBuf,
}

/// The lock file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockFileError {
    /// It cannot be read.
    #[error("cannot read {path}, which holds the digests to check: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not in its form.
    #[error(
        "cannot understand {path}: {problem}; mend it, or remove it to record what is published now"
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// It cannot be written.
    #[error(
        "cannot record the digest of {name} in {path}: {source}; without it no later run could check what it uses"
    )]
    Write {
        /// The source whose digest was to be recorded.
        name: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(default)]
    file: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    version: String,
    digest: Digest,
}

type Digests = BTreeMap<(String, String), Digest>;

impl LockFile {
    /// The name that it has where nobody says otherwise.
    pub const NAME: &str = "sources.lock";

    /// In this place; a relative path is below the current folder, now and later.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self {
            path: std::path::absolute(&path).unwrap_or(path),
        }
    }

    /// Its place.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The digest that was recorded for a source.
    ///
    /// # Errors
    ///
    /// [`LockFileError`], when it is there and cannot be used.
    pub fn digest(&self, name: &str, version: &str) -> Result<Option<Digest>, LockFileError> {
        Ok(self.read()?.remove(&(name.to_owned(), version.to_owned())))
    }

    /// Records a digest, unless there is one. Gives the one that counts from now on, which may be another run's. The caller
    /// sees to it that nobody else writes at the same time.
    pub(super) fn record(
        &self,
        name: &str,
        version: &str,
        digest: &Digest,
    ) -> Result<Digest, LockFileError> {
        let mut digests = self.read()?;
        let key = (name.to_owned(), version.to_owned());
        if let Some(recorded) = digests.get(&key) {
            return Ok(recorded.clone());
        }
        digests.insert(key, digest.clone());
        let written = write_atomically(&self.path, render(digests).as_bytes());
        written.map_err(|source| LockFileError::Write {
            name: name.to_owned(),
            path: self.path.clone(),
            source,
        })?;
        Ok(digest.clone())
    }

    fn read(&self) -> Result<Digests, LockFileError> {
        let malformed = |problem: String| LockFileError::Malformed {
            path: self.path.clone(),
            problem,
        };
        let content = read_if_present(&self.path).map_err(|source| LockFileError::Read {
            path: self.path.clone(),
            source,
        })?;
        let Some(content) = content else {
            return Ok(Digests::new());
        };
        let content: Content =
            toml::from_slice(&content).map_err(|error| malformed(error.to_string()))?;
        let mut digests = Digests::new();
        for Entry {
            name,
            version,
            digest,
        } in content.file
        {
            // Two entries may come from two branches that were merged; only one of them can be right.
            if let Some(other) = digests.insert((name.clone(), version.clone()), digest.clone())
                && other != digest
            {
                return Err(malformed(format!(
                    "it records both {other} and {digest} for {name} {version}"
                )));
            }
        }
        Ok(digests)
    }
}

fn render(digests: Digests) -> String {
    let file = digests.into_iter().map(|((name, version), digest)| Entry {
        name,
        version,
        digest,
    });
    let content = Content {
        file: file.collect(),
    };
    let text = toml::to_string(&content).expect("names, versions and digests are always TOML");
    format!("{HEAD}{text}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lock() -> (tempfile::TempDir, LockFile) {
        let folder = tempfile::tempdir().unwrap();
        let lock = LockFile::at(folder.path().join(LockFile::NAME));
        (folder, lock)
    }

    #[test]
    fn the_first_record_stays_and_the_file_reads_well() {
        let (_folder, lock) = lock();
        assert_eq!(lock.digest("tekton", "v1").unwrap(), None);
        let digest = Digest::sha256(b"a");
        assert_eq!(lock.record("tekton", "v1", &digest).unwrap(), digest);
        let other = Digest::sha256(b"b");
        assert_eq!(lock.record("tekton", "v1", &other).unwrap(), digest);
        insta::assert_snapshot!(std::fs::read_to_string(lock.path()).unwrap());
    }

    #[test]
    fn a_file_that_makes_no_sense_is_an_error_and_not_an_absence() {
        let (_folder, lock) = lock();
        for (content, problem) in [
            ("[[file]]\nname = 'a'\n", "version"),
            (
                "[[file]]\nname = 'a'\nversion = '1'\ndigest = 'x'\n",
                "it has no `:`",
            ),
            ("\u{0}", "sources.lock"),
        ] {
            std::fs::write(lock.path(), content).unwrap();
            let error = lock.digest("a", "1").unwrap_err().to_string();
            assert!(
                error.starts_with("cannot understand") && error.contains(problem),
                "{error}"
            );
        }
    }

    #[test]
    fn two_digests_for_one_source_are_refused() {
        let (_folder, lock) = lock();
        let entry = |content: &[u8]| {
            let digest = Digest::sha256(content);
            format!("[[file]]\nname = 'a'\nversion = '1'\ndigest = '{digest}'\n")
        };
        std::fs::write(lock.path(), entry(b"a") + &entry(b"b")).unwrap();
        let error = lock.digest("a", "1").unwrap_err().to_string();
        assert!(error.contains("it records both sha256:"), "{error}");
    }

    #[test]
    fn what_cannot_be_read_or_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let lock = LockFile::at(folder.path());
        assert!(matches!(
            lock.digest("a", "1"),
            Err(LockFileError::Read { .. })
        ));
        let lock = LockFile::at(folder.path().join("nowhere/sources.lock"));
        let error = lock.record("a", "1", &Digest::sha256(b"a")).unwrap_err();
        assert!(matches!(error, LockFileError::Write { .. }), "{error}");
    }

    proptest! {
        #[test]
        fn whatever_is_recorded_is_read_back(entries in prop::collection::btree_map("[a-z]{1,4}", any::<u64>(), 0..8)) {
            let (_folder, lock) = lock();
            for (name, number) in &entries {
                lock.record(name, "v1", &Digest::sha256(&number.to_be_bytes())).unwrap();
            }
            for (name, number) in &entries {
                prop_assert_eq!(lock.digest(name, "v1").unwrap(), Some(Digest::sha256(&number.to_be_bytes())));
            }
        }
    }
}
