//! Robot accounts of the deployment's registry.

use cluster::registry_access::{RepositoryRight, generate_password};
use credentials::AuthEntry;
use secrecy::{ExposeSecret, SecretString};

use super::Tenant;
use crate::{Failure, Verdict};

/// An account of the deployment's registry that a story made; it is removed with the tenant.
#[derive(Debug)]
pub struct Robot<'a> {
    tenant: &'a Tenant,
    account: String,
    password: SecretString,
}

impl Tenant {
    /// Makes a robot account with a password of its own and these rights. The scenario needs
    /// [`Need::RegistryLogin`](crate::Need::RegistryLogin).
    ///
    /// # Errors
    ///
    /// The registry asks for no login, or its accounts cannot be changed.
    pub fn robot(&self, name: &str, rights: &[RepositoryRight]) -> Result<Robot<'_>, Failure> {
        let robot = Robot {
            tenant: self,
            account: format!("{}.{name}", self.namespace),
            password: generate_password().map_err(|error| Failure::Scenario(error.to_string()))?,
        };
        self.cleanup.account(&robot.account);
        for secret in robot.secrets() {
            let what = format!("password of {}", robot.account);
            self.journal.hide(&secret, what);
        }
        let made = self
            .accounts()?
            .set(&robot.account, &robot.password, rights);
        made.map_err(|error| Failure::Scenario(error.to_string()))?;
        self.journal
            .note(format!("made the robot account {}", robot.account));
        Ok(robot)
    }

    fn accounts(&self) -> Result<cluster::registry_access::Accounts, Failure> {
        self.deployment.registry_accounts().ok_or_else(|| {
            Failure::Scenario(
                "it makes a robot account, and does not need registry-login".to_owned(),
            )
        })
    }
}

impl Robot<'_> {
    /// The name of the account.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Takes the account away; its password is wrong from now on.
    ///
    /// # Errors
    ///
    /// The accounts cannot be changed.
    pub fn revoke(&self) -> Verdict {
        let removed = self.tenant.accounts()?.remove(&self.account);
        removed.map_err(|error| Failure::Scenario(error.to_string()))?;
        self.tenant
            .journal
            .note(format!("revoked the robot account {}", self.account));
        Ok(())
    }

    /// What a docker config says of this account.
    pub(super) fn entry(&self) -> AuthEntry {
        AuthEntry::login(&self.account, &self.password)
    }

    /// Every form in which its password may be written somewhere.
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretString> {
        let auth = self.entry().auth.unwrap_or_default();
        // Kubernetes' own encoding of a password, as it stands in a Secret of type basic-auth.
        let encoded = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            self.password.expose_secret(),
        );
        vec![self.password.clone(), auth, encoded.into()]
    }
}
