//! `cargo xtask registry release-secret`.

use deploy::registry_access::releases::{ReleaseError, releases_of};
use deploy::registry_access::require_namespace;

use super::arguments::ReleaseSecret;
use super::interrupt::Interrupts;
use super::{give, target};
use crate::exit::{Exit, Failure};
use crate::report::say;

pub(crate) async fn run(
    arguments: ReleaseSecret,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let target = target::find(&arguments.give.cluster).await?;
    let registries = target::registries(Some(&target), &arguments.give.credentials)?;
    let namespace = &arguments.namespace;
    let reading = async {
        require_namespace(&target.client, namespace).await?;
        releases_of(&target.client, namespace, arguments.admission.as_ref()).await
    };
    let releases = interrupts.end(reading, give::NOTHING_CHANGED).await?;
    let releases = releases.map_err(failure)?;
    for reason in &releases.left_out {
        say(format!("note: {reason}; it needs no credentials"));
    }
    for reason in &releases.unknown {
        say(format!("note: {reason}"));
    }
    for (admission, destination) in &releases.destinations {
        say(format!(
            "needed     {} for {} of ReleasePlanAdmission {admission}",
            destination.repository, destination.what
        ));
    }
    let recipients = releases.recipients;
    give::run(
        &target,
        &registries,
        namespace,
        recipients,
        &arguments.give,
        interrupts,
    )
    .await
}

fn failure(error: ReleaseError) -> Failure {
    let exit = match error {
        ReleaseError::NoAdmissions(_) | ReleaseError::NothingToPush { .. } => Exit::NothingRan,
        _ => Exit::Failed,
    };
    exit.with(error)
}
