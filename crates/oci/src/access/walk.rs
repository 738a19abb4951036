//! The way to a repository, step by step.

use super::classify::{obstacle, said_by_registry};
use super::granted::grants;
use super::trial::NAME_UNKNOWN;
use super::{AccessReport, AccessStep, Obstacle, Outcome, Right, Rights, Step, Verdict};
use crate::client::{Access, Call, TOKEN_SERVER_SAYS};
use crate::error::RefusedBy;
use crate::{Client, Error, ImageReference, SentCredential};

/// The actions that are asked for in scopes.
const PULL: &str = "pull";
const PULL_AND_PUSH: &str = "pull,push";

/// The tag that is looked for when none is asked about.
const LIKELY_TAG: &str = "latest";

pub(super) struct Walk<'a> {
    pub(super) client: &'a Client,
    pub(super) call: Call,
    pub(super) wanted: Rights,
    pub(super) proven: Rights,
    pub(super) sent: SentCredential,
    /// The registry took the credential, so that a later 401 is about rights.
    pub(super) logged_in: bool,
    pub(super) granted: Option<Vec<String>>,
    pub(super) repository_exists: Option<bool>,
    /// The tag to look for.
    pub(super) tag: String,
    steps: Vec<AccessStep>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(client: &'a Client, repository: &ImageReference, wanted: Rights) -> Self {
        let access = match wanted.push {
            true => Access::Push,
            false => Access::Pull,
        };
        let action = format!("check access to {}", repository.name());
        Self {
            client,
            call: Call::new(access, &repository.without_tag_and_digest(), action),
            wanted,
            proven: Rights::default(),
            sent: SentCredential::Nothing,
            logged_in: false,
            granted: None,
            repository_exists: None,
            tag: repository.tag().unwrap_or(LIKELY_TAG).to_owned(),
            steps: Vec::new(),
        }
    }

    /// No further than to the login.
    pub(super) fn of_login(client: &'a Client, registry: &str) -> Result<Self, Error> {
        // Credentials are looked up by repository; this one stands for the registry, and is in no request and no text.
        let place: ImageReference = format!("{registry}/repositories").parse()?;
        let mut walk = Self::new(client, &place, Rights::default());
        let action = format!("check the login at {registry}");
        walk.call = Call::new(Access::Login, &place, action);
        Ok(walk)
    }

    pub(super) fn is_of_login(&self) -> bool {
        self.call.access == Access::Login
    }

    pub(super) fn into_report(self, obstacle: Option<Obstacle>) -> AccessReport {
        AccessReport {
            repository: self.call.place(),
            address: self.client.address(&self.call.repository).to_owned(),
            wanted: self.wanted,
            verdict: Verdict::of(self.wanted, self.proven, obstacle.as_ref()),
            proven: self.proven,
            credential: self.sent,
            granted: self.granted,
            repository_exists: self.repository_exists,
            steps: self.steps,
            obstacle,
        }
    }

    pub(super) async fn run(&mut self) -> Result<(), Obstacle> {
        self.find_credential()?;
        let answer = self.reach_registry().await?;
        self.log_in(answer).await?;
        if self.wanted.pull {
            self.pull().await?;
        }
        if self.wanted.push {
            self.push().await?;
        }
        Ok(())
    }

    fn find_credential(&mut self) -> Result<(), Obstacle> {
        match self.client.credential(&self.call) {
            Ok(found) => {
                self.sent = found.as_ref().into();
                let (outcome, detail) = match &self.sent {
                    SentCredential::Nothing => (
                        Outcome::Skipped,
                        match self.is_of_login() {
                            true => "none is known for this registry".to_owned(),
                            false => "none is known for this repository".to_owned(),
                        },
                    ),
                    sent => (Outcome::Passed, format!("{sent} is known")),
                };
                self.note(Step::Credential, outcome, detail);
                Ok(())
            }
            Err(error) => {
                let detail = match error {
                    Error::Credential { detail, .. } => detail,
                    other => other.to_string(),
                };
                let repository = self.call.place();
                Err(self.fail(
                    Step::Credential,
                    Obstacle::CredentialLookup { repository, detail },
                ))
            }
        }
    }

    pub(super) fn asked(&self) -> &'static str {
        match self.wanted.push {
            true => PULL_AND_PUSH,
            false => PULL,
        }
    }

    /// The right that would have been tried first.
    pub(super) fn first_right(&self) -> Right {
        match self.wanted.pull {
            true => Right::Pull,
            false => Right::Push,
        }
    }

    pub(super) fn refuse(&mut self, step: Step, right: Right, error: Error) -> Obstacle {
        let found = match error {
            Error::Unauthorized {
                said, refused_by, ..
            } if self.logged_in || refused_by == RefusedBy::RegistryDespiteToken => {
                self.denied(right, said)
            }
            Error::Forbidden { detail, .. } => self.denied(right, detail),
            other => obstacle(other),
        };
        self.fail(step, found)
    }

    /// The credential is right, or there is none, and the registry does not let it.
    pub(super) fn denied(&self, right: Right, said: String) -> Obstacle {
        let repository = self.call.place();
        if self.sent == SentCredential::Nothing {
            let said = said_by_registry(&said);
            return Obstacle::LoginNeeded { repository, said };
        }
        if right == Right::Push && self.repository_exists == Some(false) {
            return self.not_created(said);
        }
        match &self.granted {
            Some(granted) if !grants(granted, right.name()) => Obstacle::ScopesTooSmall {
                repository,
                sent: self.sent.clone(),
                asked: self.asked().to_owned(),
                granted: granted.clone(),
            },
            _ => Obstacle::NoRight {
                repository,
                sent: self.sent.clone(),
                right,
                said: match self.was_sent(&said) {
                    true => said_by_registry(&said),
                    false => format!(
                        "{}, and it did not ask for a login",
                        said_by_registry(&said)
                    ),
                },
            },
        }
    }

    /// Whether anybody saw the credential: a registry may refuse without asking for it.
    fn was_sent(&self, said: &str) -> bool {
        self.logged_in
            || said.starts_with(TOKEN_SERVER_SAYS)
            || self.client.known_authorization(&self.call).is_some()
    }

    /// A push to a repository that does not exist was denied. Registries use the same words for a missing right and for a repository
    /// that has to be made first; what they say beside it may tell.
    fn not_created(&self, said: String) -> Obstacle {
        let has_right = |granted: &Vec<String>| grants(granted, Right::Push.name());
        if said.starts_with(NAME_UNKNOWN) || self.granted.as_ref().is_some_and(has_right) {
            return self.must_exist(said);
        }
        Obstacle::NoRightOrNoRepository {
            repository: self.call.repository.name(),
            sent: self.sent.clone(),
            said: said_by_registry(&said),
        }
    }

    pub(super) fn must_exist(&self, said: String) -> Obstacle {
        Obstacle::RepositoryMustExist {
            repository: self.call.repository.name(),
            sent: self.sent.clone(),
            said: said_by_registry(&said),
        }
    }

    pub(super) fn fail(&mut self, step: Step, obstacle: Obstacle) -> Obstacle {
        self.note(step, Outcome::Failed, obstacle.to_string());
        obstacle
    }

    pub(super) fn note(&mut self, step: Step, outcome: Outcome, detail: String) {
        self.steps.push(AccessStep {
            step,
            outcome,
            detail,
        });
    }
}
