//! Who may do what: authentication (nobody, htpasswd, bearer tokens) and rights by repository prefix.
//!
//! The specification leaves access to the registry. What is done here is what its clients expect: HTTP Basic (RFC 7617), or the token flow of
//! the Docker registry protocol, in which the answer to a request without rights names an endpoint that sells the right token.

mod authenticate;
mod htpasswd;
mod rules;
mod token;

use std::sync::Arc;
use std::time::Duration;

pub use htpasswd::{Htpasswd, HtpasswdError};
pub use rules::{Right, RuleError, Rules};

pub(crate) use authenticate::{Caller, Wrong, log_in};
pub(crate) use token::{Claims, Grant, expiry};

use self::token::Signer;

/// How callers show who they are, and what each may do. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Access {
    pub(crate) authentication: Authentication,
    pub(crate) rules: Arc<Rules>,
}

#[derive(Clone, Debug)]
pub(crate) enum Authentication {
    Nobody,
    Basic(Arc<Htpasswd>),
    Token(Arc<TokenService>),
}

/// The registry's own token endpoint.
#[derive(Debug)]
pub(crate) struct TokenService {
    pub(crate) users: Arc<Htpasswd>,
    pub(crate) settings: TokenSettings,
    pub(crate) signer: Signer,
}

/// Settings of bearer-token authentication.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// Name of this registry in token requests. Default `registry`.
    pub service: String,
    /// Absolute URL of the token endpoint, as clients reach it. Default `None`: `https://<host of the request>/token`.
    pub realm: Option<String>,
    /// How long a token is good for. Default 5 minutes.
    pub lifetime: Duration,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            service: "registry".to_owned(),
            realm: None,
            lifetime: Duration::from_secs(300),
        }
    }
}

/// No source of random numbers for the key that signs tokens.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random numbers, so tokens cannot be signed")]
pub struct NoRandomness;

impl Access {
    /// Everyone may do everything, and nobody is asked who they are.
    pub fn anonymous() -> Self {
        Self {
            authentication: Authentication::Nobody,
            rules: Arc::new(Rules::everyone()),
        }
    }

    /// Users log in with HTTP Basic. Without [`Access::with_rules`] each of them may do everything, and nobody else anything.
    pub fn htpasswd(users: Htpasswd) -> Self {
        Self {
            authentication: Authentication::Basic(Arc::new(users)),
            rules: Arc::new(Rules::every_user()),
        }
    }

    /// Users fetch bearer tokens at `/token`, with HTTP Basic or anonymously. Tokens are signed with a key that lives as long as this value.
    ///
    /// # Errors
    /// [`NoRandomness`] when no key can be made.
    pub fn tokens(users: Htpasswd, settings: TokenSettings) -> Result<Self, NoRandomness> {
        let (users, signer) = (Arc::new(users), Signer::new()?);
        Ok(Self {
            authentication: Authentication::Token(Arc::new(TokenService {
                users,
                settings,
                signer,
            })),
            rules: Arc::new(Rules::every_user()),
        })
    }

    /// Replaces who may do what.
    pub fn with_rules(mut self, rules: Rules) -> Self {
        self.rules = Arc::new(rules);
        self
    }
}

impl Default for Access {
    fn default() -> Self {
        Self::anonymous()
    }
}
