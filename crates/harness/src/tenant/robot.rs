//! Robot accounts of the registry that a tenant's images go to.

use cluster::registry_access::{RepositoryRight, generate_password};
use credentials::AuthEntry;
use secrecy::SecretString;

use super::Tenant;
use super::home_registry::HomeAccounts;
use crate::{Failure, Verdict};

/// An account of the registry that a story made; it is removed with the tenant.
#[derive(Debug)]
pub struct Robot<'a> {
    tenant: &'a Tenant,
    account: String,
    password: SecretString,
}

impl Tenant {
    /// Makes a robot account with a password of its own and these rights. The scenario needs
    /// [`Need::RegistryLogin`](crate::Need::RegistryLogin), and [`Need::RepositoryRights`](crate::Need::RepositoryRights) if it is about
    /// what an account may not do.
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
        let accounts = self.accounts()?;
        if matches!(accounts, HomeAccounts::Own(_)) {
            self.cleanup.account(&robot.account);
        }
        self.hide(&robot.password, &format!("password of {}", robot.account));
        accounts.set(&robot.account, &robot.password, rights)?;
        self.journal
            .note(format!("made the robot account {}", robot.account));
        Ok(robot)
    }
}

impl Robot<'_> {
    /// The name of the account.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Its password.
    #[must_use]
    pub fn password(&self) -> &SecretString {
        &self.password
    }

    /// Gives the account that there is these rights and no others.
    ///
    /// # Errors
    ///
    /// The accounts cannot be changed.
    pub fn may_now(&self, rights: &[RepositoryRight]) -> Verdict {
        let accounts = self.tenant.accounts()?;
        accounts.set(&self.account, &self.password, rights)?;
        self.tenant
            .journal
            .note(format!("changed the rights of {}", self.account));
        Ok(())
    }

    /// Takes the account away; its password is wrong from now on.
    ///
    /// # Errors
    ///
    /// The accounts cannot be changed.
    pub fn revoke(&self) -> Verdict {
        self.tenant.accounts()?.remove(&self.account)?;
        self.tenant
            .journal
            .note(format!("revoked the robot account {}", self.account));
        Ok(())
    }

    /// What a docker config says of this account.
    #[must_use]
    pub fn login(&self) -> AuthEntry {
        AuthEntry::login(&self.account, &self.password)
    }
}
