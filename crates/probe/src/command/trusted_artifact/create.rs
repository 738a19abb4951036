//! `probe trusted-artifact create`

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use oci::{ImageReference, Layout};

use super::AccessArguments;
use crate::command::{say, write_result};
use crate::error::Error;
use crate::trusted_artifact::{
    ArtifactUri, NOT_USED, NamedArchive, SKIP_FILE, TrustedArtifactError, pack, publish,
};

/// Stores files in a registry and writes their URIs.
///
/// All artifacts become layers of one manifest, each under the base name of its result file. A directory is stored with everything in it, a
/// file under its own name; a path that does not exist becomes an empty artifact. A directory with the file .skip-trusted-artifacts is not
/// stored and has no result. A result file that exists is overwritten, once everything is stored.
#[derive(Args)]
pub(in crate::command) struct Arguments {
    /// Repository to store in. With a tag, the tag names the artifacts; the URIs do not have it. "empty" stores nothing, and the results
    /// are "empty", which `use` skips.
    #[arg(long, value_name = "REPOSITORY[:TAG]")]
    store: Store,
    /// When Quay deletes the artifacts, for example 1d: the annotation quay.expires-after. Empty: never.
    #[arg(long, value_name = "TIME", env = "IMAGE_EXPIRES_AFTER", value_parser = expiry)]
    expires_after: Option<Expiry>,
    /// File for the artifact's URI, and what to store.
    #[arg(value_name = "RESULT=PATH", required = true)]
    artifacts: Vec<Artifact>,
    #[command(flatten)]
    access: AccessArguments,
}

pub(in crate::command) async fn run(arguments: &Arguments) -> Result<(), Error> {
    let Store::Repository(store) = &arguments.store else {
        for artifact in &arguments.artifacts {
            write_result(Some(&artifact.result), NOT_USED)?;
        }
        say(format_args!(
            "no repository for trusted artifacts is given: nothing is stored"
        ));
        return Ok(());
    };
    check_names(&arguments.artifacts)?;
    let temporary = temporary_directory()?;
    let layout = Layout::create(temporary.path().join("layout"))?;
    let mut archives: Vec<NamedArchive> = Vec::new();
    let mut results = Vec::new();
    for artifact in &arguments.artifacts {
        let (name, path) = (&artifact.name, artifact.path.display());
        if artifact.path.join(SKIP_FILE).exists() {
            say(format_args!(
                "warning: {path} has the file {SKIP_FILE}: {name} is not stored and has no result"
            ));
            continue;
        }
        let archive = pack(&layout, &artifact.path)?;
        say(format_args!(
            "packed {path} as {name}: {}, {} bytes",
            archive.digest, archive.size
        ));
        let uri = ArtifactUri::new(store, archive.digest.clone());
        results.push((&artifact.result, uri));
        archives.push(NamedArchive {
            name: name.clone(),
            archive,
        });
    }
    if archives.is_empty() {
        return Ok(());
    }
    let client = arguments.access.client(store)?;
    let expires_after = arguments.expires_after.as_ref();
    let expires_after = expires_after.and_then(|expiry| expiry.0.as_deref());
    publish(&client, &layout, store, &archives, expires_after).await?;
    for (result, uri) in results {
        write_result(Some(result), &uri.to_string())?;
        say(format_args!("stored {uri}"));
    }
    Ok(())
}

fn check_names(artifacts: &[Artifact]) -> Result<(), TrustedArtifactError> {
    let mut names = BTreeSet::new();
    match artifacts
        .iter()
        .find(|artifact| !names.insert(&artifact.name))
    {
        Some(twice) => Err(TrustedArtifactError::SameName(twice.name.clone())),
        None => Ok(()),
    }
}

/// The images of our own steps hold nothing but the program, so the directory for temporary files may have to be made.
fn temporary_directory() -> Result<tempfile::TempDir, Error> {
    let parent = std::env::temp_dir();
    std::fs::create_dir_all(&parent)
        .and_then(|()| tempfile::tempdir_in(&parent))
        .map_err(|error| Error::file("make a temporary directory in", &parent, error))
}

#[derive(Debug, Clone)]
enum Store {
    Repository(ImageReference),
    NotUsed,
}

impl FromStr for Store {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == NOT_USED {
            return Ok(Self::NotUsed);
        }
        let reference: ImageReference = text
            .parse()
            .map_err(|error: oci::ReferenceError| error.to_string())?;
        match reference.digest() {
            None => Ok(Self::Repository(reference)),
            Some(_) => Err(
                "write REGISTRY/REPOSITORY[:TAG]; the digest follows from the content".to_owned(),
            ),
        }
    }
}

#[derive(Debug, Clone)]
struct Artifact {
    result: PathBuf,
    /// Base name of the result file.
    name: String,
    path: PathBuf,
}

impl FromStr for Artifact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || "write RESULT=PATH".to_owned();
        let (result, path) = text.split_once('=').ok_or_else(wrong)?;
        let result = PathBuf::from(result);
        let name = result.file_name().and_then(|name| name.to_str());
        let name = name.filter(|_| !path.is_empty()).ok_or_else(wrong)?;
        Ok(Self {
            name: name.to_owned(),
            path: path.into(),
            result,
        })
    }
}

/// `None` in it: an empty text, which is how pipelines say "never".
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expiry(Option<String>);

/// What Quay understands; it passes over everything else, and the artifacts would stay for ever.
fn expiry(text: &str) -> Result<Expiry, String> {
    if text.is_empty() {
        return Ok(Expiry(None));
    }
    let number = text.strip_suffix(['s', 'm', 'h', 'd', 'w']);
    let is_number =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match number.is_some_and(is_number) {
        true => Ok(Expiry(Some(text.to_owned()))),
        false => Err("write a number and one of s, m, h, d, w, for example 5d".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_what_quay_understands_or_nothing() {
        assert_eq!(expiry(""), Ok(Expiry(None)));
        for text in ["1d", "36h", "2w"] {
            assert_eq!(expiry(text), Ok(Expiry(Some(text.to_owned()))));
        }
        for text in ["d", "1", "1 d", "-1d", "1.5h", "1day"] {
            assert!(expiry(text).is_err(), "{text}");
        }
    }
}
