//! Logins: wherever a person's computer keeps the credential of a registry, the right one reaches the pipeline, and no other does.

use cluster::registry_access::RepositoryRight;
use credentials::{AuthEntry, DockerConfig};
use deploy::registry_access::linked_secrets;
use harness::evidence::KnownSecrets;
use harness::tenant::{Component, Robot, Tenant};
use harness::{Failure, Need, Scenario, Source, Verdict, with_tenant_without_credentials};
use serial_test::parallel;

use crate::commands::{Commands, SECRET};
use crate::computer::Computer;
use crate::credentials::{NO_CREDENTIAL, expect};

const NEEDS: &[Need] = &[Need::StandIns, Need::RegistryLogin];

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "a login is found in each place where podman and docker keep it, the nearest first",
        NEEDS,
        a_login_is_found_in_each_place_the_nearest_first,
    ),
    Scenario::new(
        "a login of a credential helper reaches the build, and nothing else of the computer does",
        NEEDS,
        a_login_of_a_credential_helper_reaches_the_build,
    ),
    Scenario::new(
        "where no login is found, nothing is given and the ways to one are told",
        NEEDS,
        where_no_login_is_found_the_ways_to_one_are_told,
    ),
];

/// A login that is there and must stay there.
const OTHERS: &str = "a-password-for-another-registry";

#[parallel(deployment)]
fn a_login_is_found_in_each_place_the_nearest_first() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let source = Source::sample();
        let application = tenant.application("guestbook").await?;
        let component = application.component("guestbook", &source).await?;
        // From the place that is looked into last to the one that is looked into first: each login hides those before it.
        let mut computer = Computer::new()?;
        let places = [
            "home/.docker/config.json",
            "home/.config/containers/auth.json",
            "run/containers/auth.json",
            "docker/config.json",
            "named-by-variable.json",
            "named-by-argument.json",
        ];
        for (index, place) in places.into_iter().enumerate() {
            let robot = robot(tenant, &format!("place-{index}"))?;
            let path = computer.write_logins(place, &logins(tenant, &robot))?;
            match place {
                "docker/config.json" => {
                    computer.environment_mut().docker_config = Some(computer.path("docker"));
                }
                "named-by-variable.json" => {
                    computer.environment_mut().registry_auth_file = Some(path.clone());
                }
                _ => {}
            }
            let commands = match place {
                "named-by-argument.json" => Commands::with_auth_file(tenant, &computer, &path)?,
                _ => Commands::at(tenant, &computer)?,
            };
            commands.push_secret(&component).await?.succeeds()?;
            only_login(tenant, &component, place, &robot).await?;
            // What comes in between is Tekton's business, which the prediction knows.
            if index == 0 || index + 1 == places.len() {
                let build = component.build().await?.succeeds().await?;
                build.image().is_as_described_by(&source).await?;
            }
        }
        Ok(())
    })
}

#[parallel(deployment)]
fn a_login_of_a_credential_helper_reaches_the_build() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let source = Source::sample();
        let application = tenant.application("guestbook").await?;
        let component = application.component("guestbook", &source).await?;
        let robot = robot(tenant, "builder")?;
        let computer = Computer::new()?;
        computer.podman_login(&[("quay.io", others())])?;
        let host = tenant.registry_host();
        computer.install_helper(host, robot.account(), robot.password())?;

        let commands = Commands::at(tenant, &computer)?;
        commands.push_secret(&component).await?.succeeds()?;
        only_login(tenant, &component, "the credential helper", &robot).await?;
        let build = component.build().await?.succeeds().await?;
        build.image().is_as_described_by(&source).await
    })
}

#[parallel(deployment)]
fn where_no_login_is_found_the_ways_to_one_are_told() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let application = tenant.application("guestbook").await?;
        let component = application
            .component("guestbook", &Source::sample())
            .await?;
        let computer = Computer::new()?;
        computer.podman_login(&[("quay.io", others())])?;

        let commands = Commands::at(tenant, &computer)?;
        let refused = commands.push_secret(&component).await?.refuses()?;
        refused.explains("no credentials for")?;
        refused.explains("no entry for it, only for quay.io")?;
        refused.explains("home/.docker/config.json (docker login): no such file")?;
        refused.explains("To get credentials for")?;
        let failed = component.build().await?.fails().await?;
        failed.explains(NO_CREDENTIAL)?;
        let linked = linked(tenant, &component).await?;
        expect("linked Secrets", linked.len(), 0)?;
        component.has_no_images().await
    })
}

fn robot<'a>(tenant: &'a Tenant, name: &str) -> Result<Robot<'a>, Failure> {
    tenant.robot(name, &[RepositoryRight::push(tenant.namespace())])
}

fn others() -> AuthEntry {
    AuthEntry::login("somebody", &OTHERS.into())
}

/// The robot's, among those of a person who uses more than one registry.
fn logins<'a>(tenant: &'a Tenant, robot: &Robot<'_>) -> Vec<(&'a str, AuthEntry)> {
    vec![
        ("docker.io", others()),
        (tenant.registry_host(), robot.login()),
        ("quay.io/team", others()),
    ]
}

/// Checks that a robot's login for the registry, and nothing else, is what the pipelines of a component get.
async fn only_login(
    tenant: &Tenant,
    component: &Component<'_>,
    place: &str,
    robot: &Robot<'_>,
) -> Verdict {
    tenant.has_linked(component, SECRET).await?;
    let predicted = tenant.predicted_login(component).await?;
    let what = format!("the login that was found in {place}");
    expect(&what, predicted, Some(robot.account().to_owned()))?;
    let others = KnownSecrets::default();
    others.add(&OTHERS.into());
    let linked = linked(tenant, component).await?;
    for content in &linked {
        others.are_not_in("the Secret of the pipelines", content)?;
        let config = DockerConfig::parse(content);
        let config = config.map_err(|error| Failure::Scenario(error.to_string()))?;
        let keys: Vec<&str> = config.entries().map(|(key, _)| key).collect();
        expect("the Secret's keys", keys, vec![tenant.registry_host()])?;
    }
    expect("linked Secrets", linked.len(), 1)
}

/// The docker configs that the pipelines of a component get.
async fn linked(tenant: &Tenant, component: &Component<'_>) -> Result<Vec<Vec<u8>>, Failure> {
    let client = &tenant.deployment().kubernetes;
    let account = component.service_account();
    let linked = linked_secrets(client, tenant.namespace(), &account).await;
    let linked = linked.map_err(|error| Failure::Scenario(error.to_string()))?;
    let data = linked.existing().iter().flat_map(|secret| &secret.data);
    let values = data.flat_map(|data| data.values());
    Ok(values.map(|value| value.0.clone()).collect())
}
