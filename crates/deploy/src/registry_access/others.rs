//! A Secret that other pipelines use is not taken away from them.

use std::fmt;

use credentials::DockerConfig;
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::ResourceExt;

use super::cluster_objects::{list, read};
use super::{Grant, PrepareError};
use crate::steps::tenant_credentials;

const DOCKER_CONFIG: &str = ".dockerconfigjson";

/// A Secret whose login for a registry is another one, which others rely on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedByOthers {
    secret: String,
    key: String,
    user: String,
    accounts: Vec<String>,
}

impl Grant<'_> {
    /// Makes sure that no ServiceAccount loses a login by what will be written. The same user with another password is a rotation,
    /// and everybody gets it.
    ///
    /// # Errors
    /// [`PrepareError::OfTheDeployment`], [`PrepareError::UsedByOthers`], [`PrepareError::Object`].
    pub(super) async fn spare_others(&self, config: &DockerConfig) -> Result<(), PrepareError> {
        let name = self.secret.as_str();
        if name == tenant_credentials::SECRET {
            return Err(PrepareError::OfTheDeployment(name.to_owned()));
        }
        let Some(secret) = read::<Secret>(&self.client, &self.namespace, name).await? else {
            return Ok(());
        };
        let Some((key, user)) = replaced(&secret, config) else {
            return Ok(());
        };
        let all = list::<ServiceAccount>(&self.client, &self.namespace).await?;
        let others = all.iter().filter(|account| {
            links(account, name)
                && !self
                    .recipients
                    .iter()
                    .any(|recipient| recipient.service_account == account.name_any())
        });
        let accounts: Vec<String> = others.map(ResourceExt::name_any).collect();
        if accounts.is_empty() {
            return Ok(());
        }
        Err(PrepareError::UsedByOthers(UsedByOthers {
            secret: format!("{}/{name}", self.namespace),
            key,
            user,
            accounts,
        }))
    }
}

/// The first entry of the Secret that another user's would replace. What cannot be read is judged by whoever writes.
fn replaced(secret: &Secret, config: &DockerConfig) -> Option<(String, String)> {
    let content = secret.data.as_ref()?.get(DOCKER_CONFIG)?;
    let present = DockerConfig::parse(&content.0).ok()?;
    config.entries().find_map(|(key, entry)| {
        let there = present.get(key)?.credential().ok()??;
        let new = entry.credential().ok()??;
        (there.username != new.username).then(|| (key.to_owned(), there.username))
    })
}

fn links(account: &ServiceAccount, secret: &str) -> bool {
    let secrets = account.secrets.iter().flatten();
    let mut secrets = secrets.filter_map(|reference| reference.name.as_deref());
    let pulls = account.image_pull_secrets.iter().flatten();
    secrets.any(|name| name == secret) || pulls.into_iter().any(|one| one.name == secret)
}

impl fmt::Display for UsedByOthers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Secret {} has the login of `{}` for {}, which {} uses too and would lose; give this one a Secret of its own with --secret NAME",
            self.secret,
            self.user.escape_debug(),
            self.key,
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

    fn config(user: &str, password: &str) -> DockerConfig {
        let mut config = DockerConfig::new();
        let password = SecretString::from(password);
        config.insert("quay.io", AuthEntry::login(user, &password));
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
    fn another_users_login_is_replaced_and_a_new_password_of_the_same_user_is_not() {
        let there = secret(&config("one", "old"));
        let (key, user) = replaced(&there, &config("other", "x")).unwrap();
        assert_eq!((key.as_str(), user.as_str()), ("quay.io", "one"));
        assert_eq!(replaced(&there, &config("one", "new")), None);
        assert_eq!(replaced(&Secret::default(), &config("one", "new")), None);
    }
}
