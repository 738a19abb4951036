//! Every demo tenant can push to a registry that asks for a login: an account, a Secret, and the links to it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use cluster::registry_access::{Accounts, RegistryAuth, RepositoryRight, generate_password};
use credentials::cluster::{LinkAs, SecretChange, apply_push_secret, link_secret};
use credentials::{AuthEntry, DockerConfig};
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use konflux_api::labels;
use kube::api::{DynamicObject, ListParams};
use kube::{Api, Client, ResourceExt};
use secrecy::SecretString;

use super::DeployContext;
use crate::fixtures;
use crate::plan::{Outcome, Progress, Step, StepError};

pub(super) struct TenantCredentials;

/// The Secret in every tenant, not named like those that people make for themselves.
pub(crate) const SECRET: &str = "konflux-local-registry";
const DOCKER_CONFIG: &str = ".dockerconfigjson";
/// Where the samples release to.
const RELEASED: &str = "released";

#[async_trait]
impl Step<DeployContext> for TenantCredentials {
    fn name(&self) -> &'static str {
        "tenant-credentials"
    }

    fn title(&self) -> &'static str {
        "give every tenant an account of the registry, if it asks for a login"
    }

    async fn run(
        &self,
        context: &DeployContext,
        _progress: &Progress,
    ) -> Result<Outcome, StepError> {
        if context.registry_auth == RegistryAuth::None {
            return Ok(Outcome::Unchanged);
        }
        let objects = fixtures::objects("tenants");
        let objects = objects.map_err(StepError::because("read fixtures/tenants"))?;
        let namespaces = objects.iter().filter(|object| is(object, "Namespace"));
        let tenants = namespaces.map(|namespace| Tenant {
            context,
            namespace: namespace.name_any(),
        });
        let changed = tenants.map(async |tenant| tenant.ensure(&objects).await);
        let changed = try_join_all(changed).await?;
        Ok(match changed.iter().filter(|changed| **changed).count() {
            0 => Outcome::Unchanged,
            count => Outcome::Changed(format!("accounts and Secrets of {count} tenants")),
        })
    }
}

struct Tenant<'a> {
    context: &'a DeployContext,
    namespace: String,
}

impl Tenant<'_> {
    /// Tells whether anything had to be changed.
    async fn ensure(&self, fixtures: &[DynamicObject]) -> Result<bool, StepError> {
        let connection = self.context.connection()?;
        let (client, registry) = (&connection.client, &connection.record.registry);
        let host = &registry.in_cluster_host;
        let password = match self.known_password(client, host).await? {
            Some(password) => password,
            None => generate_password()
                .map_err(StepError::because("make a password for the registry"))?,
        };
        let account = &self.namespace;
        let made = Accounts::of(&self.context.directory).set(account, &password, &self.rights());
        let made = made.map_err(StepError::because(format!(
            "make the registry's account {account}"
        )))?;
        let mut config = DockerConfig::new();
        config.insert(host, AuthEntry::login(account, &password));
        // build-service links a Secret with this label to the account of every component that comes.
        let label = BTreeMap::from([(labels::COMMON_SECRET.to_owned(), "true".to_owned())]);
        let applied = apply_push_secret(client, account, SECRET, &config, &label).await;
        let applied = applied.map_err(StepError::because("give the tenant its credentials"))?;
        let mut changed = made || applied != SecretChange::Unchanged;
        for name in self.service_accounts(client, fixtures).await? {
            let linked = link_secret(client, account, &name, SECRET, LinkAs::SECRETS).await;
            let linked = linked.map_err(StepError::because("give the tenant its credentials"))?;
            changed |= !linked.is_nothing();
        }
        Ok(changed)
    }

    /// A tenant pushes what it builds; a managed namespace copies what any tenant built to where it releases.
    fn rights(&self) -> Vec<RepositoryRight> {
        let own = RepositoryRight::push(&self.namespace);
        match self.namespace.starts_with("managed-") {
            false => vec![own],
            true => vec![
                own,
                RepositoryRight::push(RELEASED),
                RepositoryRight::pull(RepositoryRight::EVERYWHERE),
            ],
        }
    }

    /// The password in the Secret of an earlier run; passwords are kept nowhere else. A Secret that cannot be used is replaced.
    async fn known_password(
        &self,
        client: &Client,
        host: &str,
    ) -> Result<Option<SecretString>, StepError> {
        let api: Api<Secret> = Api::namespaced(client.clone(), &self.namespace);
        let reading = format!("read Secret {}/{SECRET}", self.namespace);
        let secret = api.get_opt(SECRET).await;
        let secret = secret.map_err(StepError::because(reading))?;
        let login = secret
            .and_then(|secret| secret.data?.remove(DOCKER_CONFIG))
            .and_then(|content| DockerConfig::parse(&content.0).ok())
            .and_then(|config| config.lookup(host).ok()?)
            .filter(|login| login.username == self.namespace);
        Ok(login.map(|login| login.password))
    }

    /// The accounts that fixtures make, and those of components that were there before the login was turned on.
    async fn service_accounts(
        &self,
        client: &Client,
        fixtures: &[DynamicObject],
    ) -> Result<Vec<String>, StepError> {
        let ours = fixtures.iter().filter(|object| {
            is(object, "ServiceAccount") && object.namespace().as_ref() == Some(&self.namespace)
        });
        let api: Api<ServiceAccount> = Api::namespaced(client.clone(), &self.namespace);
        let present = api.list_metadata(&ListParams::default()).await;
        let present = present.map_err(StepError::because(format!(
            "list the ServiceAccounts of {}",
            self.namespace
        )))?;
        let builders = present.iter().map(ResourceExt::name_any);
        let builders = builders.filter(|name| name.starts_with("build-pipeline-"));
        Ok(ours.map(ResourceExt::name_any).chain(builders).collect())
    }
}

fn is(object: &DynamicObject, kind: &str) -> bool {
    object
        .types
        .as_ref()
        .is_some_and(|types| types.kind == kind)
}
