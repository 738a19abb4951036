//! An external registry: another project's, which Konflux reaches as it reaches Quay.io or Docker Hub.
//!
//! It is Debian's `docker-registry`, a process beside the deployment, with TLS by an authority of its own and one account. It has a
//! name without a port, because Konflux cuts references at their first colon. The one thing that is rewritten is the address that
//! connections to that name go to; references, credentials and certificates are checked as for any registry.

use harness::tenant::PushSecret;
use harness::{Need, Scenario, Source, Verdict, with_tenant_without_credentials};
use serial_test::parallel;

pub(crate) const SCENARIOS: &[Scenario] = &[Scenario::new(
    "an external registry works as well as the internal one",
    &[Need::StandIns, Need::PeerRegistry],
    an_external_registry_works_as_well_as_the_internal_one,
)];

#[parallel(deployment)]
fn an_external_registry_works_as_well_as_the_internal_one() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let source = Source::sample();
        let peer = tenant.peer_registry().await?;
        let application = tenant.application("guestbook").await?;
        let component = application
            .component_in_peer("guestbook", &source, &peer)
            .await?;
        let destination = peer.destination("released/guestbook", &["1.0", "latest"])?;
        application
            .admission("production", &component, &destination)
            .await?;
        application.release_plan("to-production").await?;

        let refused = component.build().await?.fails().await?;
        refused.explains(&format!("{} refuses the login (401)", peer.host()))?;
        refused.explains("no credential is known for")?;
        component.has_no_images().await?;

        let secret = PushSecret::named("peer-login").with_peer(&peer);
        tenant.push_secret_for(&component, &secret).await?;
        tenant.release_secret(&secret).await?;

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
