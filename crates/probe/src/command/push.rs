//! `probe push`

use std::path::PathBuf;

use clap::Args;

use super::{ImageResults, RegistryArguments, say};
use crate::error::Error;

/// Pushes the image of an OCI image layout. Credentials come from $HOME/.docker/config.json alone.
#[derive(Args)]
pub(super) struct Arguments {
    /// Directory of the layout.
    #[arg(long, value_name = "DIR")]
    layout: PathBuf,
    /// Where to push it, REGISTRY/REPOSITORY:TAG.
    #[arg(long, value_name = "IMAGE", value_parser = tagged)]
    image: oci::ImageReference,
    #[command(flatten)]
    results: ImageResults,
    #[command(flatten)]
    registry: RegistryArguments,
}

pub(super) async fn run(arguments: &Arguments) -> Result<(), Error> {
    let client = arguments.registry.client()?;
    let digest = client
        .push_layout(&arguments.layout, &arguments.image)
        .await?;
    arguments.results.write(&arguments.image, &digest)?;
    say(format_args!("pushed {digest} to {}", arguments.image));
    Ok(())
}

/// A destination: a tag and no digest, which follows from the content.
pub(super) fn tagged(text: &str) -> Result<oci::ImageReference, String> {
    let image: oci::ImageReference = text
        .parse()
        .map_err(|error: oci::ReferenceError| error.to_string())?;
    match (image.tag(), image.digest()) {
        (Some(_), None) => Ok(image),
        _ => Err("write REGISTRY/REPOSITORY:TAG".to_owned()),
    }
}
