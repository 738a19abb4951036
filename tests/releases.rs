//! Releases: from a Snapshot to another repository, or to a reason why not.

use harness::{Need, Scenario, Source, Verdict, with_tenant};
use serial_test::parallel;

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "a release pushes the snapshot's image to the destination",
        &[Need::StandIns],
        a_release_pushes_the_snapshots_image_to_the_destination,
    ),
    Scenario::new(
        "a release without a matching admission fails and says so",
        &[Need::StandIns],
        a_release_without_a_matching_admission_fails_and_says_so,
    ),
];

#[parallel(deployment)]
fn a_release_pushes_the_snapshots_image_to_the_destination() -> Verdict {
    with_tenant(async |tenant| {
        let source = Source::sample();
        let application = tenant.application("guestbook").await?;
        let component = application.component("guestbook", &source).await?;
        let destination = tenant.destination("guestbook", &["1.0", "latest"])?;
        application
            .admission("production", &component, &destination)
            .await?;
        application.release_plan("to-production").await?;

        let build = component.build().await?.succeeds().await?;
        let snapshot = build.snapshot().await?;
        snapshot.names(build.image())?;

        let release = snapshot.release("to-production").await?.succeeds().await?;
        build.image().is_as_described_by(&source).await?;
        destination.holds(build.image()).await?;
        release.reports(build.image(), &destination)
    })
}

#[parallel(deployment)]
fn a_release_without_a_matching_admission_fails_and_says_so() -> Verdict {
    with_tenant(async |tenant| {
        let application = tenant.application("guestbook").await?;
        let component = application
            .component("guestbook", &Source::sample())
            .await?;
        application.release_plan("to-nowhere").await?;

        let build = component.build().await?.succeeds().await?;
        let failed = build
            .snapshot()
            .await?
            .release("to-nowhere")
            .await?
            .fails()
            .await?;

        failed.says("Validated", "no ReleasePlanAdmission found in namespace")?;
        failed.says("Released", "Release validation failed")?;
        failed.ran_nothing()
    })
}
