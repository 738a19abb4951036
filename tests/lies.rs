//! Lies that the suite must notice: a suite that cannot fail proves nothing.

use cluster::registry_access::RepositoryRight;
use harness::images::Lie;
use harness::{
    Failure, Need, Scenario, Source, Verdict, with_tenant, with_tenant_without_credentials,
};
use serial_test::parallel;

use crate::commands::{Commands, SECRET};
use crate::computer::Computer;
use crate::credentials::NO_CREDENTIAL;

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "a tag that was moved after the build is noticed, and named",
        &[Need::StandIns],
        a_tag_that_was_moved_after_the_build_is_noticed,
    ),
    Scenario::new(
        "credentials that are not linked are noticed, and named",
        &[Need::StandIns, Need::RegistryLogin],
        credentials_that_are_not_linked_are_noticed,
    ),
];

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

#[parallel(deployment)]
fn credentials_that_are_not_linked_are_noticed() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let application = tenant.application("guestbook").await?;
        let component = application
            .component("guestbook", &Source::sample())
            .await?;
        let robot = tenant.robot("builder", &[RepositoryRight::push(tenant.namespace())])?;
        let computer = Computer::logged_in(tenant.registry_host(), &robot)?;
        let commands = Commands::at(tenant, &computer)?;
        commands.push_secret(&component).await?.succeeds()?;
        tenant.has_linked(&component, SECRET).await?;
        // The Secret stays, and its credentials are good.
        tenant.unlink(&component, SECRET).await?;

        match tenant.has_linked(&component, SECRET).await {
            Err(Failure::Lie(lie))
                if matches!(*lie, Lie::NotLinked { .. })
                    && lie.to_string().contains("credentials not linked") => {}
            Err(other) => return Err(other),
            Ok(()) => {
                return Err(Failure::Scenario(
                    "the suite believed in a link that is not there".to_owned(),
                ));
            }
        }
        match component.build().await?.succeeds().await {
            Err(Failure::Unexpected { seen, .. }) if seen.contains(NO_CREDENTIAL) => Ok(()),
            Err(other) => Err(other),
            Ok(_) => Err(Failure::Scenario(
                "a build pushed with credentials that nobody gave it".to_owned(),
            )),
        }
    })
}
