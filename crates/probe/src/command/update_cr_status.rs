//! `probe update-cr-status`

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::say;
use crate::error::Error;
use crate::kubernetes::{Kubernetes, ObjectName};
use crate::release_data::read;

/// Merges the results of a release into the Release's status.artifacts.
#[derive(Args)]
pub(super) struct Arguments {
    /// The Release.
    #[arg(long, value_name = "NAMESPACE/NAME")]
    release: ObjectName,
    /// The file that push-snapshot has written; a JSON object.
    #[arg(long, value_name = "FILE")]
    results: PathBuf,
}

pub(super) async fn run(arguments: &Arguments) -> Result<(), Error> {
    let artifacts: Map<String, Value> = read(&arguments.results)?;
    let kubernetes = Kubernetes::in_cluster()?;
    let status = json!({ "artifacts": artifacts });
    kubernetes
        .merge_status("releases", &arguments.release, &status)
        .await?;
    say(format_args!(
        "set status.artifacts of {}",
        arguments.release
    ));
    Ok(())
}
