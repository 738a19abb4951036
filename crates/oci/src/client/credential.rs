//! What the client needs to know to log in.

use secrecy::SecretString;

use crate::ImageReference;

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
