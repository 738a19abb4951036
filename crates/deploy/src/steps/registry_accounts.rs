//! The deployment's own login to its registry, where that asks for one.

use std::fs;
use std::io;
use std::path::Path;

use async_trait::async_trait;
use cluster::registry_access::{Accounts, RegistryAuth, RepositoryRight, generate_password};
use cluster::state::RegistryEndpoint;
use credentials::{AuthEntry, Credential, DockerConfig};

use super::DeployContext;
use crate::plan::{Outcome, Progress, Step, StepError};

pub(super) struct RegistryAccounts;

/// The account that may do everything.
const ADMIN: &str = "admin";

#[async_trait]
impl Step<DeployContext> for RegistryAccounts {
    fn name(&self) -> &'static str {
        "registry-accounts"
    }

    fn title(&self) -> &'static str {
        "log in to the registry, if it asks for a login"
    }

    async fn run(
        &self,
        context: &DeployContext,
        _progress: &Progress,
    ) -> Result<Outcome, StepError> {
        let accounts = Accounts::of(&context.directory);
        let path = context.directory.registry_auth_file();
        if context.registry_auth == RegistryAuth::None {
            return remove(&accounts, &path);
        }
        let registry = &context.connection()?.record.registry;
        let known = known_password(&path, registry);
        let password = match known {
            Some(login) => login.password,
            None => generate_password()
                .map_err(StepError::because("make a password for the registry"))?,
        };
        let everything = [RepositoryRight::push(RepositoryRight::EVERYWHERE)];
        let made = accounts
            .set(ADMIN, &password, &everything)
            .map_err(StepError::because("make the registry's account admin"))?;
        let written = write(&path, registry, &AuthEntry::login(ADMIN, &password))?;
        Ok(match made || written {
            true => Outcome::Changed(format!("wrote {}", path.display())),
            false => Outcome::Unchanged,
        })
    }
}

/// The login that an earlier run wrote down; a file that cannot be used is written anew.
fn known_password(path: &Path, registry: &RegistryEndpoint) -> Option<Credential> {
    let config = DockerConfig::from_file(path).ok()?;
    let login = config.lookup(&registry.in_cluster_host).ok()??;
    (login.username == ADMIN).then_some(login)
}

/// Tells whether the file had to be written: one entry for each name under which somebody may know the registry.
fn write(path: &Path, registry: &RegistryEndpoint, login: &AuthEntry) -> Result<bool, StepError> {
    let mut config = DockerConfig::new();
    for (name, address) in registry.addresses() {
        config.insert(name, login.clone());
        config.insert(address, login.clone());
    }
    if DockerConfig::from_file(path).is_ok_and(|present| is_the_same(&present, &config)) {
        return Ok(false);
    }
    let written = config.write_to(path);
    written.map_err(StepError::because("write the login to the registry"))?;
    Ok(true)
}

fn is_the_same(one: &DockerConfig, other: &DockerConfig) -> bool {
    use secrecy::ExposeSecret;
    one.to_json().expose_secret() == other.to_json().expose_secret()
}

/// A registry that asks for no login has no accounts, and nobody should look for one.
fn remove(accounts: &Accounts, path: &Path) -> Result<Outcome, StepError> {
    let had_accounts = accounts
        .remove_all()
        .map_err(StepError::because("remove the registry's accounts"))?;
    let had_login = match fs::remove_file(path) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => {
            let action = format!("remove {}", path.display());
            return Err(StepError::because(action)(error));
        }
    };
    Ok(match had_accounts || had_login {
        true => Outcome::Changed("removed the accounts of earlier: no login is asked".to_owned()),
        false => Outcome::Unchanged,
    })
}
