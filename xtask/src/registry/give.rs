//! Giving credentials to ServiceAccounts, told phase by phase: what was checked, what changed, what stayed, and what it comes to.

use anyhow::anyhow;
use deploy::registry_access::{
    Checked, Effective, EntryChanges, FindError, Grant, LinkAs, LinkError, Linked, NamespaceName,
    Outlook, PrepareError, Prepared, Recipient, Registries, SecretChange, SourceAccess, Target,
    Written,
};

use super::arguments::Give;
use super::interrupt::Interrupts;
use super::target;
use crate::exit::{Exit, Failure};
use crate::report::say;

/// What an interrupt leaves before anything is written.
pub(super) const NOTHING_CHANGED: &str = "nothing was changed in the cluster";
/// What giving came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// Everybody may push; no Secret was written.
    NoneNeeded,
    /// All was there.
    Unchanged,
    Changed,
}

/// What an interrupt may leave while something is.
const HALF_WRITTEN: &str = "the Secret may be written and not linked everywhere; run the same command again to complete it";

pub(super) async fn run(
    target: &Target,
    registries: &Registries,
    namespace: &NamespaceName,
    recipients: Vec<Recipient>,
    arguments: &Give,
    interrupts: &mut Interrupts,
) -> Result<Given, Failure> {
    let search = target::search(&arguments.credentials);
    let grant = Grant {
        client: target.client.clone(),
        registries,
        search: &search,
        namespace: namespace.clone(),
        secret: arguments.secret.clone(),
        link_as: match arguments.pull {
            true => LinkAs::BOTH,
            false => LinkAs::SECRETS,
        },
        recipients,
        may_wait: arguments.wait,
    };
    let prepared = interrupts.end(grant.prepare(), NOTHING_CHANGED).await?;
    let prepared = prepared.map_err(refused)?;
    prepared.checked.iter().for_each(|one| say(checked(one)));
    // Judged before the wait too, so that nobody waits for a refusal.
    let mut outlook = look(&prepared, interrupts).await?;
    if outlook.needs_secret() && !prepared.missing.is_empty() {
        wait(&prepared, namespace, interrupts).await?;
        outlook = look(&prepared, interrupts).await?;
    }
    outlook.sources.iter().for_each(tell_source);
    if !outlook.needs_secret() {
        return Ok(Given::NoneNeeded);
    }
    let written = interrupts.end(outlook.write(), HALF_WRITTEN).await?;
    let written = written.map_err(|error| Exit::Failed.with(error))?;
    for line in &outlook.affected {
        say(format!("affects    {line}"));
    }
    tell(&written, namespace, arguments.secret.as_str());
    match (written.is_effective(), written.is_nothing()) {
        (true, true) => Ok(Given::Unchanged),
        (true, false) => Ok(Given::Changed),
        (false, _) => Err(Exit::Failed.with(anyhow!(
            "the Secret is linked, and Tekton would use other credentials, which do not work: unlink or mend the Secret that is named above, then run this again"
        ))),
    }
}

/// The last line. `more`: something else was changed beside.
pub(super) fn close(given: Given, more: bool) -> Exit {
    say(match (given, more) {
        (Given::NoneNeeded, false) => {
            "no Secret is needed: everybody may push there without a login; nothing was changed"
        }
        (Given::NoneNeeded, true) => {
            "done; no Secret is needed: everybody may push there without a login"
        }
        (Given::Unchanged, false) => "everything was there already; nothing was changed",
        (Given::Unchanged, true) | (Given::Changed, _) => "done",
    });
    Exit::Done
}

async fn look<'a>(
    prepared: &'a Prepared<'a>,
    interrupts: &mut Interrupts,
) -> Result<Outlook<'a>, Failure> {
    let outlook = interrupts.end(prepared.outlook(), NOTHING_CHANGED).await?;
    outlook.map_err(refused)
}

fn refused(error: PrepareError) -> Failure {
    let (exit, hint) = match &error {
        PrepareError::NoCredentials(_) => (Exit::HostLacks, ""),
        PrepareError::Find(FindError::NamedFileMissing { .. }) => (Exit::WrongUse, ""),
        PrepareError::ServiceAccount(LinkError::NoServiceAccount { .. }) => {
            (Exit::Failed, "; with --wait this command waits for it")
        }
        _ => (Exit::Failed, ""),
    };
    // Rendered here, with its causes, so that the sentence about the cluster comes last.
    let causes = anyhow!(error);
    exit.with(anyhow!(
        "{}{hint}\n{NOTHING_CHANGED}",
        crate::report::chain(&causes)
    ))
}

async fn wait(
    prepared: &Prepared<'_>,
    namespace: &NamespaceName,
    interrupts: &mut Interrupts,
) -> Result<(), Failure> {
    say(format!(
        "waiting    for ServiceAccount {} in namespace {namespace}",
        prepared.missing.join(", ")
    ));
    let waited = interrupts.end(prepared.wait(), NOTHING_CHANGED).await?;
    waited.map_err(|error| {
        let causes = anyhow!(error);
        Exit::Failed.with(anyhow!(
            "{}\n{NOTHING_CHANGED}",
            crate::report::chain(&causes)
        ))
    })
}

fn checked(checked: &Checked) -> String {
    let rights = checked.report.proven;
    match &checked.origin {
        Some(origin) => format!(
            "checked    {}: {rights} granted with {} ({origin})",
            checked.repository, checked.report.credential
        ),
        None => format!(
            "checked    {}: {rights} granted without a login",
            checked.repository
        ),
    }
}

fn tell_source(source: &SourceAccess) {
    let SourceAccess {
        service_account,
        repository,
        check,
        added,
    } = source;
    match (check.report.is_granted(), added) {
        (true, None) => say(format!(
            "checked    {repository}: pipelines of {service_account} can pull it ({})",
            check.credential_from
        )),
        (true, Some(origin)) => say(format!(
            "checked    {repository}: pull granted with {} ({origin}), which pipelines of {service_account} could not pull before",
            check.report.credential
        )),
        (false, _) => {
            say(format!(
                "warning: pipelines of {service_account} cannot pull {repository}, which releases copy; log in with an account that may, \
                 and run this again\n{}",
                check.report
            ));
        }
    }
}

fn tell(written: &Written, namespace: &NamespaceName, secret: &str) {
    let keys = written.keys.join(", ");
    say(match &written.secret {
        SecretChange::Created => {
            format!("created    Secret {namespace}/{secret} with entries for {keys}")
        }
        SecretChange::Updated(changes) => {
            format!(
                "changed    Secret {namespace}/{secret}: {}",
                entries(changes)
            )
        }
        SecretChange::Unchanged => {
            format!("unchanged  Secret {namespace}/{secret} with entries for {keys}")
        }
    });
    for Linked {
        service_account,
        change,
    } in &written.links
    {
        let lists: Vec<&str> = [
            (change.added_to_secrets, "secrets"),
            (change.added_to_image_pull_secrets, "imagePullSecrets"),
        ]
        .into_iter()
        .filter_map(|(added, list)| added.then_some(list))
        .collect();
        let others = match change.other_secrets.is_empty() {
            true => String::new(),
            false => format!("; still linked: {}", change.other_secrets.join(", ")),
        };
        say(match lists.is_empty() {
            true => format!("unchanged  ServiceAccount {namespace}/{service_account}{others}"),
            false => format!(
                "linked     to ServiceAccount {namespace}/{service_account} ({}){others}",
                lists.join(", ")
            ),
        });
    }
    written.effective.iter().for_each(tell_effect);
}

fn tell_effect(effective: &Effective) {
    let Effective {
        service_account,
        repository,
        check,
        ..
    } = effective;
    say(format!(
        "effect     pipelines of {service_account} use {} for {repository}",
        check.credential_from
    ));
    if !effective.is_ours || !effective.works() {
        check
            .not_used
            .iter()
            .for_each(|line| say(format!("           not used: {line}")));
    }
    check
        .concerns
        .iter()
        .for_each(|line| say(format!("           note: {line}")));
    if !effective.works() {
        say(check.report.to_string());
    }
}

/// What became of a config's entries, by key.
pub(super) fn entries(changes: &EntryChanges) -> String {
    let parts = [
        ("added", &changes.added),
        ("changed", &changes.changed),
        ("kept", &changes.kept),
    ];
    let parts = parts.into_iter().filter(|(_, keys)| !keys.is_empty());
    let parts: Vec<String> = parts
        .map(|(word, keys)| format!("{word} {}", keys.join(", ")))
        .collect();
    parts.join("; ")
}
