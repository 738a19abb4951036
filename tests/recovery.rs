//! Recovery: what was acknowledged is not lost.

use harness::{Need, Scenario, Source, Verdict, with_tenant};
use serial_test::serial;

use crate::deployment;

pub(crate) const SCENARIOS: &[Scenario] = &[Scenario::new(
    "a killed cluster comes back with everything it acknowledged",
    &[Need::StandIns, Need::OwnDeployment],
    a_killed_cluster_comes_back_with_everything_it_acknowledged,
)];

#[serial(deployment)]
fn a_killed_cluster_comes_back_with_everything_it_acknowledged() -> Verdict {
    with_tenant(async |tenant| {
        let source = Source::sample();
        let application = tenant.application("guestbook").await?;
        let component = application.component("guestbook", &source).await?;
        let build = component.build().await?.succeeds().await?;
        build.snapshot().await?.names(build.image())?;

        deployment::kill(tenant.deployment())?;
        tenant.journal().note("killed the cluster with SIGKILL");
        deployment::mend(tenant.deployment()).await?;
        tenant.journal().note("deployed again");

        build.image().is_as_described_by(&source).await?;
        build.snapshot().await?.names(build.image())?;
        let again = component.build().await?.succeeds().await?;
        again.image().is_the_same_as(build.image())
    })
}
