//! Trusted artifacts: what the tasks of a pipeline hand to each other through the registry.

use cluster::registry_access::RepositoryRight;
use deploy::registry_access::linked_secrets;
use harness::tenant::{Admission, PushSecret};
use harness::{
    Failure, Need, Scenario, Source, Verdict, with_tenant, with_tenant_without_credentials,
};
use serial_test::parallel;

use crate::commands::{Commands, SECRET};
use crate::computer::Computer;
use crate::credentials::OTHER_ACCOUNT;

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "the trusted artifact of a build holds the source's bytes, beside the image",
        &[Need::StandIns],
        the_trusted_artifact_of_a_build_holds_the_sources_bytes,
    ),
    Scenario::new(
        "the trusted artifact of a release arrives at ociStorage with what is released",
        &[Need::StandIns],
        the_trusted_artifact_of_a_release_arrives_at_oci_storage,
    ),
    Scenario::new(
        "release-secret sets ociStorage and gives nothing until it may push there too, and then the trusted artifact arrives there",
        &[Need::StandIns, Need::RegistryLogin, Need::RepositoryRights],
        release_secret_checks_oci_storage_too,
    ),
    Scenario::new(
        "a release that may not push to ociStorage fails and says so",
        &[Need::StandIns, Need::RegistryLogin, Need::RepositoryRights],
        a_release_that_may_not_push_to_oci_storage_fails,
    ),
];

/// No image has these bytes: `Dockerfile` copies neither folder. What is not text travels too.
fn source() -> Source {
    Source::sample()
        .with_file("tests/test_guestbook.py", "assert True\n")
        .with_file("assets/logo.png", [0x89, 0x50, 0x4e, 0x47, 0xff, 0x00])
}

#[parallel(deployment)]
fn the_trusted_artifact_of_a_build_holds_the_sources_bytes() -> Verdict {
    with_tenant(async |tenant| {
        let source = source();
        let application = tenant.application("guestbook").await?;
        let component = application.component("guestbook", &source).await?;

        let build = component.build().await?.succeeds().await?;
        let artifact = build.source_artifact().await?;
        artifact.is_stored_in(component.repository())?;
        artifact.is(&source).await?;
        // What was built is what travelled.
        build.image().is_as_described_by(&source).await
    })
}

#[parallel(deployment)]
fn the_trusted_artifact_of_a_release_arrives_at_oci_storage() -> Verdict {
    with_tenant(async |tenant| {
        let application = tenant.application("guestbook").await?;
        let component = application.component("guestbook", &source()).await?;
        let destination = tenant.destination("guestbook", &["1.0"])?;
        let storage = tenant.artifact_storage("trusted-artifacts")?;
        let admission = Admission::of(&component, &destination).with_storage(&storage);
        application.admits("production", admission).await?;
        application.release_plan("to-production").await?;

        let build = component.build().await?.succeeds().await?;
        let snapshot = build.snapshot().await?;
        let release = snapshot.release("to-production").await?.succeeds().await?;

        let collected = release.data_artifact("collect-data").await?;
        collected.is_stored_in(&storage)?;
        let data = collected.json("data.json").await?;
        let image = build.image().by_digest().to_string();
        expect("the image to release", &data["images"][0]["source"], &image)?;
        let tag = format!("{}:1.0", destination.repository());
        let destinations = &data["images"][0]["destinations"];
        expect("its destination", &destinations[0], &tag)?;

        let pushed = release.data_artifact("push-snapshot").await?;
        pushed.is_stored_in(&storage)?;
        let unchanged = pushed.json("data.json").await? == data;
        let results = pushed.json("results.json").await?;
        if !unchanged || Some(&results) != release.artifacts() {
            return Err(Failure::Unexpected {
                object: "the trusted artifact of push-snapshot".to_owned(),
                expected:
                    "the data as it was collected, and the results as the Release reports them"
                        .to_owned(),
                seen: format!("data unchanged: {unchanged}; results: {results}"),
            });
        }
        destination.holds(build.image()).await?;
        release.reports(build.image(), &destination)
    })
}

#[parallel(deployment)]
fn release_secret_checks_oci_storage_too() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let (own, managed) = (tenant.namespace(), tenant.managed_namespace());
        let application = tenant.application("guestbook").await?;
        let component = application.component("guestbook", &source()).await?;
        let host = tenant.registry_host();
        let builder = tenant.robot("builder", &[RepositoryRight::push(own)])?;
        let builders = Computer::logged_in(host, &builder)?;
        let commands = Commands::at(tenant, &builders)?;
        commands.push_secret(&component).await?.succeeds()?;
        tenant.release_service_account(OTHER_ACCOUNT).await?;
        let destination = tenant.destination("guestbook", &["1.0"])?;
        let storage = tenant.artifact_storage("trusted-artifacts")?;
        let admission = Admission::of(&component, &destination).running_as(OTHER_ACCOUNT);
        application.admits("production", admission).await?;
        application.release_plan("to-production").await?;

        // It may push to the destination, and not yet to the storage.
        let pull = [RepositoryRight::pull(own), RepositoryRight::pull(managed)];
        let to_destination = [RepositoryRight::push(format!("{managed}/guestbook"))];
        let to_storage = [RepositoryRight::push(format!(
            "{managed}/trusted-artifacts"
        ))];
        let rights = [&pull[..], &to_destination].concat();
        let releaser = tenant.robot("releaser", &rights)?;
        let releasers = Computer::logged_in(host, &releaser)?;
        let commands = Commands::at(tenant, &releasers)?;
        let refused = commands.release_secret_storing_at(&storage).await?;
        let refused = refused.refuses()?;
        refused.explains(&storage.to_string())?;
        refused.explains(&format!("user {} may not push", releaser.account()))?;
        let client = &tenant.deployment().kubernetes;
        let given = linked_secrets(client, managed, OTHER_ACCOUNT).await;
        let given = given.map_err(|error| Failure::Scenario(error.to_string()))?;
        let count = given.existing().len();
        expect("the number of Secrets that were given", &count, "0")?;

        releaser.may_now(&[&rights[..], &to_storage].concat())?;
        let given = commands.release_secret_storing_at(&storage).await?;
        given.succeeds()?;
        let build = component.build().await?.succeeds().await?;
        let snapshot = build.snapshot().await?;
        let release = snapshot.release("to-production").await?.succeeds().await?;
        let artifact = release.data_artifact("collect-data").await?;
        artifact.is_stored_in(&storage)?;
        let data = artifact.json("data.json").await?;
        let image = build.image().by_digest().to_string();
        expect("the image to release", &data["images"][0]["source"], &image)?;
        destination.holds(build.image()).await
    })
}

/// Its Secret is made by hand: the command gives nothing that does not suffice.
#[parallel(deployment)]
fn a_release_that_may_not_push_to_oci_storage_fails() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let (own, managed) = (tenant.namespace(), tenant.managed_namespace());
        let application = tenant.application("guestbook").await?;
        let component = application.component("guestbook", &source()).await?;
        let host = tenant.registry_host();
        let builder = tenant.robot("builder", &[RepositoryRight::push(own)])?;
        let builders = Computer::logged_in(host, &builder)?;
        let commands = Commands::at(tenant, &builders)?;
        commands.push_secret(&component).await?.succeeds()?;
        tenant.release_service_account(OTHER_ACCOUNT).await?;
        // It may read everything, push to the destination, and push nowhere else.
        let only_destination = format!("{managed}/guestbook");
        let rights = [
            RepositoryRight::pull(own),
            RepositoryRight::pull(managed),
            RepositoryRight::push(only_destination),
        ];
        let releaser = tenant.robot("releaser", &rights)?;
        let secret = PushSecret::named(SECRET).with(host, &releaser);
        tenant.release_secret(OTHER_ACCOUNT, &secret).await?;
        let destination = tenant.destination("guestbook", &["1.0"])?;
        let storage = tenant.artifact_storage("trusted-artifacts")?;
        let admission = Admission::of(&component, &destination)
            .with_storage(&storage)
            .running_as(OTHER_ACCOUNT);
        application.admits("production", admission).await?;
        application.release_plan("to-production").await?;

        let build = component.build().await?.succeeds().await?;
        let snapshot = build.snapshot().await?;
        let failed = snapshot.release("to-production").await?.fails().await?;
        failed.explains("the trusted artifacts sourceDataArtifact were not stored in")?;
        failed.explains(&storage.to_string())?;
        failed.explains("denies it (403)")?;
        failed.explains(&format!("user {} may not push", releaser.account()))?;
        destination.is_empty().await
    })
}

fn expect(object: &str, found: &impl ToString, expected: &str) -> Verdict {
    let found = found.to_string();
    if found.trim_matches('"') == expected {
        return Ok(());
    }
    Err(Failure::Unexpected {
        object: object.to_owned(),
        expected: expected.to_owned(),
        seen: format!("it is {found}"),
    })
}
