//! Credentials that were checked become a Secret and its links.

use std::collections::BTreeMap;

use credentials::cluster::{
    LinkChange, SecretChange, apply_push_secret, link_secret, service_account_secrets,
};

use super::{Effective, Outlook, WriteError};

/// What was written, and what it comes to.
#[derive(Clone, Debug)]
pub struct Written {
    /// What became of the Secret.
    pub secret: SecretChange,
    /// The keys of its entries that are needed here.
    pub keys: Vec<String>,
    /// What became of the links.
    pub links: Vec<Linked>,
    /// What Tekton makes of it, for each ServiceAccount and repository.
    pub effective: Vec<Effective>,
}

/// What became of the links of one ServiceAccount.
#[derive(Clone, Debug)]
pub struct Linked {
    /// The ServiceAccount.
    pub service_account: String,
    /// What was changed.
    pub change: LinkChange,
}

impl Written {
    /// Whether everything was there already.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.secret == SecretChange::Unchanged
            && self.links.iter().all(|link| link.change.is_nothing())
    }

    /// Whether pipelines can push wherever they must.
    #[must_use]
    pub fn is_effective(&self) -> bool {
        self.effective.iter().all(Effective::works)
    }
}

impl Outlook<'_> {
    /// Writes the Secret, links it, and looks at what Tekton makes of all that is linked then. Twice in a row, the second time changes nothing.
    ///
    /// # Errors
    /// [`WriteError`] says what is there and what is not.
    pub async fn write(&self) -> Result<Written, WriteError> {
        let grant = self.grant;
        let (client, namespace) = (&grant.client, grant.namespace.as_str());
        let name = grant.secret.as_str();
        // No label: build-service would link a Secret with its label to every component of the namespace.
        let labels = BTreeMap::new();
        let secret = apply_push_secret(client, namespace, name, &self.config, &labels).await?;
        let mut links = Vec::new();
        for recipient in &grant.recipients {
            let account = &recipient.service_account;
            match link_secret(client, namespace, account, name, grant.link_as).await {
                Ok(change) => links.push(Linked {
                    service_account: account.clone(),
                    change,
                }),
                Err(source) => {
                    return Err(WriteError::Link {
                        secret: name.to_owned(),
                        change: secret,
                        links,
                        source,
                    });
                }
            }
        }
        let mut effective = Vec::new();
        for recipient in &grant.recipients {
            let account = &recipient.service_account;
            let linked = service_account_secrets(client, namespace, account).await;
            let linked = linked.map_err(|error| WriteError::Effect(error.into()))?;
            for repository in &recipient.repositories {
                let found = Effective::of(grant, account, &linked, repository).await;
                effective.push(found.map_err(|error| WriteError::Effect(error.into()))?);
            }
        }
        Ok(Written {
            secret,
            keys: self
                .config
                .entries()
                .map(|(key, _)| key.to_owned())
                .collect(),
            links,
            effective,
        })
    }
}
