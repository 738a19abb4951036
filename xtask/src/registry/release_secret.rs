//! `cargo xtask registry release-secret`.

use anyhow::anyhow;
use deploy::registry_access::releases::{ReleaseError, releases_of};
use deploy::registry_access::{NamespaceName, Storage, StorageChange, Target, require_namespace};
use oci::ImageReference;

use super::arguments::ReleaseSecret;
use super::interrupt::Interrupts;
use super::{give, target};
use crate::exit::{Exit, Failure};
use crate::report::say;

/// What is left where the last step is not taken.
const NOT_SET: &str = "the credentials are given, and ociStorage is not set; run the same command again to complete it";

pub(crate) async fn run(
    arguments: ReleaseSecret,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let target = target::find(&arguments.give.cluster).await?;
    let registries = target::registries(Some(&target), &arguments.give.credentials)?;
    let namespace = &arguments.namespace;
    let place = arguments.oci_storage.as_ref().map(|place| {
        let inside = registries.in_cluster(place);
        if let Some(inside) = &inside {
            say(format!(
                "note: {} is the registry's address on this computer; pipelines know it as {}",
                place.registry(),
                inside.registry()
            ));
        }
        inside.unwrap_or_else(|| place.clone())
    });
    let storage = place.map(|place| place.as_repository());
    let storage = storage.transpose();
    let storage: Option<ImageReference> = storage.map_err(|error| Exit::WrongUse.with(error))?;
    let reading = async {
        require_namespace(&target.client, namespace).await?;
        let only = arguments.admission.as_ref();
        releases_of(&target.client, namespace, only, storage.as_ref()).await
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
    let given = give::run(
        &target,
        &registries,
        namespace,
        recipients,
        &arguments.give,
        interrupts,
    )
    .await?;
    let more = match &releases.storage {
        Some(storage) => set(storage, &target, namespace, interrupts).await?,
        None => false,
    };
    Ok(give::close(given, more))
}

/// Whether the admission had to be changed.
async fn set(
    storage: &Storage,
    target: &Target,
    namespace: &NamespaceName,
    interrupts: &mut Interrupts,
) -> Result<bool, Failure> {
    let setting = storage.set(&target.client, namespace);
    let change = interrupts.end(setting, NOT_SET).await?;
    let change = change.map_err(|error| {
        let error = anyhow!(error);
        Exit::Failed.with(anyhow!("{}; {NOT_SET}", crate::report::chain(&error)))
    })?;
    let (admission, repository) = (&storage.admission, &storage.repository);
    let object = format!("ReleasePlanAdmission {namespace}/{admission}");
    say(match &change {
        StorageChange::Unchanged => format!("unchanged  {object}: ociStorage is {repository}"),
        StorageChange::Set { before: None } => {
            format!("changed    {object}: ociStorage is {repository}")
        }
        StorageChange::Set {
            before: Some(before),
        } => format!(
            "changed    {object}: ociStorage is {repository} (it was {})",
            before.escape_debug()
        ),
    });
    Ok(change != StorageChange::Unchanged)
}

fn failure(error: ReleaseError) -> Failure {
    let exit = match error {
        ReleaseError::NoAdmissions(_) | ReleaseError::NothingToPush { .. } => Exit::NothingRan,
        ReleaseError::WhichAdmission { .. } => Exit::WrongUse,
        _ => Exit::Failed,
    };
    exit.with(error)
}
