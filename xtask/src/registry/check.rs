//! `cargo xtask registry check`.

use deploy::registry_access::check::{
    Check, CheckError, Subject, as_service_account, on_this_computer,
};
use deploy::registry_access::{
    FindError, Registries, TargetError, linked_secrets, recorded, require_namespace,
};
use serde_json::json;

use super::arguments;
use super::interrupt::Interrupts;
use super::target;
use crate::arguments::{Format, state_root};
use crate::exit::{Exit, Failure};
use crate::report::{self, say};

/// What an interrupt leaves.
const NOTHING: &str = "at most an empty upload is left, until the registry drops it";

pub(crate) async fn run(
    arguments: arguments::Check,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let checks = match &arguments.service_account {
        Some(_) => of_service_account(&arguments, interrupts).await?,
        None => of_this_computer(&arguments, interrupts).await?,
    };
    match arguments.output.output {
        Format::Json => report::json(&json!({"checks": checks}))?,
        Format::Text => checks
            .iter()
            .try_for_each(|check| report::result(text(check)))?,
    }
    match checks.iter().all(|check| check.report.is_granted()) {
        true => Ok(Exit::Done),
        false => Ok(Exit::Failed),
    }
}

/// No cluster is needed; a deployment's registry is reached as it was recorded.
async fn of_this_computer(
    arguments: &arguments::Check,
    interrupts: &mut Interrupts,
) -> Result<Vec<Check>, Failure> {
    let registries = match &arguments.cluster.context {
        Some(_) => target::registries(None, &arguments.credentials)?,
        None => registries(arguments)?,
    };
    let search = target::search(&arguments.credentials);
    let mut checks = Vec::new();
    for subject in &arguments.subjects {
        let check = on_this_computer(&registries, &search, subject);
        checks.push(interrupts.end(check, NOTHING).await?.map_err(failure)?);
    }
    Ok(checks)
}

fn registries(arguments: &arguments::Check) -> Result<Registries, Failure> {
    let root = state_root().map_err(|error| Exit::HostLacks.with(error))?;
    let named = arguments.cluster.name.as_ref();
    let record = match (recorded(&root, &named.cloned().unwrap_or_default()), named) {
        // Nobody asked for this deployment, and nothing is changed by not using it.
        (Err(TargetError::Begun(_)), None) => None,
        (Ok(None), Some(name)) => {
            return Err(target::failure(TargetError::NoDeployment(name.clone())));
        }
        (found, _) => found.map_err(target::failure)?,
    };
    let ca_file = arguments.credentials.ca_file.as_deref();
    let registries = Registries::new(record.as_ref(), ca_file).map_err(target::unusable)?;
    let is_own = |subject: &Subject| registries.is_own(subject.registry());
    if let Some(record) = &record
        && arguments.subjects.iter().any(is_own)
    {
        say(format!(
            "registry: {} of deployment {}",
            record.registry.host_endpoint, record.name
        ));
    }
    Ok(registries)
}

async fn of_service_account(
    arguments: &arguments::Check,
    interrupts: &mut Interrupts,
) -> Result<Vec<Check>, Failure> {
    let (Some(namespace), Some(account)) = (&arguments.namespace, &arguments.service_account)
    else {
        let error = anyhow::anyhow!("--service-account needs --namespace");
        return Err(Exit::WrongUse.with(error));
    };
    let target = target::find(&arguments.cluster).await?;
    let registries = target::registries(Some(&target), &arguments.credentials)?;
    let reading = async {
        let found = require_namespace(&target.client, namespace).await;
        found.map_err(|error| Exit::Failed.with(error))?;
        let linked = linked_secrets(&target.client, namespace.as_str(), account.as_str()).await;
        linked.map_err(|error| Exit::Failed.with(error))
    };
    let linked = interrupts.end(reading, NOTHING).await??;
    let mut checks = Vec::new();
    for subject in &arguments.subjects {
        let check = as_service_account(&registries, &linked, subject);
        checks.push(interrupts.end(check, NOTHING).await?.map_err(failure)?);
    }
    Ok(checks)
}

fn failure(error: CheckError) -> Failure {
    let exit = match &error {
        CheckError::Find(FindError::NamedFileMissing { .. }) => Exit::WrongUse,
        _ => Exit::Failed,
    };
    exit.with(error)
}

fn text(check: &Check) -> String {
    let mut lines = vec![check.report.to_string()];
    lines.push(format!("credential: {}", check.credential_from));
    lines.extend(
        check
            .not_used
            .iter()
            .map(|line| format!("  not used: {line}")),
    );
    lines.extend(check.concerns.iter().map(|line| format!("  note: {line}")));
    lines.extend(check.advice.clone());
    lines.join("\n")
}
