//! The name of a trusted artifact.

use std::fmt;
use std::str::FromStr;

use oci::{Digest, ImageReference};

const SCHEME: &str = "oci:";

/// `oci:REPOSITORY@DIGEST`; the digest is that of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArtifactUri {
    repository: ImageReference,
    digest: Digest,
}

impl ArtifactUri {
    /// The name of the archive `digest` in a repository; a tag does not matter.
    pub(crate) fn new(repository: &ImageReference, digest: Digest) -> Self {
        Self {
            repository: repository.without_tag_and_digest(),
            digest,
        }
    }

    pub(crate) fn repository(&self) -> &ImageReference {
        &self.repository
    }

    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }
}

impl fmt::Display for ArtifactUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{SCHEME}{}@{}",
            self.repository.name(),
            self.digest
        )
    }
}

impl FromStr for ArtifactUri {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(name) = text.strip_prefix(SCHEME) else {
            return Err(format!(
                "`{text}` is not the URI of a trusted artifact; the only kind is oci:REPOSITORY@DIGEST"
            ));
        };
        let reference: ImageReference = name
            .parse()
            .map_err(|error: oci::ReferenceError| error.to_string())?;
        match reference.digest() {
            Some(digest) => Ok(Self::new(&reference, digest.clone())),
            None => Err(format!(
                "`{text}` has no digest, so nothing says what must be in it; write oci:REPOSITORY@DIGEST"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_read_back_and_loses_its_tag() {
        let digest = Digest::sha256(b"x");
        let plain = format!("oci:r.example:5000/team/app@{digest}");
        let uri: ArtifactUri = plain.parse().unwrap();
        assert_eq!(uri.to_string(), plain);
        let tagged = format!("oci:r.example:5000/team/app:v1.git@{digest}");
        assert_eq!(tagged.parse(), Ok(uri));
    }

    #[test]
    fn another_scheme_and_a_missing_digest_are_refused() {
        for (text, expected) in [
            ("file:/x@sha256:0", "the only kind is oci:"),
            ("quay.io/a/b@sha256:0", "the only kind is oci:"),
            ("oci:quay.io/a/b:v1", "has no digest"),
            ("oci:quay.io/a/b@sha256:0", "not a digest"),
        ] {
            let problem = text.parse::<ArtifactUri>().unwrap_err();
            assert!(problem.contains(expected), "{text}: {problem}");
        }
    }
}
