//! Users and rules that follow their files while the registry runs.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::files::Looks;
use super::token::Signer;
use super::{
    AccessFileError, AccessFiles, Authentication, Htpasswd, LogIn, NoRandomness, Retired, Rules,
    TokenService, TokenSettings,
};

/// The files, and what was read from them last.
///
/// They are looked at before each request, as distribution does with its password file: who was removed is out at once, without
/// a signal to send or a moment to wait for. That costs two system calls.
#[derive(Debug)]
pub(crate) struct Watched {
    files: AccessFiles,
    login: Login,
    state: Mutex<State>,
}

/// How users log in.
#[derive(Debug)]
enum Login {
    Basic,
    Token(Arc<TokenSettings>),
}

#[derive(Debug)]
struct State {
    looks: Looks,
    /// Of files that could not be used; an unchanged reason is told once.
    complaint: Option<String>,
    authentication: Authentication,
    rules: Arc<Rules>,
}

impl Watched {
    pub(super) fn open(files: AccessFiles, login: LogIn) -> Result<Self, AccessFileError> {
        let looks = files.looks();
        let (users, rules) = files.read()?;
        let users = Arc::new(users);
        let (login, authentication) = match login {
            LogIn::Basic => (Login::Basic, Authentication::Basic(users)),
            LogIn::Token(settings) => {
                let settings = Arc::new(settings);
                let service = TokenService {
                    users,
                    settings: settings.clone(),
                    signer: Arc::new(Signer::new()?),
                    retired: Vec::new(),
                };
                (
                    Login::Token(settings),
                    Authentication::Token(Arc::new(service)),
                )
            }
        };
        Ok(Self {
            files,
            login,
            state: Mutex::new(State {
                looks,
                complaint: None,
                authentication,
                rules: Arc::new(rules),
            }),
        })
    }

    /// Users and rules as the files have them now; the last good ones when the files cannot be used.
    pub(super) fn current(&self) -> (Authentication, Arc<Rules>) {
        let looks = self.files.looks();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.looks.prove_unchanged(&looks) {
            let outcome = self.follow(&mut state);
            state.looks = looks;
            let complaint = outcome.err().map(|error| error.to_string());
            if let Some(reason) = &complaint
                && state.complaint != complaint
            {
                tracing::error!("users and rules stay as they were: {reason}");
            }
            state.complaint = complaint;
        }
        (state.authentication.clone(), state.rules.clone())
    }

    fn follow(&self, state: &mut State) -> Result<(), AccessFileError> {
        let (users, rules) = self.files.read()?;
        let known = match &state.authentication {
            Authentication::Nobody => None,
            Authentication::Basic(known) => Some(known),
            Authentication::Token(service) => Some(&service.users),
        };
        let same_users = known.is_some_and(|known| known.is_the_same_as(&users));
        if !same_users {
            let ended = known.map_or_else(BTreeSet::new, |known| known.ended_in(&users));
            let users = Arc::new(match known {
                Some(known) => users.remembering(known),
                None => users,
            });
            state.authentication = self.authentication(users, ended, &state.authentication)?;
            tracing::info!(
                "the users changed, {} has them",
                self.files.htpasswd.display()
            );
        }
        if *state.rules != rules {
            state.rules = Arc::new(rules);
            tracing::info!("the rules changed");
        }
        Ok(())
    }

    /// `ended` are the users who went, or whose password is another one now: no token of theirs is good any more.
    fn authentication(
        &self,
        users: Arc<Htpasswd>,
        ended: BTreeSet<String>,
        before: &Authentication,
    ) -> Result<Authentication, NoRandomness> {
        let settings = match &self.login {
            Login::Basic => return Ok(Authentication::Basic(users)),
            Login::Token(settings) => settings.clone(),
        };
        let (mut signer, mut retired) = (None, Vec::new());
        if let Authentication::Token(before) = before {
            let now = Instant::now();
            retired.extend(before.retired.iter().filter(|old| old.until > now).cloned());
            // A token says whose it is and not with which password it was bought, so that only another key tells the tokens
            // of a user who comes back from those of the one who went. Everybody else's tokens go on.
            for old in &mut retired {
                old.ended.extend(ended.iter().cloned());
            }
            if ended.is_empty() {
                signer = Some(before.signer.clone());
            } else {
                retired.push(Retired {
                    signer: before.signer.clone(),
                    ended,
                    // Refresh tokens live longest.
                    until: now + settings.lifetime.max(settings.refresh_lifetime),
                });
            }
        }
        let signer = match signer {
            Some(signer) => signer,
            None => Arc::new(Signer::new()?),
        };
        Ok(Authentication::Token(Arc::new(TokenService {
            users,
            settings,
            signer,
            retired,
        })))
    }
}
