//! `probe copy`

use clap::Args;

use super::push::tagged;
use super::{ImageResults, RegistryArguments, say};
use crate::error::Error;

/// Copies an image with all its platforms and everything attached to it; the digest stays the same.
///
/// What the destination already has is not copied again. Credentials come from $HOME/.docker/config.json alone.
#[derive(Args)]
pub(super) struct Arguments {
    /// The image, REGISTRY/REPOSITORY@DIGEST.
    #[arg(long, value_name = "IMAGE", value_parser = by_digest)]
    source: oci::ImageReference,
    /// Where to copy it, REGISTRY/REPOSITORY:TAG.
    #[arg(long, value_name = "IMAGE", value_parser = tagged)]
    destination: oci::ImageReference,
    #[command(flatten)]
    results: ImageResults,
    #[command(flatten)]
    registry: RegistryArguments,
}

pub(super) async fn run(arguments: &Arguments) -> Result<(), Error> {
    let client = arguments.registry.client()?;
    let digest = client
        .copy(&arguments.source, &arguments.destination)
        .await?;
    arguments.results.write(&arguments.destination, &digest)?;
    say(format_args!(
        "copied {} to {}",
        arguments.source, arguments.destination
    ));
    Ok(())
}

fn by_digest(text: &str) -> Result<oci::ImageReference, String> {
    let image: oci::ImageReference = text
        .parse()
        .map_err(|error: oci::ReferenceError| error.to_string())?;
    match image.digest() {
        Some(_) => Ok(image),
        None => Err("write REGISTRY/REPOSITORY@DIGEST; a tag may move in between".to_owned()),
    }
}
