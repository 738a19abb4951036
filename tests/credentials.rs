//! Credentials: from an account of a registry to a pipeline that can push, and to reasons why it cannot.

use cluster::registry_access::RepositoryRight;
use deploy::registry_access::linked_secrets;
use harness::tenant::{Admission, PushSecret, RELEASE_SERVICE_ACCOUNT};
use harness::{Failure, Need, Scenario, Source, Verdict, with_tenant_without_credentials};
use serial_test::parallel;

use crate::commands::{Commands, SECRET};
use crate::computer::Computer;

const LOGIN: &[Need] = &[Need::StandIns, Need::RegistryLogin];
const RIGHTS: &[Need] = &[Need::StandIns, Need::RegistryLogin, Need::RepositoryRights];

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "a build without a push secret is refused, and the PipelineRun says so",
        LOGIN,
        a_build_without_a_push_secret_refuses,
    ),
    Scenario::new(
        "the same build after push-secret succeeds",
        LOGIN,
        the_same_build_after_push_secret_succeeds,
    ),
    Scenario::new(
        "a secret for another registry does not help",
        LOGIN,
        a_secret_for_another_registry_does_not_help,
    ),
    Scenario::new(
        "of two secrets for one registry Tekton picks the one that was predicted",
        RIGHTS,
        of_two_secrets_for_one_registry_tekton_picks_the_one_that_was_predicted,
    ),
    Scenario::new(
        "a robot that may push to one repository cannot push to the next",
        RIGHTS,
        a_robot_that_may_push_to_one_repository_cannot_push_to_the_next,
    ),
    Scenario::new(
        "a release needs its own secret in the managed namespace, on the service account that its admission names",
        LOGIN,
        a_release_needs_its_own_secret_on_the_service_account_that_its_admission_names,
    ),
    Scenario::new(
        "revoked credentials fail the next build",
        LOGIN,
        revoked_credentials_fail_the_next_build,
    ),
];

/// What a step says that knows no credential.
pub(crate) const NO_CREDENTIAL: &str = "no credential is known for";
/// None of the fixtures' names: whoever does not read it in the admission does not guess it.
pub(crate) const OTHER_ACCOUNT: &str = "shipping-department";

#[parallel(deployment)]
fn a_build_without_a_push_secret_refuses() -> Verdict {
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
        let computer = Computer::logged_in(tenant.registry_host(), &robot)?;
        let commands = Commands::at(tenant, &computer)?;
        commands.push_secret(&component).await?.succeeds()?;
        tenant.has_linked(&component, SECRET).await?;

        let build = component.build().await?.succeeds().await?;
        build.image().is_as_described_by(&source).await?;
        build.snapshot().await?.names(build.image())?;
        // Once more is no work.
        let again = commands.push_secret(&component).await?.succeeds()?;
        expect("a second push-secret", again.is_nothing(), true)
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
        let computer = Computer::new()?;
        computer.podman_login(&[("quay.io", robot.login()), (&elsewhere, robot.login())])?;
        // The command gives nothing for them; by hand somebody does.
        let refused = Commands::at(tenant, &computer)?
            .push_secret(&component)
            .await?
            .refuses()?;
        refused.explains("no credentials for")?;
        let secret = PushSecret::named(SECRET)
            .with("quay.io", &robot)
            .with(&elsewhere, &robot);
        tenant.push_secret_for(&component, &secret).await?;
        expect("login", tenant.predicted_login(&component).await?, None)?;

        let failed = component.build().await?.fails().await?;
        failed.explains(NO_CREDENTIAL)?;
        component.has_no_images().await
    })
}

/// Made by hand: the command does not link what does not work.
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

        let predicted = tenant.predicted_login(&lucky).await?;
        expect("login", predicted, Some(good.account().to_owned()))?;
        let build = lucky.build().await?.succeeds().await?;
        build.image().exists().await?;

        let predicted = tenant.predicted_login(&unlucky).await?;
        expect("login", predicted, Some(bad.account().to_owned()))?;
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
        let computer = Computer::logged_in(tenant.registry_host(), &robot)?;
        let commands = Commands::at(tenant, &computer)?;
        commands.push_secret(&mine).await?.succeeds()?;
        let refused = commands.push_secret(&next).await?.refuses()?;
        refused.explains(&format!("user {} may not push", robot.account()))?;
        // Somebody insists.
        let secret = PushSecret::named("by-hand").with(tenant.registry_host(), &robot);
        tenant.push_secret_for(&next, &secret).await?;

        let build = mine.build().await?.succeeds().await?;
        build.image().is_as_described_by(&Source::sample()).await?;
        let failed = next.build().await?.fails().await?;
        failed.explains("denies it (403)")?;
        failed.explains(&format!("user {} may not push", robot.account()))?;
        next.has_no_images().await
    })
}

#[parallel(deployment)]
fn a_release_needs_its_own_secret_on_the_service_account_that_its_admission_names() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let (own, managed) = (tenant.namespace(), tenant.managed_namespace());
        let application = tenant.application("guestbook").await?;
        let component = application
            .component("guestbook", &Source::sample())
            .await?;
        let host = tenant.registry_host();
        let builder = tenant.robot("builder", &[RepositoryRight::push(own)])?;
        let builders = Computer::logged_in(host, &builder)?;
        let commands = Commands::at(tenant, &builders)?;
        commands.push_secret(&component).await?.succeeds()?;
        tenant.release_service_account(OTHER_ACCOUNT).await?;
        let destination = tenant.destination("guestbook", &["1.0"])?;
        let admission = Admission::of(&component, &destination).running_as(OTHER_ACCOUNT);
        application.admits("production", admission).await?;
        application.release_plan("to-production").await?;

        let build = component.build().await?.succeeds().await?;
        let snapshot = build.snapshot().await?;
        let failed = snapshot.release("to-production").await?.fails().await?;
        failed.explains(NO_CREDENTIAL)?;
        destination.is_empty().await?;

        let rights = [RepositoryRight::pull(own), RepositoryRight::push(managed)];
        let releaser = tenant.robot("releaser", &rights)?;
        let releasers = Computer::logged_in(host, &releaser)?;
        let commands = Commands::at(tenant, &releasers)?;
        commands.release_secret().await?.succeeds()?;
        let build = component.build().await?.succeeds().await?;
        let snapshot = build.snapshot().await?;
        let release = snapshot.release("to-production").await?.succeeds().await?;
        destination.holds(build.image()).await?;
        release.reports(build.image(), &destination)?;
        // Nobody else got the credentials.
        let client = &tenant.deployment().kubernetes;
        let others = linked_secrets(client, managed, RELEASE_SERVICE_ACCOUNT).await;
        let others = others.map_err(|error| Failure::Scenario(error.to_string()))?;
        let what = format!("Secrets of ServiceAccount {RELEASE_SERVICE_ACCOUNT}");
        expect(&what, others.existing().len(), 0)
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
        let computer = Computer::logged_in(tenant.registry_host(), &robot)?;
        let commands = Commands::at(tenant, &computer)?;
        commands.push_secret(&component).await?.succeeds()?;
        let build = component.build().await?.succeeds().await?;

        robot.revoke()?;
        let failed = component.build().await?.fails().await?;
        failed.explains("refuses the login (401)")?;
        failed.explains(&format!("the login of `{}` was sent", robot.account()))?;
        // What was pushed before stays, and the command does not give them again.
        build.image().exists().await?;
        let refused = commands.push_secret(&component).await?.refuses()?;
        refused.explains("401")
    })
}

/// What was found is what was expected.
pub(crate) fn expect<T: std::fmt::Debug + PartialEq>(what: &str, found: T, expected: T) -> Verdict {
    if found == expected {
        return Ok(());
    }
    Err(Failure::Unexpected {
        object: what.to_owned(),
        expected: format!("{expected:?}"),
        seen: format!("it is {found:?}"),
    })
}
