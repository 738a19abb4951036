//! `probe build`

use std::path::{Path, PathBuf};

use clap::Args;

use super::{RegistryArguments, say};
use crate::build::{Build, build};
use crate::dockerfile::parse;
use crate::error::Error;

/// Assembles an image from a build context and a Dockerfile, byte for byte the same every time.
///
/// Carried out: FROM scratch or an image (one stage), COPY, ENV, LABEL, WORKDIR, USER, EXPOSE, ENTRYPOINT and CMD. Everything else is an
/// error that names its line.
#[derive(Args)]
pub(super) struct Arguments {
    /// Directory with the files that COPY may use.
    #[arg(long, value_name = "DIR")]
    context: PathBuf,
    /// The Dockerfile. A relative path that does not exist is looked for in the context.
    #[arg(long, value_name = "FILE")]
    dockerfile: PathBuf,
    /// Directory for the OCI image layout; must be missing or empty.
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// Label to set after those of the Dockerfile; may be repeated.
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// Platform of the image, for example linux/arm64. Default: that of FROM --platform, else Linux on this machine's architecture.
    #[arg(long, value_name = "OS/ARCHITECTURE")]
    platform: Option<oci::Platform>,
    #[command(flatten)]
    registry: RegistryArguments,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), Error> {
    let path = dockerfile_path(&arguments.dockerfile, &arguments.context);
    let text = std::fs::read_to_string(&path).map_err(|error| Error::file("read", &path, error))?;
    let on_file = |error| Error::Dockerfile {
        path: path.clone(),
        error: Box::new(error),
    };
    let dockerfile = parse(&text).map_err(on_file)?;
    let client = arguments.registry.client()?;
    let layout = oci::Layout::create(&arguments.output)?;
    let digest = build(
        &client,
        &layout,
        &Build {
            dockerfile: &dockerfile,
            context: &arguments.context,
            platform: arguments.platform,
            labels: &arguments.labels,
        },
    )
    .await
    .map_err(on_file)?;
    say(format_args!(
        "built {digest} into {}",
        arguments.output.display()
    ));
    Ok(())
}

fn dockerfile_path(path: &Path, context: &Path) -> PathBuf {
    let in_context = context.join(path);
    match !path.exists() && in_context.exists() {
        true => in_context,
        false => path.to_owned(),
    }
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}
