//! Secrets: they are where they must be, and nowhere else.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cluster::DeploymentDirectory;
use cluster::registry_access::RepositoryRight;
use harness::tenant::PushSecret;
use harness::{
    Failure, Need, Scenario, Source, Verdict, evidence, with_tenant_without_credentials,
};
use secrecy::ExposeSecret;
use serial_test::parallel;

use crate::commands::Commands;
use crate::computer::Computer;

pub(crate) const SCENARIOS: &[Scenario] = &[Scenario::new(
    "no secret value occurs in output, events, evidence or state",
    &[Need::StandIns, Need::RegistryLogin, Need::RepositoryRights],
    no_secret_value_occurs_in_output_events_evidence_or_state,
)];

#[parallel(deployment)]
fn no_secret_value_occurs_in_output_events_evidence_or_state() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let application = tenant.application("guestbook").await?;
        let good = application.component("good", &Source::sample()).await?;
        let refused = application.component("refused", &Source::sample()).await?;
        let only_good = format!("{}/good", tenant.namespace());
        let robot = tenant.robot("builder", &[RepositoryRight::push(only_good)])?;
        let computer = Computer::logged_in(tenant.registry_host(), &robot)?;
        let commands = Commands::at(tenant, &computer)?;
        commands.push_secret(&good).await?.succeeds()?;
        commands.push_secret(&refused).await?.refuses()?;
        let secret = PushSecret::named("by-hand").with(tenant.registry_host(), &robot);
        tenant.push_secret_for(&refused, &secret).await?;
        good.build().await?.succeeds().await?;
        let failed = refused.build().await?.fails().await?;
        failed.explains("denies it (403)")?;
        for component in [&good, &refused] {
            let (repository, account) = (component.repository(), component.service_account());
            commands.check(repository).await?;
            let namespace = tenant.namespace();
            commands
                .check_account(repository, namespace, &account)
                .await?;
        }
        robot.revoke()?;
        refused.build().await?.fails().await?;
        commands.push_secret(&good).await?.refuses()?;

        // Those of all scenarios: they share the deployment's files.
        let secrets = &tenant.deployment().secrets;
        let directory = &tenant.deployment().directory;
        only_its_owner_reads(&directory.registry_auth_file(), 0o600)?;
        only_its_owner_reads(&directory.data(), 0o700)?;
        let login = fs::read(directory.registry_auth_file()).map_err(failed_with("read a file"))?;
        if !secrets.are_in(&login) || !secrets.are_in(robot.password().expose_secret().as_bytes()) {
            let why = "it searches for nothing that is there to be found".to_owned();
            return Err(Failure::Scenario(why));
        }
        secrets.are_not_in("the story", tenant.journal().to_string().as_bytes())?;
        secrets.are_not_in("what the registry commands say", commands.said().as_bytes())?;
        secrets.are_not_below(directory.path(), &|path| must_hold_secrets(directory, path))?;
        let folder = tempfile::tempdir().map_err(failed_with("make a folder"))?;
        let example = Failure::Scenario("an example".to_owned());
        // Unredacted: what pipelines, events and logs say must need no redaction.
        let (raw, redacted) = (folder.path().join("raw"), folder.path().join("redacted"));
        let taken = evidence::take_unredacted(tenant, &example, &raw).await;
        taken.map_err(failed_with("take evidence"))?;
        evidence::take(tenant, &example, &redacted).await;
        secrets.are_not_below(folder.path(), &|_| false)?;
        // And redaction does its work where somebody let one slip, in whatever form.
        let forms = evidence::forms(robot.password());
        let forms: Vec<&str> = forms.iter().map(ExposeSecret::expose_secret).collect();
        let slipped = Failure::Scenario(format!("with {}", forms.join(" and ")));
        evidence::take(tenant, &slipped, &redacted).await;
        secrets.are_not_below(&redacted, &|_| false)?;
        let kept = fs::read_to_string(redacted.join("failure.txt"));
        if !kept
            .map_err(failed_with("read evidence"))?
            .contains("with <redacted: ")
        {
            let why = "the evidence does not say where a secret was taken out".to_owned();
            return Err(Failure::Scenario(why));
        }
        tenant
            .journal()
            .note("checked: no secret is where it does not belong");
        Ok(())
    })
}

/// The login, the API server's store and the homes of steps. All but the first are in a folder that nobody else may enter.
fn must_hold_secrets(directory: &DeploymentDirectory, path: &Path) -> bool {
    let data = directory.data();
    path == directory.registry_auth_file()
        || ["api-server", "steps"]
            .iter()
            .any(|part| path.starts_with(data.join(part)))
}

fn only_its_owner_reads(path: &Path, expected: u32) -> Verdict {
    let metadata = fs::metadata(path).map_err(failed_with("look at a file"))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode == expected {
        return Ok(());
    }
    Err(Failure::Unexpected {
        object: path.display().to_string(),
        expected: format!("mode {expected:o}"),
        seen: format!("it has mode {mode:o}"),
    })
}

fn failed_with(action: &'static str) -> impl FnOnce(io::Error) -> Failure {
    move |error| Failure::Scenario(format!("cannot {action}: {error}"))
}
