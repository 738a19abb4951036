//! A Secret that other pipelines use is not taken away from them.

use std::fmt;

use credentials::cluster::service_account_secrets;
use credentials::{Credential, DockerConfig};
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::ResourceExt;

use super::cluster_objects::list;
use super::needs::{Need, known_needs};
use super::outlook::{is_same, used};
use super::{Grant, PrepareError, TakenAway};

const DOCKER_CONFIG: &str = ".dockerconfigjson";

/// A Secret whose login for a registry is another one, which others rely on for nobody knows what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedByOthers {
    secret: String,
    logins: Vec<(String, String)>,
    accounts: Vec<String>,
}

impl Grant<'_> {
    /// What the Secret changes for the other ServiceAccounts that it is linked to: who uses the new credentials from now on, and what
    /// they would lose. Of those whose needs Components and ReleasePlanAdmissions tell, each need is tried; of others, no login
    /// may become another user's. The same user with another password is a rotation, and everybody gets it.
    ///
    /// # Errors
    /// [`PrepareError::UsedByOthers`], [`PrepareError::Object`], and whatever a check cannot be made for.
    pub(super) async fn neighbours(
        &self,
        existing: Option<&Secret>,
        config: &DockerConfig,
    ) -> Result<(Vec<String>, Vec<TakenAway>), PrepareError> {
        let name = self.secret.as_str();
        let all = list::<ServiceAccount>(&self.client, &self.namespace).await?;
        let is_recipient = |account: &str| {
            let mut recipients = self.recipients.iter();
            recipients.any(|recipient| recipient.service_account == account)
        };
        let others = all.iter().filter(|account| links(account, name));
        let others = others.map(ResourceExt::name_any);
        let others: Vec<String> = others.filter(|account| !is_recipient(account)).collect();
        let Some(secret) = self.predicted(existing, config)? else {
            return Ok(Default::default());
        };
        if others.is_empty() {
            return Ok(Default::default());
        }
        let replaced = existing.map_or_else(Vec::new, |secret| replaced(secret, config));
        let needs = known_needs(&self.client, &self.namespace).await?;
        let (mut affected, mut taken, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        for account in others {
            let Some(needs) = needs.get(&account) else {
                if !replaced.is_empty() {
                    unknown.push(account);
                }
                continue;
            };
            let now = service_account_secrets(&self.client, self.namespace.as_str(), &account);
            let now = now.await.map_err(PrepareError::ServiceAccount)?;
            // Linked for pulling images alone: what the steps get does not change.
            if !now.links(name) {
                continue;
            }
            let then = now.with(&secret);
            for need in needs {
                let repository = need.repository.name();
                let new = used(&then, &repository);
                if is_same(used(&now, &repository).as_ref(), new.as_ref()) {
                    continue;
                }
                let after = self.effect(&then, need).await?;
                match self.lost(&now, need, &after).await? {
                    Some(before) => taken.push(TakenAway {
                        service_account: account.clone(),
                        is_recipient: false,
                        before,
                        after,
                    }),
                    None if after.report.is_granted() => {
                        affected.push(uses(&account, need, new.as_ref()));
                    }
                    None => {}
                }
            }
        }
        let others: Vec<Replaced> = replaced.into_iter().filter(Replaced::is_other).collect();
        if !unknown.is_empty() && !others.is_empty() {
            return Err(PrepareError::UsedByOthers(UsedByOthers {
                secret: format!("{}/{name}", self.namespace),
                logins: others.into_iter().map(|one| (one.key, one.user)).collect(),
                accounts: unknown,
            }));
        }
        affected.extend(unknown.into_iter().map(|account| {
            format!("{account} is linked to the Secret too, and gets the new passwords")
        }));
        Ok((affected, taken))
    }
}

fn uses(account: &str, need: &Need, new: Option<&Credential>) -> String {
    let repository = &need.repository;
    match new {
        Some(new) => format!(
            "pipelines of {account} use the new login of `{}` for {repository}, too, which works",
            new.username.escape_debug()
        ),
        None => format!("pipelines of {account} use no login for {repository}, which works"),
    }
}

/// An entry that the Secret has, and will have another one for.
#[derive(Debug, PartialEq, Eq)]
struct Replaced {
    key: String,
    /// Whose login it is now.
    user: String,
    new_user: String,
}

impl Replaced {
    fn is_other(&self) -> bool {
        self.user != self.new_user
    }
}

/// The entries of the Secret that will be others. What cannot be read is judged by whoever writes.
fn replaced(secret: &Secret, config: &DockerConfig) -> Vec<Replaced> {
    let content = secret
        .data
        .as_ref()
        .and_then(|data| data.get(DOCKER_CONFIG));
    let present = content.and_then(|content| DockerConfig::parse(&content.0).ok());
    let present = present.unwrap_or_default();
    let entries = config.entries().filter_map(|(key, entry)| {
        let there = present.get(key)?.credential().ok()??;
        let new = entry.credential().ok()??;
        (!there.is_same_as(&new)).then(|| Replaced {
            key: key.to_owned(),
            user: there.username,
            new_user: new.username,
        })
    });
    entries.collect()
}

fn links(account: &ServiceAccount, secret: &str) -> bool {
    let secrets = account.secrets.iter().flatten();
    let mut secrets = secrets.filter_map(|reference| reference.name.as_deref());
    let pulls = account.image_pull_secrets.iter().flatten();
    secrets.any(|name| name == secret) || pulls.into_iter().any(|one| one.name == secret)
}

impl fmt::Display for UsedByOthers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let logins = self
            .logins
            .iter()
            .map(|(key, user)| format!("`{}` for {key}", user.escape_debug()));
        write!(
            formatter,
            "Secret {} has the login of {}, which {} uses too and would lose; give this one a Secret of its own with --secret NAME",
            self.secret,
            logins.collect::<Vec<_>>().join(" and of "),
            self.accounts.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use credentials::AuthEntry;
    use k8s_openapi::ByteString;
    use secrecy::{ExposeSecret, SecretString};

    use super::*;

    fn config(logins: &[(&str, &str, &str)]) -> DockerConfig {
        let mut config = DockerConfig::new();
        for (key, user, password) in logins {
            let password = SecretString::from(*password);
            config.insert(*key, AuthEntry::login(user, &password));
        }
        config
    }

    fn secret(config: &DockerConfig) -> Secret {
        let content = config.to_json().expose_secret().as_bytes().to_vec();
        Secret {
            data: Some([(DOCKER_CONFIG.to_owned(), ByteString(content))].into()),
            ..Secret::default()
        }
    }

    #[test]
    fn every_replaced_login_is_found_and_told_from_a_new_password() {
        let there = secret(&config(&[
            ("quay.io", "one", "old"),
            ("a.example", "a", "a"),
            ("b.example", "b", "b"),
        ]));
        let new = config(&[
            ("quay.io", "one", "new"),
            ("a.example", "other", "x"),
            ("b.example", "b", "b"),
            ("c.example", "c", "c"),
        ]);
        let found: Vec<(String, bool)> = replaced(&there, &new)
            .into_iter()
            .map(|one| (one.key.clone(), one.is_other()))
            .collect();
        let expected = [
            ("a.example".to_owned(), true),
            ("quay.io".to_owned(), false),
        ];
        assert_eq!(found, expected);
        assert_eq!(replaced(&Secret::default(), &new), []);
    }
}
