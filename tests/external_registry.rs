//! An external registry: another project's, which Konflux reaches as it reaches Quay.io or Docker Hub.
//!
//! `CONFORMANCE_REGISTRY` names one, and the login for it is found where podman, skopeo and docker keep it. Without that it is Debian's
//! `docker-registry`, a process beside the deployment, with TLS by an authority of its own and one account. It has a name without a port,
//! because Konflux cuts references at their first colon. The one thing that is rewritten is the address that connections to that name go
//! to; references, credentials and certificates are checked as for any registry.

use std::path::Path;
use std::process::Stdio;

use harness::runner::Request;
use harness::tenant::ExternalRegistry;
use harness::{Failure, Need, Scenario, Source, Verdict, with_tenant_elsewhere};
use serial_test::parallel;

use crate::commands::Commands;
use crate::credentials::NO_CREDENTIAL;

/// The scenario that the settings are about.
const WORKS: &str = "an external registry works as well as the internal one";

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        WORKS,
        &[Need::StandIns, Need::ExternalRegistry],
        an_external_registry_works_as_well_as_the_internal_one,
    ),
    Scenario::new(
        "settings choose the external registry, its authority and its login",
        &[Need::StandIns, Need::PeerRegistry],
        settings_choose_the_external_registry,
    ),
];

#[parallel(deployment)]
fn an_external_registry_works_as_well_as_the_internal_one() -> Verdict {
    with_tenant_elsewhere(async |tenant| {
        let source = Source::sample();
        let external = tenant.external_registry().await?;
        let application = tenant.application("guestbook").await?;
        let component = application
            .component_in(&external, "guestbook", &source)
            .await?;
        let destination = external.destination("guestbook", &["1.0", "latest"])?;
        application
            .admission("production", &component, &destination)
            .await?;
        application.release_plan("to-production").await?;

        let refused = component.build().await?.fails().await?;
        refused.explains(external.host())?;
        refused.explains(NO_CREDENTIAL)?;
        component.has_no_images().await?;

        let commands = Commands::for_external(tenant, external.access())?;
        commands.push_secret(&component).await?.succeeds()?;
        commands.release_secret().await?.succeeds()?;

        let build = component.build().await?.succeeds().await?;
        build.image().is_as_described_by(&source).await?;
        build.source_artifact().await?.is(&source).await?;
        let snapshot = build.snapshot().await?;
        snapshot.names(build.image())?;
        let release = snapshot.release("to-production").await?.succeeds().await?;
        destination.holds(build.image()).await?;
        release.reports(build.image(), &destination)
    })
}

/// Runs the scenario above once more, in a process whose environment names a registry that this one started. That process makes no
/// secret that this one does not know: whoever searches the deployment's files for secrets knows all of them.
#[parallel(deployment)]
fn settings_choose_the_external_registry() -> Verdict {
    with_tenant_elsewhere(async |tenant| {
        let registry = tenant.peer_registry().await?;
        let folder = tempfile::tempdir().map_err(failed)?;
        let place = format!("{}/team", registry.host());
        let said = run_with_settings(tenant.deployment(), &registry, &place, folder.path()).await?;
        let report = std::fs::read_to_string(folder.path().join("reports/summary.txt"));
        let report = report.map_err(failed)?;
        for words in [
            &format!("passed   {WORKS}"),
            &format!("external registry {place}:"),
        ] {
            if !report.contains(words) {
                return Err(unexpected(
                    &format!("{words:?} in the report"),
                    &report,
                    &said,
                ));
            }
        }
        // It really was this registry, below the prefix, and nothing is left of it.
        let pushed = registry.repositories().await?;
        let (below, beside): (Vec<_>, Vec<_>) = pushed
            .iter()
            .partition(|name| name.starts_with("team/conformance-"));
        if below.len() != 2 || !beside.is_empty() {
            let expected = "two repositories below team/conformance-";
            return Err(unexpected(expected, &pushed.join(", "), &said));
        }
        for name in below {
            registry.has_no_tags(name).await?;
        }
        tenant.journal().note(format!(
            "checked: the run pushed to {place}, and removed its images"
        ));
        Ok(())
    })
}

async fn run_with_settings(
    deployment: &harness::Deployment,
    registry: &ExternalRegistry<'_>,
    place: &str,
    folder: &Path,
) -> Result<String, Failure> {
    let access = registry.access();
    let authority = folder.join("ca.crt");
    std::fs::write(&authority, access.authority().unwrap_or_default()).map_err(failed)?;
    let request = Request {
        state_root: deployment.directory.path().parent().map(Path::to_owned),
        name: Some(deployment.record.name.clone()),
        scenarios: vec![WORKS.to_owned()],
        report_dir: Some(folder.join("reports")),
        ..Request::default()
    };
    let request =
        serde_json::to_string(&request).map_err(|error| Failure::Scenario(error.to_string()))?;
    let logins = access.logins().registry_auth_file.as_ref();
    let logins = logins.ok_or_else(|| Failure::Scenario("the peer has no login".to_owned()))?;
    let program = std::env::current_exe().map_err(failed)?;
    let run = tokio::process::Command::new(program)
        .env(Request::VARIABLE, request)
        .env("CONFORMANCE_REGISTRY", place)
        .env("CONFORMANCE_REGISTRY_CA", &authority)
        .env(
            "CONFORMANCE_REGISTRY_ADDRESS",
            access.endpoints().address(registry.host()),
        )
        .env("REGISTRY_AUTH_FILE", logins)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(failed)?;
    let said = [run.stdout, run.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    match run.status.success() {
        true => Ok(said),
        false => Err(unexpected("exit code 0", &run.status.to_string(), &said)),
    }
}

fn unexpected(expected: &str, seen: &str, said: &str) -> Failure {
    Failure::Unexpected {
        object: "a run with settings of an external registry".to_owned(),
        expected: expected.to_owned(),
        seen: format!("there is {seen}; it says:\n{said}"),
    }
}

fn failed(error: std::io::Error) -> Failure {
    Failure::Scenario(format!("cannot run the suite with settings: {error}"))
}
