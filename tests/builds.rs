//! Builds: from a source to an image in the registry.

use harness::{Need, Scenario, Source, Verdict, with_tenant};
use serial_test::parallel;

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "a build pushes its image",
        &[Need::StandIns],
        a_build_pushes_its_image,
    ),
    Scenario::new(
        "a rebuild of the same source gives the same digest",
        &[Need::StandIns],
        a_rebuild_of_the_same_source_gives_the_same_digest,
    ),
    Scenario::new(
        "a broken Dockerfile fails the build, with the reason on the PipelineRun, and pushes nothing",
        &[Need::StandIns],
        a_broken_dockerfile_fails_the_build_and_pushes_nothing,
    ),
];

#[parallel(deployment)]
fn a_build_pushes_its_image() -> Verdict {
    with_tenant(async |tenant| {
        let source = Source::sample();
        let application = tenant.application("guestbook").await?;
        let component = application.component("guestbook", &source).await?;

        let build = component.build().await?.succeeds().await?;
        build.image().is_as_described_by(&source).await?;

        let snapshot = build.snapshot().await?;
        snapshot.names(build.image())
    })
}

#[parallel(deployment)]
fn a_rebuild_of_the_same_source_gives_the_same_digest() -> Verdict {
    with_tenant(async |tenant| {
        let application = tenant.application("guestbook").await?;
        let component = application
            .component("guestbook", &Source::sample())
            .await?;

        let first = component.build().await?.succeeds().await?;
        let second = component.build().await?.succeeds().await?;

        second.image().is_the_same_as(first.image())?;
        second.image().is_as_described_by(&Source::sample()).await
    })
}

#[parallel(deployment)]
fn a_broken_dockerfile_fails_the_build_and_pushes_nothing() -> Verdict {
    with_tenant(async |tenant| {
        let broken = Source::sample().with_file(
            "Dockerfile",
            "FROM scratch\nCOPY app/ /opt/app/\nCOPY nowhere /etc/\n",
        );
        let application = tenant.application("guestbook").await?;
        let component = application.component("guestbook", &broken).await?;

        let failed = component.build().await?.fails().await?;
        failed.has_reason("Failed")?;
        failed.says("Failed: 1")?;
        failed.explains("line 3")?;
        failed.explains("nowhere")?;

        failed.has_no_snapshot()?;
        component.has_no_images().await
    })
}
