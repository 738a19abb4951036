//! Who may do what: authentication (nobody, htpasswd, bearer tokens) and rights by repository prefix.
//!
//! The specification leaves access to the registry. What is done here is what its clients expect: HTTP Basic (RFC 7617), or the token flow of
//! the Docker registry protocol, in which the answer to a request without rights names an endpoint that sells the right token.

mod authenticate;
mod files;
mod htpasswd;
mod rules;
mod token;
mod watched;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use files::{AccessFileError, AccessFiles};
pub use htpasswd::{Htpasswd, HtpasswdError};
pub use rules::{Right, RuleError, Rules};

pub(crate) use authenticate::{Caller, Wrong, log_in, verify};
pub(crate) use token::{Claims, Grant, expiry};

use self::token::Signer;
use self::watched::Watched;

/// How callers show who they are, and what each may do. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Access {
    pub(crate) authentication: Authentication,
    pub(crate) rules: Arc<Rules>,
    /// Where both are read from again, if they are.
    watched: Option<Arc<Watched>>,
}

/// How users log in.
#[derive(Clone, Debug)]
pub enum LogIn {
    /// With HTTP Basic, at every request.
    Basic,
    /// With bearer tokens that they fetch at `/token`.
    Token(TokenSettings),
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
    pub(crate) settings: Arc<TokenSettings>,
    pub(crate) signer: Arc<Signer>,
    /// Keys that signed tokens before users went.
    pub(crate) retired: Vec<Retired>,
}

/// A key that signs nothing any more. Its tokens are good until they expire, but for those of some users.
#[derive(Clone, Debug)]
pub(crate) struct Retired {
    pub(crate) signer: Arc<Signer>,
    /// Whose tokens are void.
    pub(crate) ended: BTreeSet<String>,
    /// When the last token that it signed expires.
    pub(crate) until: Instant,
}

impl TokenService {
    /// The claims of a token that was issued here, has not expired, and whose user has not gone since.
    pub(crate) fn check(&self, token: &str) -> Option<Claims> {
        self.check_for(token, &self.settings.service)
    }

    /// As [`TokenService::check`], for a refresh token. One kind is never taken for the other: their audiences differ.
    pub(crate) fn check_refresh(&self, token: &str) -> Option<Claims> {
        self.check_for(token, &self.refresh_audience())
    }

    /// The audience of refresh tokens.
    pub(crate) fn refresh_audience(&self) -> String {
        format!("{} refresh", self.settings.service)
    }

    fn check_for(&self, token: &str, audience: &str) -> Option<Claims> {
        self.signer.check(token, audience).or_else(|| {
            self.retired.iter().find_map(|old| {
                let claims = old.signer.check(token, audience)?;
                (!old.ended.contains(&claims.sub)).then_some(claims)
            })
        })
    }
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
    /// How long a refresh token is good for, unless the registry restarts or its user is removed before. Default 30 days.
    pub refresh_lifetime: Duration,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            service: "registry".to_owned(),
            realm: None,
            lifetime: Duration::from_secs(300),
            refresh_lifetime: Duration::from_secs(30 * 24 * 3600),
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
            watched: None,
        }
    }

    /// Users log in with HTTP Basic. Without [`Access::with_rules`] each of them may do everything, and nobody else anything.
    pub fn htpasswd(users: Htpasswd) -> Self {
        Self {
            authentication: Authentication::Basic(Arc::new(users)),
            rules: Arc::new(Rules::every_user()),
            watched: None,
        }
    }

    /// Users fetch bearer tokens at `/token`, with HTTP Basic or anonymously. Tokens are signed with a key that lives as long as this value.
    ///
    /// # Errors
    /// [`NoRandomness`] when no key can be made.
    pub fn tokens(users: Htpasswd, settings: TokenSettings) -> Result<Self, NoRandomness> {
        Ok(Self {
            authentication: Authentication::Token(Arc::new(TokenService {
                users: Arc::new(users),
                settings: Arc::new(settings),
                signer: Arc::new(Signer::new()?),
                retired: Vec::new(),
            })),
            rules: Arc::new(Rules::every_user()),
            watched: None,
        })
    }

    /// Users and rules are those of files, at each request as the files are then: a user can be added or removed while the
    /// registry runs. The password of a user who was removed, and every token that was issued to them, end at once.
    ///
    /// A file that is damaged, or gone, changes nothing: the last good content stays in force and the log says why. Replace
    /// files by renaming, so that no half of one is read.
    ///
    /// # Errors
    /// [`AccessFileError`]: the files must be good at the start.
    pub fn watching(files: AccessFiles, login: LogIn) -> Result<Self, AccessFileError> {
        let watched = Watched::open(files, login)?;
        let (authentication, rules) = watched.current();
        Ok(Self {
            authentication,
            rules,
            watched: Some(Arc::new(watched)),
        })
    }

    /// Replaces who may do what. Users and rules of [`Access::watching`] stay those of its files.
    pub fn with_rules(mut self, rules: Rules) -> Self {
        self.rules = Arc::new(rules);
        self
    }

    /// What holds for a request that arrives now.
    pub(crate) fn current(&self) -> Self {
        match &self.watched {
            None => self.clone(),
            Some(watched) => {
                let (authentication, rules) = watched.current();
                Self {
                    authentication,
                    rules,
                    watched: None,
                }
            }
        }
    }
}

impl Default for Access {
    fn default() -> Self {
        Self::anonymous()
    }
}
