//! The registry that a tenant's images go to.
//!
//! It is the deployment's. Only where a story is about logins, and the deployment's registry asks for none or keeps its accounts
//! elsewhere, a peer stands in: a registry with a login that this host can start and the cluster's steps can reach.

use cluster::registry_access::{Accounts, RepositoryRight};
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use konflux_api::names;
use oci::ImageReference;
use secrecy::SecretString;

use super::Tenant;
use crate::peer::DockerRegistry;
use crate::wait::{Condition, Wait};
use crate::{Failure, RegistryAccess, Verdict, trust};

/// A peer that stands in for the deployment's registry.
#[derive(Debug)]
pub(super) struct HomePeer {
    process: DockerRegistry,
    client: oci::Client,
}

/// Where accounts are made and revoked.
pub(super) enum HomeAccounts<'a> {
    /// In the deployment's registry; they have rights by repository.
    Own(Accounts),
    /// In a peer, whose accounts may do everything: a story that is about rights needs
    /// [`Need::RepositoryRights`](crate::Need::RepositoryRights).
    Peer(&'a DockerRegistry),
}

impl Tenant {
    /// The host of the registry that the tenant's images go to, in image references.
    #[must_use]
    pub fn registry_host(&self) -> &str {
        match self.home_peer.get() {
            Some(peer) => peer.process.access().host(),
            None => &self.deployment.record.registry.in_cluster_host,
        }
    }

    /// A client of that registry that may do everything.
    #[must_use]
    pub fn registry(&self) -> &oci::Client {
        match self.home_peer.get() {
            Some(peer) => &peer.client,
            None => &self.deployment.registry,
        }
    }

    /// How that registry is reached, if it is not the deployment's own.
    #[must_use]
    pub fn registry_access(&self) -> Option<&RegistryAccess> {
        self.home_peer.get().map(|peer| peer.process.access())
    }

    /// A repository of that registry that is removed with the tenant.
    pub(crate) fn repository(&self, path: &str) -> Result<ImageReference, Failure> {
        let text = format!("{}/{path}", self.registry_host());
        let repository = text
            .parse()
            .map_err(|error: oci::ReferenceError| Failure::Scenario(error.to_string()))?;
        if self.home_peer.get().is_none() {
            self.cleanup.images(&repository);
        }
        Ok(repository)
    }

    /// Gives the tenant a registry with accounts, if the deployment's own has none that this machine can change.
    pub(super) async fn find_home_with_accounts(&self) -> Verdict {
        if self.deployment.registry_accounts().is_some() {
            return Ok(());
        }
        let process = self.start_peer().await?;
        let client = self.introduce(process.access()).await?;
        let set = self.home_peer.set(HomePeer { process, client });
        set.map_err(|_| Failure::Scenario("it was given two registries".to_owned()))
    }

    pub(super) fn accounts(&self) -> Result<HomeAccounts<'_>, Failure> {
        if let Some(peer) = self.home_peer.get() {
            return Ok(HomeAccounts::Peer(&peer.process));
        }
        let own = self.deployment.registry_accounts().map(HomeAccounts::Own);
        own.ok_or_else(|| {
            Failure::Scenario(
                "it makes a robot account, and does not need registry-login".to_owned(),
            )
        })
    }

    pub(super) async fn start_peer(&self) -> Result<DockerRegistry, Failure> {
        let process = DockerRegistry::start().await?;
        let access = process.access();
        self.journal.note(format!(
            "started a peer registry as {}; for connections its address is rewritten: {}",
            access.host(),
            access.endpoints()
        ));
        Ok(process)
    }

    /// Makes a registry known to the cluster, and gives a client of it. Its login is kept out of what is told.
    pub(super) async fn introduce(&self, access: &RegistryAccess) -> Result<oci::Client, Failure> {
        let login = access.login().await?;
        if let Some(login) = &login {
            let what = format!("password of {}", access.host());
            self.hide(&login.credential.password, &what);
        }
        let client = access.client(login.as_ref())?;
        if let Some(authority) = access.authority() {
            self.trust(authority).await?;
        }
        if !access.endpoints().is_empty() {
            for namespace in [&self.namespace, &self.managed_namespace] {
                self.create_in(namespace, endpoints_of(access)).await?;
            }
        }
        Ok(client)
    }

    /// Keeps a secret of the story out of what is told, and lets every scenario find it where it slipped.
    pub(super) fn hide(&self, secret: &SecretString, what: &str) {
        self.journal.hide(secret, what);
        self.deployment.secrets.add(secret);
    }

    /// Adds an authority to the cluster's Bundle, and waits until both namespaces have it.
    async fn trust(&self, authority: &str) -> Verdict {
        self.cleanup.authority(authority);
        let adding = "add an authority to the Bundle of the cluster";
        let added = trust::add(&self.deployment.kubernetes, authority).await;
        added.map_err(Failure::kubernetes(adding))?;
        let has_it = |bundle: Option<&ConfigMap>| {
            let data = bundle.and_then(|bundle| bundle.data.as_ref());
            let pem = data.and_then(|data| data.get(names::TRUSTED_CA_KEY));
            pem.is_some_and(|pem| pem.contains(authority.trim()))
        };
        for namespace in [&self.namespace, &self.managed_namespace] {
            let trusted = Condition {
                words: "it has the added authority",
                holds: &has_it,
            };
            let bundles = self.api::<ConfigMap>(namespace);
            self.waits(namespace)
                .object(Wait::AuthorityTrusted, &bundles, names::TRUSTED_CA, trusted)
                .await?;
        }
        self.journal
            .note("the pipelines of the cluster trust the registry's authority");
        Ok(())
    }
}

impl HomeAccounts<'_> {
    pub(super) fn set(
        &self,
        account: &str,
        password: &SecretString,
        rights: &[RepositoryRight],
    ) -> Verdict {
        match self {
            Self::Own(accounts) => accounts
                .set(account, password, rights)
                .map(drop)
                .map_err(|error| Failure::Scenario(error.to_string())),
            Self::Peer(process) => process.set_account(account, password),
        }
    }

    pub(super) fn remove(&self, account: &str) -> Verdict {
        match self {
            Self::Own(accounts) => accounts
                .remove(account)
                .map(drop)
                .map_err(|error| Failure::Scenario(error.to_string())),
            Self::Peer(process) => process.remove_account(account),
        }
    }
}

/// Steps are processes of this host, and there is no DNS that could give them an address and a port for a name.
fn endpoints_of(access: &RegistryAccess) -> ConfigMap {
    let key = names::REGISTRY_ENDPOINTS_KEY.to_owned();
    ConfigMap {
        metadata: ObjectMeta {
            name: Some(names::REGISTRY_ENDPOINTS.to_owned()),
            ..Default::default()
        },
        data: Some([(key, access.endpoints().to_string())].into()),
        ..Default::default()
    }
}
