//! `probe collect-data`

use std::path::PathBuf;

use clap::Args;

use super::say;
use crate::error::Error;
use crate::kubernetes::{Kubernetes, ObjectName};
use crate::mapping::apply;
use crate::release_data::{ReleaseData, write};

/// Reads a Snapshot and a ReleasePlanAdmission and writes which images go where.
///
/// Applies spec.data.mapping of the admission: repository and tags, repositories[].url and tags, defaults.tags, failOnEmptyResult. Tags may
/// use {{ timestamp }} (Unix seconds of the Snapshot's creation), {{ git_sha }}, {{ git_short_sha }} and {{ digest_sha }}.
#[derive(Args)]
pub(super) struct Arguments {
    /// The Snapshot.
    #[arg(long, value_name = "NAMESPACE/NAME")]
    snapshot: ObjectName,
    /// The ReleasePlanAdmission.
    #[arg(long, value_name = "NAMESPACE/NAME")]
    release_plan_admission: ObjectName,
    /// File for the list of copies, in JSON.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Fail when no component is mapped, even if the mapping does not ask for that.
    #[arg(long)]
    fail_on_empty_result: bool,
}

pub(super) async fn run(arguments: &Arguments) -> Result<(), Error> {
    let kubernetes = Kubernetes::in_cluster()?;
    let snapshot = kubernetes.get("snapshots", &arguments.snapshot).await?;
    let admission = kubernetes
        .get("releaseplanadmissions", &arguments.release_plan_admission)
        .await?;
    let mapped = apply(&admission, &snapshot, arguments.fail_on_empty_result).map_err(|error| {
        Error::Mapping {
            admission: arguments.release_plan_admission.to_string(),
            snapshot: arguments.snapshot.to_string(),
            error: Box::new(error),
        }
    })?;
    for component in &mapped.unmapped {
        say(format_args!(
            "component {component} is not mapped and is not released"
        ));
    }
    let data = ReleaseData {
        snapshot: arguments.snapshot.to_string(),
        images: mapped.images,
    };
    write(&arguments.output, &data)?;
    say(format_args!(
        "{} images of {} are to be released",
        data.images.len(),
        arguments.snapshot
    ));
    Ok(())
}
