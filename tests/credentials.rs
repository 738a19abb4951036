//! Credentials: from an account of a registry to a pipeline that can push, and to reasons why it cannot.

use cluster::registry_access::RepositoryRight;
use harness::tenant::PushSecret;
use harness::{Failure, Need, Scenario, Source, Verdict, with_tenant_without_credentials};
use serial_test::parallel;

const NEEDS: &[Need] = &[Need::StandIns, Need::RegistryLogin];

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "a build without a push secret is refused, and the PipelineRun says so",
        NEEDS,
        a_build_without_a_push_secret_is_refused,
    ),
    Scenario::new(
        "the same build after push-secret succeeds",
        NEEDS,
        the_same_build_after_push_secret_succeeds,
    ),
    Scenario::new(
        "a secret for another registry does not help",
        NEEDS,
        a_secret_for_another_registry_does_not_help,
    ),
    Scenario::new(
        "of two secrets for one registry Tekton picks the one that was predicted",
        NEEDS,
        of_two_secrets_for_one_registry_tekton_picks_the_one_that_was_predicted,
    ),
    Scenario::new(
        "a robot that may push to one repository cannot push to the next",
        NEEDS,
        a_robot_that_may_push_to_one_repository_cannot_push_to_the_next,
    ),
    Scenario::new(
        "a release needs its own secret in the managed namespace",
        NEEDS,
        a_release_needs_its_own_secret_in_the_managed_namespace,
    ),
    Scenario::new(
        "revoked credentials fail the next build",
        NEEDS,
        revoked_credentials_fail_the_next_build,
    ),
];

/// What a step says that knows no credential.
const NO_CREDENTIAL: &str = "no credential is known for";

#[parallel(deployment)]
fn a_build_without_a_push_secret_is_refused() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let application = tenant.application("guestbook").await?;
        let component = application
            .component("guestbook", &Source::sample())
            .await?;

        let failed = component.build().await?.fails().await?;
        failed.has_reason("Failed")?;
        failed.says("Failed: 1")?;
        failed.explains("refuses the login (401)")?;
        failed.explains(NO_CREDENTIAL)?;

        failed.has_no_snapshot()?;
        component.has_no_images().await
    })
}

#[parallel(deployment)]
fn the_same_build_after_push_secret_succeeds() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let source = Source::sample();
        let application = tenant.application("guestbook").await?;
        let component = application.component("guestbook", &source).await?;
        let failed = component.build().await?.fails().await?;
        failed.explains(NO_CREDENTIAL)?;

        let robot = tenant.robot("builder", &[RepositoryRight::push(tenant.namespace())])?;
        let secret = PushSecret::named("regcred").with(tenant.registry_host(), &robot);
        tenant.push_secret_for(&component, &secret).await?;

        let build = component.build().await?.succeeds().await?;
        build.image().is_as_described_by(&source).await?;
        build.snapshot().await?.names(build.image())
    })
}

#[parallel(deployment)]
fn a_secret_for_another_registry_does_not_help() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let application = tenant.application("guestbook").await?;
        let component = application
            .component("guestbook", &Source::sample())
            .await?;
        // It may push, and nobody knows: its entries are for another registry, and for another part of this one.
        let robot = tenant.robot("builder", &[RepositoryRight::push(tenant.namespace())])?;
        let elsewhere = format!("{}/{}", tenant.registry_host(), tenant.managed_namespace());
        let secret = PushSecret::named("regcred")
            .with("quay.io", &robot)
            .with(&elsewhere, &robot);
        tenant.push_secret_for(&component, &secret).await?;
        expect_login(tenant.predicted_login(&component).await?, None)?;

        let failed = component.build().await?.fails().await?;
        failed.explains(NO_CREDENTIAL)?;
        component.has_no_images().await
    })
}

#[parallel(deployment)]
fn of_two_secrets_for_one_registry_tekton_picks_the_one_that_was_predicted() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let application = tenant.application("guestbook").await?;
        let lucky = application.component("lucky", &Source::sample()).await?;
        let unlucky = application.component("unlucky", &Source::sample()).await?;
        let host = tenant.registry_host();
        let good = tenant.robot("good", &[RepositoryRight::push(tenant.namespace())])?;
        let bad = tenant.robot("bad", &[RepositoryRight::pull(tenant.namespace())])?;
        let good_secret = PushSecret::named("good").with(host, &good);
        let bad_secret = PushSecret::named("bad").with(host, &bad);
        tenant.push_secret_for(&unlucky, &good_secret).await?;
        tenant.push_secret_for(&unlucky, &bad_secret).await?;
        tenant.also_link(&lucky, &bad_secret).await?;
        tenant.also_link(&lucky, &good_secret).await?;

        expect_login(tenant.predicted_login(&lucky).await?, Some(good.account()))?;
        let build = lucky.build().await?.succeeds().await?;
        build.image().exists().await?;

        expect_login(tenant.predicted_login(&unlucky).await?, Some(bad.account()))?;
        let failed = unlucky.build().await?.fails().await?;
        failed.explains(&format!("user {} may not push", bad.account()))?;
        unlucky.has_no_images().await
    })
}

#[parallel(deployment)]
fn a_robot_that_may_push_to_one_repository_cannot_push_to_the_next() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let application = tenant.application("guestbook").await?;
        let mine = application.component("mine", &Source::sample()).await?;
        let next = application.component("next", &Source::sample()).await?;
        let rights = [
            RepositoryRight::push(format!("{}/mine", tenant.namespace())),
            RepositoryRight::pull(tenant.namespace()),
        ];
        let robot = tenant.robot("builder", &rights)?;
        let secret = PushSecret::named("regcred").with(tenant.registry_host(), &robot);
        tenant.push_secret_for(&mine, &secret).await?;
        tenant.also_link(&next, &secret).await?;

        let build = mine.build().await?.succeeds().await?;
        build.image().is_as_described_by(&Source::sample()).await?;
        let failed = next.build().await?.fails().await?;
        failed.explains("denies it (403)")?;
        failed.explains(&format!("user {} may not push", robot.account()))?;
        next.has_no_images().await
    })
}

#[parallel(deployment)]
fn a_release_needs_its_own_secret_in_the_managed_namespace() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let (own, managed) = (tenant.namespace(), tenant.managed_namespace());
        let application = tenant.application("guestbook").await?;
        let component = application
            .component("guestbook", &Source::sample())
            .await?;
        let host = tenant.registry_host();
        let builder = tenant.robot("builder", &[RepositoryRight::push(own)])?;
        let secret = PushSecret::named("regcred").with(host, &builder);
        tenant.push_secret_for(&component, &secret).await?;
        let destination = tenant.destination("guestbook", &["1.0"])?;
        application
            .admission("production", &component, &destination)
            .await?;
        application.release_plan("to-production").await?;

        let build = component.build().await?.succeeds().await?;
        let snapshot = build.snapshot().await?;
        let failed = snapshot.release("to-production").await?.fails().await?;
        failed.explains(NO_CREDENTIAL)?;
        destination.is_empty().await?;

        let rights = [RepositoryRight::pull(own), RepositoryRight::push(managed)];
        let releaser = tenant.robot("releaser", &rights)?;
        let secret = PushSecret::named("regcred").with(host, &releaser);
        tenant.release_secret(&secret).await?;
        let build = component.build().await?.succeeds().await?;
        let snapshot = build.snapshot().await?;
        let release = snapshot.release("to-production").await?.succeeds().await?;
        destination.holds(build.image()).await?;
        release.reports(build.image(), &destination)
    })
}

#[parallel(deployment)]
fn revoked_credentials_fail_the_next_build() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let application = tenant.application("guestbook").await?;
        let component = application
            .component("guestbook", &Source::sample())
            .await?;
        let robot = tenant.robot("builder", &[RepositoryRight::push(tenant.namespace())])?;
        let secret = PushSecret::named("regcred").with(tenant.registry_host(), &robot);
        tenant.push_secret_for(&component, &secret).await?;
        let build = component.build().await?.succeeds().await?;

        robot.revoke()?;
        let failed = component.build().await?.fails().await?;
        failed.explains("refuses the login (401)")?;
        failed.explains(&format!("the login of `{}` was sent", robot.account()))?;
        // What was pushed before stays.
        build.image().exists().await?;
        Ok(())
    })
}

fn expect_login(predicted: Option<String>, expected: Option<&str>) -> Verdict {
    if predicted.as_deref() == expected {
        return Ok(());
    }
    Err(Failure::Unexpected {
        object: "the prediction of Tekton's login".to_owned(),
        expected: expected.unwrap_or("none").to_owned(),
        seen: format!("it is {}", predicted.as_deref().unwrap_or("none")),
    })
}
