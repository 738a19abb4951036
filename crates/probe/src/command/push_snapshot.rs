//! `probe push-snapshot`

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::{RegistryArguments, say};
use crate::error::Error;
use crate::release_data::{ImageCopies, ReleaseData, ReleasedImage, Results, read, write};

/// Copies every image that collect-data has listed to all its destinations.
///
/// Digests stay the same, all platforms and attachments are copied, and what a destination has already is left alone. Stops at the first
/// failure; run again, it continues.
#[derive(Args)]
pub(super) struct Arguments {
    /// The file that collect-data has written.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// File for {"images":[{arches, oses, name, shasum, urls}]}.
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    #[command(flatten)]
    registry: RegistryArguments,
}

pub(super) async fn run(arguments: &Arguments) -> Result<(), Error> {
    let data: ReleaseData = read(&arguments.data)?;
    let client = arguments.registry.client()?;
    let mut results = Results { images: Vec::new() };
    for image in &data.images {
        results.images.push(release(&client, image).await?);
    }
    if let Some(path) = &arguments.results {
        write(path, &results)?;
    }
    say(format_args!(
        "released {} images of {}",
        results.images.len(),
        data.snapshot
    ));
    Ok(())
}

async fn release(client: &oci::Client, image: &ImageCopies) -> Result<ReleasedImage, Error> {
    let platforms = client.platforms(&image.source).await?;
    let mut shasum = String::new();
    for destination in &image.destinations {
        shasum = client.copy(&image.source, destination).await?.to_string();
        say(format_args!(
            "{}: copied {} to {destination}",
            image.name, image.source
        ));
    }
    let unique = |values: Vec<&str>| {
        let values: BTreeSet<&str> = values.into_iter().collect();
        values.into_iter().map(str::to_owned).collect()
    };
    Ok(ReleasedImage {
        arches: unique(
            platforms
                .iter()
                .map(|platform| platform.architecture.as_str())
                .collect(),
        ),
        oses: unique(
            platforms
                .iter()
                .map(|platform| platform.os.as_str())
                .collect(),
        ),
        name: image.name.clone(),
        shasum,
        urls: image.destinations.iter().map(ToString::to_string).collect(),
    })
}
