//! An external registry in a story.

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use konflux_api::names;
use oci::ImageReference;
use secrecy::SecretString;

use super::Tenant;
use crate::images::Destination;
use crate::peer::DockerRegistry;
use crate::wait::{Condition, Wait};
use crate::{Failure, Verdict, trust};

/// A registry of another project, in a process of its own, that lives as long as the story.
#[derive(Debug)]
pub struct PeerRegistry<'a> {
    tenant: &'a Tenant,
    process: DockerRegistry,
    client: oci::Client,
}

impl Tenant {
    /// Starts an external registry with TLS and a login, and does what an administrator does for one: its certificate authority
    /// goes into the cluster's Bundle, where the cluster's pipelines get it from, and the namespaces learn its address. It gives
    /// nobody credentials. The scenario needs [`Need::PeerRegistry`](crate::Need::PeerRegistry).
    ///
    /// # Errors
    ///
    /// It cannot be started, or the API server refuses one of these.
    pub async fn peer_registry(&self) -> Result<PeerRegistry<'_>, Failure> {
        let process = DockerRegistry::start().await?;
        let peer = PeerRegistry {
            tenant: self,
            client: process.client().map_err(Failure::registry("use a peer"))?,
            process,
        };
        for secret in peer.secrets() {
            self.journal.hide(&secret, "password of the peer registry");
        }
        let (host, endpoints) = (peer.host(), peer.process.endpoints());
        self.journal.note(format!(
            "started a peer registry as {host}; for connections its address is rewritten: {endpoints}"
        ));
        self.trust(&peer.process.authority).await?;
        for namespace in [&self.namespace, &self.managed_namespace] {
            let endpoints = endpoints_of(&peer.process);
            self.create_in(namespace, endpoints).await?;
        }
        Ok(peer)
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
            .note("the pipelines of the cluster trust the peer's authority");
        Ok(())
    }
}

impl PeerRegistry<'_> {
    /// Its name in references, without a port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.process.host()
    }

    /// A repository in it that images can be released to.
    ///
    /// # Errors
    ///
    /// `path` or a tag cannot be part of an image reference.
    pub fn destination(&self, path: &str, tags: &[&str]) -> Result<Destination, Failure> {
        let repository = self.repository(path)?;
        let destination = Destination::new(self.client.clone(), repository, tags);
        Ok(destination.noting_in(&self.tenant.journal))
    }

    pub(super) fn repository(&self, path: &str) -> Result<ImageReference, Failure> {
        let parsed = format!("{}/{path}", self.host()).parse();
        parsed.map_err(|error: oci::ReferenceError| Failure::Scenario(error.to_string()))
    }

    pub(super) fn client(&self) -> &oci::Client {
        &self.client
    }

    /// What a docker config says of its account.
    pub(super) fn entry(&self) -> credentials::AuthEntry {
        credentials::AuthEntry::login(self.process.account(), &self.process.password)
    }

    fn secrets(&self) -> Vec<SecretString> {
        let encoded = self.entry().auth;
        encoded
            .into_iter()
            .chain([self.process.password.clone()])
            .collect()
    }
}

/// Steps are processes of this host, and there is no DNS that could give them an address and a port for a name.
fn endpoints_of(peer: &DockerRegistry) -> ConfigMap {
    let key = names::REGISTRY_ENDPOINTS_KEY.to_owned();
    ConfigMap {
        metadata: ObjectMeta {
            name: Some(names::REGISTRY_ENDPOINTS.to_owned()),
            ..Default::default()
        },
        data: Some([(key, peer.endpoints().to_string())].into()),
        ..Default::default()
    }
}
