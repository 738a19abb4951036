//! From a URI to an archive whose every byte was checked.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::time::Duration;

use oci::{Client, ContentError};

use super::{ArtifactUri, TrustedArtifactError as Error};

/// Tries altogether. A broken transfer is tried again, as Konflux does; a wrong one is not.
const ATTEMPTS: u32 = 4;
/// Wait before the second try; it doubles with every further one.
const FIRST_DELAY: Duration = Duration::from_millis(200);

/// Fetches an archive of at most `most` bytes into a file without a name in `directory`, which is gone when the file is closed.
pub(crate) async fn fetch(
    client: &Client,
    uri: &ArtifactUri,
    directory: &Path,
    most: u64,
) -> Result<File, Error> {
    let mut delay = FIRST_DELAY;
    for attempt in 1.. {
        let write_error = |error| Error::file("write an archive in", directory, error);
        let mut file = tempfile::tempfile_in(directory).map_err(write_error)?;
        match fetch_once(client, uri, directory, most, &mut file).await {
            Ok(()) => {
                file.rewind().map_err(write_error)?;
                return Ok(file);
            }
            Err(Error::NotFetched { source, .. })
                if source.is_transient() && attempt < ATTEMPTS =>
            {
                tokio::time::sleep(delay).await;
                delay *= 2;
            }
            Err(error) => return Err(error),
        }
    }
    unreachable!("the last attempt returns")
}

async fn fetch_once(
    client: &Client,
    uri: &ArtifactUri,
    directory: &Path,
    most: u64,
    file: &mut File,
) -> Result<(), Error> {
    let failed = |source: oci::Error| match source {
        oci::Error::Content(ContentError::MissingBlob { .. }) => Error::Gone(uri.clone()),
        oci::Error::Content(ContentError::DigestMismatch { computed, .. }) => Error::WrongDigest {
            uri: uri.clone(),
            computed,
        },
        oci::Error::Content(ContentError::TooLarge { .. }) => Error::TooLarge {
            uri: uri.clone(),
            most,
            directory: directory.to_owned(),
        },
        source => Error::NotFetched {
            uri: uri.clone(),
            source: Box::new(source),
        },
    };
    // The URI does not say how large the archive is.
    let blob = client.blob_of_unknown_size(uri.repository(), uri.digest(), most);
    let mut blob = blob.await.map_err(failed)?;
    while let Some(chunk) = blob.chunk().await.map_err(failed)? {
        file.write_all(&chunk)
            .map_err(|error| Error::file("write an archive in", directory, error))?;
    }
    Ok(())
}
