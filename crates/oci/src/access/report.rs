//! What a check found.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{AccessStep, Obstacle, Outcome, Rights, Step, Verdict};
use crate::SentCredential;

/// What a credential can do with a repository, and how that was found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessReport {
    /// `HOST/REPOSITORY`; the host alone where only the login was tried.
    pub repository: String,
    /// `HOST[:PORT]` where the registry was reached.
    pub address: String,
    /// What was asked about.
    pub wanted: Rights,
    /// What the check came to.
    pub verdict: Verdict,
    /// What was shown to work.
    pub proven: Rights,
    /// The credential that was used.
    pub credential: SentCredential,
    /// The actions that the registry's token says it grants. `None` where there is no token, or one that only the registry can read.
    /// This explains; it proves nothing, for the token's signature is the registry's to check.
    pub granted: Option<Vec<String>>,
    /// Whether the repository exists; `None` when the check did not come to that.
    pub repository_exists: Option<bool>,
    /// The steps that were taken, in order.
    pub steps: Vec<AccessStep>,
    /// Where the way ended; `None` when everything that was wanted works. As JSON it has its `message` and `remedy` too.
    #[serde(serialize_with = "explained")]
    pub obstacle: Option<Obstacle>,
}

impl AccessReport {
    fn took_login(&self) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|step| step.step == Step::Login && step.outcome == Outcome::Passed)
    }

    /// True when everything that was wanted works.
    #[must_use]
    pub fn is_granted(&self) -> bool {
        self.verdict == Verdict::Granted
    }
}

impl fmt::Display for AccessReport {
    /// One line for each step, then what is in the way and what to do.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.repository)?;
        if !matches!(self.obstacle, Some(Obstacle::CredentialLookup { .. })) {
            write!(formatter, " with {}", self.credential)?;
        }
        for step in &self.steps {
            write!(formatter, "\n  {:<10} ", step.step)?;
            match step.outcome {
                // What is in the way comes last, in full.
                Outcome::Failed => write!(formatter, "{}", step.outcome)?,
                _ => write!(formatter, "{:<7} {}", step.outcome, step.detail)?,
            }
        }
        let is_of_login = self.wanted == Rights::default();
        let Some(obstacle) = &self.obstacle else {
            return match (is_of_login, &self.credential) {
                (false, _) => write!(formatter, "\n{} granted", self.proven),
                (true, SentCredential::Nothing) => formatter.write_str("\nno login is asked for"),
                (true, _) if self.took_login() => formatter.write_str("\nthe login works"),
                (true, _) => formatter.write_str("\nthe login was not asked for"),
            };
        };
        let missing = match is_of_login {
            true => "login".to_owned(),
            false => self.wanted.without(self.proven).to_string(),
        };
        match self.verdict {
            Verdict::Refused => write!(formatter, "\n{missing} refused: {obstacle}")?,
            _ => write!(formatter, "\n{missing} could not be tried: {obstacle}")?,
        }
        write!(formatter, "\nto do: {}", obstacle.remedy())
    }
}

fn explained<S: Serializer>(obstacle: &Option<Obstacle>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Explained<'a> {
        #[serde(flatten)]
        obstacle: &'a Obstacle,
        message: String,
        remedy: String,
    }
    let explained = obstacle.as_ref().map(|obstacle| Explained {
        obstacle,
        message: obstacle.to_string(),
        remedy: obstacle.remedy(),
    });
    explained.serialize(serializer)
}
