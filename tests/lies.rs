//! Lies that the suite must notice: a suite that cannot fail proves nothing.

use harness::images::Lie;
use harness::{Failure, Need, Scenario, Source, Verdict, with_tenant};
use serial_test::parallel;

pub(crate) const SCENARIOS: &[Scenario] = &[Scenario::new(
    "a tag that was moved after the build is noticed, and named",
    &[Need::StandIns],
    a_tag_that_was_moved_after_the_build_is_noticed,
)];

#[parallel(deployment)]
fn a_tag_that_was_moved_after_the_build_is_noticed() -> Verdict {
    with_tenant(async |tenant| {
        let application = tenant.application("guestbook").await?;
        let component = application
            .component("guestbook", &Source::sample())
            .await?;
        let other = application
            .component(
                "other",
                &Source::sample().with_file("static/news.html", "news"),
            )
            .await?;

        let image = component.build().await?.succeeds().await?.image().clone();
        image.exists().await?;
        let other = other.build().await?.succeeds().await?.image().clone();
        let moved = tenant
            .deployment()
            .registry
            .copy(&other.by_digest(), image.tagged())
            .await;
        moved.map_err(Failure::registry("move the tag to another image"))?;

        let noticed = image.is_as_described_by(&Source::sample()).await;
        match noticed {
            Err(Failure::Lie(lie))
                if matches!(*lie, Lie::Pushed { .. }) && lie.to_string().contains("tag moved") =>
            {
                Ok(())
            }
            Err(other) => Err(other),
            Ok(()) => Err(Failure::Scenario(
                "the suite believed a tag that names another image".to_owned(),
            )),
        }
    })
}
