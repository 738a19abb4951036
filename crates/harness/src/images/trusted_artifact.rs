//! A trusted artifact: an archive in a registry that a task of a pipeline says it stored.

use std::collections::BTreeMap;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use oci::{Digest, ImageReference};

use super::{Lie, compare};
use crate::{Failure, Journal, Source, Verdict};

/// Largest archive that a scenario reads into memory, in bytes.
const LARGEST_ARCHIVE: u64 = 64 * 1024 * 1024;
/// What Konflux's URIs of such artifacts begin with; the rest is `REPOSITORY@DIGEST`, of a blob and not of a manifest.
const SCHEME: &str = "oci:";

/// A trusted artifact, by the URI that a task gave as its result. Nothing about it is believed before it was checked.
#[derive(Debug, Clone)]
pub struct TrustedArtifact {
    registry: oci::Client,
    archive: ImageReference,
    digest: Digest,
    journal: Journal,
}

impl TrustedArtifact {
    /// The artifact with this URI.
    ///
    /// # Errors
    ///
    /// [`Failure::Unexpected`] when it is none, `empty` for example, Konflux's word for an artifact that was not stored.
    pub fn new(registry: oci::Client, uri: &str) -> Result<Self, Failure> {
        let archive = uri.strip_prefix(SCHEME);
        let archive = archive.and_then(|text| text.parse::<ImageReference>().ok());
        let digest = archive
            .as_ref()
            .and_then(|archive| archive.digest().cloned());
        let (Some(archive), Some(digest)) = (archive, digest) else {
            return Err(Failure::Unexpected {
                object: "the URI of a trusted artifact".to_owned(),
                expected: "oci:REPOSITORY@DIGEST".to_owned(),
                seen: format!("it is {uri:?}"),
            });
        };
        Ok(Self {
            registry,
            archive,
            digest,
            journal: Journal::default(),
        })
    }

    /// Writes what was checked into this journal.
    #[must_use]
    pub fn noting_in(mut self, journal: &Journal) -> Self {
        self.journal = journal.clone();
        self
    }

    /// Checks that it is stored in this repository.
    ///
    /// # Errors
    ///
    /// [`Lie::ArtifactElsewhere`].
    pub fn is_stored_in(&self, repository: &ImageReference) -> Verdict {
        let repository = repository.without_tag_and_digest();
        if self.archive.without_tag_and_digest() == repository {
            return Ok(());
        }
        Err(Lie::ArtifactElsewhere {
            archive: self.archive.clone(),
            repository,
        }
        .into())
    }

    /// Checks that it holds the files of a source, byte for byte, and no other.
    ///
    /// # Errors
    ///
    /// As [`TrustedArtifact::files`], and [`Lie::Artifact`] with every difference.
    pub async fn is(&self, source: &Source) -> Verdict {
        let files = self.files().await?;
        let differences = compare::file_differences(source.files(), &files);
        if differences.is_empty() {
            let count = files.len();
            self.journal.note(format!(
                "checked: the trusted artifact {} holds the {count} files of the source",
                self.archive
            ));
            return Ok(());
        }
        Err(Lie::Artifact {
            archive: self.archive.clone(),
            differences,
        }
        .into())
    }

    /// The JSON document at a path in it.
    ///
    /// # Errors
    ///
    /// As [`TrustedArtifact::files`], and [`Lie::Artifact`] when there is none.
    pub async fn json(&self, path: &str) -> Result<serde_json::Value, Failure> {
        let files = self.files().await?;
        let document = files
            .get(path)
            .ok_or_else(|| "no such file".to_owned())
            .and_then(|bytes| serde_json::from_slice(bytes).map_err(|error| error.to_string()));
        document.map_err(|problem| {
            let differences = vec![format!("file /{path}: expected JSON, found {problem}")];
            let archive = self.archive.clone();
            Lie::Artifact {
                archive,
                differences,
            }
            .into()
        })
    }

    /// Its regular files, path → content. The bytes that came are those that its digest names.
    ///
    /// # Errors
    ///
    /// The registry does not have them, or they are no archive.
    pub async fn files(&self) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        let reading = format!("read the trusted artifact {}", self.archive);
        let bytes = self.fetch().await.map_err(Failure::registry(reading))?;
        unpack(&bytes).map_err(|error| {
            Lie::Artifact {
                archive: self.archive.clone(),
                differences: vec![format!("it is no gzip-compressed tar archive: {error}")],
            }
            .into()
        })
    }

    async fn fetch(&self) -> Result<Vec<u8>, oci::Error> {
        let blob = self
            .registry
            .blob_of_unknown_size(&self.archive, &self.digest, LARGEST_ARCHIVE);
        let (mut blob, mut bytes) = (blob.await?, Vec::new());
        while let Some(piece) = blob.chunk().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}

fn unpack(archive: &[u8]) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(MultiGzDecoder::new(archive)).entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path()?.to_string_lossy().into_owned();
        let path = path.strip_prefix("./").unwrap_or(&path).to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        files.insert(path, content);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_uri_of_an_artifact_is_named() {
        let registry = oci::Client::builder().build().unwrap();
        let new = |uri: &str| TrustedArtifact::new(registry.clone(), uri);
        let digest = Digest::sha256(b"x");
        assert!(new(&format!("oci:r.example/a@{digest}")).is_ok());
        for uri in [
            "empty",
            "oci:r.example/a:tag",
            &format!("r.example/a@{digest}"),
        ] {
            let failure = new(uri).unwrap_err().to_string();
            assert!(failure.contains(&format!("{uri:?}")), "{failure}");
        }
    }

    #[test]
    fn what_is_no_archive_is_an_error() {
        assert!(unpack(b"no archive").is_err());
    }
}
