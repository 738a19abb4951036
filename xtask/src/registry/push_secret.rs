//! `cargo xtask registry push-secret`.

use deploy::registry_access::{builds, require_namespace};

use super::arguments::PushSecret;
use super::interrupt::Interrupts;
use super::{give, target};
use crate::exit::{Exit, Failure};
use crate::report::say;

pub(crate) async fn run(
    arguments: PushSecret,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let target = target::find(&arguments.give.cluster).await?;
    let registries = target::registries(Some(&target), &arguments.give.credentials)?;
    let namespace = &arguments.namespace;
    let reading = async {
        require_namespace(&target.client, namespace).await?;
        let (component, registry) = (&arguments.component, arguments.registry.as_ref());
        builds::build_of(&target.client, &registries, namespace, component, registry).await
    };
    let build = interrupts.end(reading, give::NOTHING_CHANGED).await?;
    let build = build.map_err(|error| Exit::Failed.with(error))?;
    build
        .notes
        .iter()
        .for_each(|note| say(format!("note: {note}")));
    let recipients = vec![build.recipient];
    let given = give::run(
        &target,
        &registries,
        namespace,
        recipients,
        &arguments.give,
        interrupts,
    )
    .await?;
    Ok(give::close(given, false))
}
