//! The docker config for a push secret: no more than what is needed, in the form that reaches a pipeline's steps.

use secrecy::ExposeSecret;

use crate::lookup::{DOCKER_HUB, DOCKER_HUB_SERVER, registry_of};
use crate::{AuthEntry, DockerConfig, Found, Origin, printable};

/// A credential cannot be used in a pipeline.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PushConfigError {
    /// Tekton passes `username`, `password`, `auth` and `email` on, nothing else.
    #[error(
        "the credential for {} ({origin}) has {token} but no password, and Tekton passes only user names and passwords to the steps \
         of a pipeline; log in with a user name and a password or access token, for example those of a robot account",
        printable(scope)
    )]
    TokenOnly {
        /// What the credential is for.
        scope: String,
        /// Where it comes from.
        origin: Origin,
        /// What it has.
        token: &'static str,
    },
    /// `auth` ends the user name at its first colon.
    #[error(
        "the user name for {} ({origin}) contains a colon, which a docker config cannot express; use an account without one",
        printable(scope)
    )]
    ColonInUserName {
        /// What the credential is for.
        scope: String,
        /// Where it comes from.
        origin: Origin,
    },
    /// Two credentials for the same key.
    #[error(
        "there are two different credentials for {} ({} and {}), and a push secret has room for one; name the file with the right one",
        printable(scope),
        origins[0],
        origins[1]
    )]
    Contradiction {
        /// What both are for.
        scope: String,
        /// Where they come from.
        origins: Box<[Origin; 2]>,
    },
}

impl DockerConfig {
    /// The docker config of a push secret with exactly these credentials.
    ///
    /// Each is written as `auth`, because Tekton computes none and several step tools read nothing else, under its plain
    /// [`scope`](Found::scope): the tools of Konflux' steps compare keys literally and drop path segments from the end. Docker Hub's is
    /// written as `https://index.docker.io/v1/` too, where some of them look; of several for parts of Docker Hub, the one with the shortest
    /// scope.
    ///
    /// # Errors
    /// A credential cannot pass through Tekton.
    pub fn for_push<'a>(
        found: impl IntoIterator<Item = &'a Found>,
    ) -> Result<Self, PushConfigError> {
        let mut found: Vec<&Found> = found.into_iter().collect();
        // Stable, so that equally long scopes stay in the caller's order.
        found.sort_by_key(|found| found.scope.len());
        let mut config = Self::new();
        let mut written: Vec<&Found> = Vec::new();
        for next in found {
            if let Some(first) = written.iter().find(|earlier| earlier.scope == next.scope) {
                if !same_login(first, next) {
                    return Err(PushConfigError::Contradiction {
                        scope: next.scope.clone(),
                        origins: Box::new([first.origin.clone(), next.origin.clone()]),
                    });
                }
                continue;
            }
            let entry = entry(next)?;
            if registry_of(&next.scope) == DOCKER_HUB && config.get(DOCKER_HUB_SERVER).is_none() {
                config.insert(DOCKER_HUB_SERVER, entry.clone());
            }
            config.insert(next.scope.clone(), entry);
            written.push(next);
        }
        Ok(config)
    }
}

fn same_login(one: &Found, other: &Found) -> bool {
    one.credential.username == other.credential.username
        && one.credential.password.expose_secret() == other.credential.password.expose_secret()
}

fn entry(found: &Found) -> Result<AuthEntry, PushConfigError> {
    let credential = &found.credential;
    if credential.password.expose_secret().is_empty() {
        return Err(PushConfigError::TokenOnly {
            scope: found.scope.clone(),
            origin: found.origin.clone(),
            token: match credential.registry_token {
                Some(_) => "a `registrytoken`",
                None => "an `identitytoken`",
            },
        });
    }
    if credential.username.contains(':') {
        return Err(PushConfigError::ColonInUserName {
            scope: found.scope.clone(),
            origin: found.origin.clone(),
        });
    }
    Ok(AuthEntry::login(&credential.username, &credential.password))
}
