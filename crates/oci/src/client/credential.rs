//! What the client needs to know to log in.

use std::fmt;

use secrecy::SecretString;
use serde::Serialize;

use crate::{ImageReference, printable};

/// How to log in to a registry.
#[derive(Debug, Clone)]
pub enum Credential {
    /// User name and password, or robot account and token.
    Password {
        /// The user.
        username: String,
        /// The password.
        password: SecretString,
    },
    /// OAuth2 refresh token, exchanged for a bearer token at the registry's token server.
    IdentityToken(SecretString),
    /// Bearer token that is sent to the registry as it is.
    RegistryToken(SecretString),
}

/// Which credential was sent to a registry; never the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SentCredential {
    /// None is known.
    Nothing,
    /// User name and password.
    Password {
        /// The user.
        username: String,
    },
    /// An OAuth2 refresh token.
    IdentityToken,
    /// A bearer token.
    RegistryToken,
}

impl From<Option<&Credential>> for SentCredential {
    fn from(credential: Option<&Credential>) -> Self {
        match credential {
            None => Self::Nothing,
            Some(Credential::Password { username, .. }) => Self::Password {
                username: username.clone(),
            },
            Some(Credential::IdentityToken(_)) => Self::IdentityToken,
            Some(Credential::RegistryToken(_)) => Self::RegistryToken,
        }
    }
}

impl fmt::Display for SentCredential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => formatter.write_str("no login"),
            Self::Password { username } => {
                write!(formatter, "the login of `{}`", printable(username))
            }
            Self::IdentityToken => formatter.write_str("the identity token"),
            Self::RegistryToken => formatter.write_str("the registry token"),
        }
    }
}

/// Knows the credentials of registries.
pub trait CredentialSource: Send + Sync {
    /// The credential for a repository (tag and digest are of no concern); `None` means anonymous access.
    ///
    /// # Errors
    /// A sentence that says why the lookup failed, without any secret.
    fn credential(&self, repository: &ImageReference) -> Result<Option<Credential>, String>;
}

/// Knows no credentials: everything is accessed anonymously.
#[derive(Debug, Clone, Copy, Default)]
pub struct Anonymous;

impl CredentialSource for Anonymous {
    fn credential(&self, _repository: &ImageReference) -> Result<Option<Credential>, String> {
        Ok(None)
    }
}

impl<F> CredentialSource for F
where
    F: Fn(&ImageReference) -> Result<Option<Credential>, String> + Send + Sync,
{
    fn credential(&self, repository: &ImageReference) -> Result<Option<Credential>, String> {
        self(repository)
    }
}
