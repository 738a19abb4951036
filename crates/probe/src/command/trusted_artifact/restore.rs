//! `probe trusted-artifact use`

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use super::AccessArguments;
use crate::command::say;
use crate::error::Error;
use crate::trusted_artifact::{
    ArtifactUri, NOT_USED, Room, SKIP_FILE, TrustedArtifactError, fetch, unpack,
};

/// Restores files from the URIs that `create` has written.
///
/// An archive is checked against the digest in its URI before anything is extracted. Entries and links that lead out of the directory are
/// refused, and so is what does not fit on the disk. An empty URI, "empty", and a directory with the file .skip-trusted-artifacts are
/// skipped, the latter not with --replace.
#[derive(Args)]
pub(in crate::command) struct Arguments {
    /// The artifact's URI and the directory to extract it to; it is created when missing.
    #[arg(value_name = "URI=DIR", required = true)]
    artifacts: Vec<Artifact>,
    /// Empty the directories first, so that nothing is in them but the artifact. Without it, files that it does not have stay.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    access: AccessArguments,
}

pub(in crate::command) async fn run(arguments: &Arguments) -> Result<(), Error> {
    for artifact in &arguments.artifacts {
        let directory = &artifact.directory;
        let Some(uri) = &artifact.uri else {
            say(format_args!(
                "warning: no trusted artifact is given for {}: it stays as it is",
                directory.display()
            ));
            continue;
        };
        // What is to be replaced has no say in it: whoever could write there could turn the artifact off.
        if !arguments.replace && directory.join(SKIP_FILE).exists() {
            say(format_args!(
                "warning: {} has the file {SKIP_FILE}: it stays as it is",
                directory.display()
            ));
            continue;
        }
        restore(arguments, uri, directory).await?;
    }
    Ok(())
}

async fn restore(arguments: &Arguments, uri: &ArtifactUri, directory: &Path) -> Result<(), Error> {
    let create_error = |error| Error::file("create", directory, error);
    std::fs::create_dir_all(directory).map_err(create_error)?;
    if directory.canonicalize().map_err(create_error)? == Path::new("/") {
        return Err(TrustedArtifactError::Root(directory.to_owned()).into());
    }
    let client = arguments.access.client(uri.repository())?;
    let most = Room::on_disk_of(directory)?.bytes();
    let archive = fetch(&client, uri, directory, most).await?;
    if arguments.replace {
        empty(directory).map_err(|error| Error::file("empty", directory, error))?;
    }
    let room = Room::on_disk_of(directory)?;
    let count = unpack(archive, directory, uri, room)?;
    say(format_args!(
        "restored {count} entries of {uri} to {}",
        directory.display()
    ));
    Ok(())
}

fn empty(directory: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => std::fs::remove_dir_all(entry.path())?,
            false => std::fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}

#[derive(Debug, Clone)]
struct Artifact {
    /// `None`: there is nothing to restore.
    uri: Option<ArtifactUri>,
    directory: PathBuf,
}

impl FromStr for Artifact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (uri, directory) = text.split_once('=').ok_or("write URI=DIR")?;
        let uri = match uri {
            "" | NOT_USED => None,
            uri => Some(uri.parse()?),
        };
        let directory = PathBuf::from(directory);
        if directory.as_os_str().is_empty() {
            return Err("write URI=DIR; the directory is missing".to_owned());
        }
        Ok(Self { uri, directory })
    }
}
