//! Which Secret's entry a step uses for a repository, and which it does not.

use std::fmt;

use k8s_openapi::api::core::v1::Secret;

use super::{MergeError, config_of, contributions};
use crate::lookup::{covers, is_meant_for, plain};
use crate::{Credential, EntryProblem, printable};

/// What the steps of a pipeline log in with for one repository.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The entry that is used; `None`: the steps are anonymous there.
    pub winner: Option<Claim>,
    /// What that entry says.
    pub credential: Result<Option<Credential>, EntryProblem>,
    /// Entries for the same repository that are not used, in the order of the Secrets.
    pub lost: Vec<LostClaim>,
    /// Why some tools of the steps may not find the winner.
    pub concerns: Vec<Concern>,
}

/// An entry that answers for the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Name of the Secret.
    pub secret: String,
    /// The entry's key, as written.
    pub key: String,
}

/// An entry that another one beats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostClaim {
    /// The entry.
    pub claim: Claim,
    /// Why it is not used.
    pub reason: LossReason,
}

/// Why an entry is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LossReason {
    /// A later Secret of the same type has the same key.
    Overwritten {
        /// Name of the Secret that Tekton takes the entry from.
        by: String,
    },
    /// A Secret of a type that Tekton reads later has the same key, wherever it is linked.
    TypeCountsLess {
        /// Name of the Secret that Tekton takes the entry from.
        by: String,
    },
    /// The winner's key is longer, or is written exactly like the repository's prefix.
    LessSpecific,
}

/// Why a tool may not find an entry that others find, or that a person takes for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concern {
    /// The entry has no `auth`, only a user name, a password or a token, and Tekton computes none for docker configs.
    NoAuth,
    /// The key has a scheme or is another name of Docker Hub; some tools compare keys literally.
    KeyNotPlain,
    /// The key looks as if it covered the repository, and no tool reads it so.
    KeyNotRead {
        /// The entry.
        claim: Claim,
        /// How the key has to be written.
        plain: String,
    },
}

impl fmt::Display for Concern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAuth => formatter.write_str(
                "the entry has no `auth`; Buildah and Skopeo read nothing else, so they are not logged in",
            ),
            Self::KeyNotPlain => formatter.write_str(
                "the entry's key is not plain `registry[/path]`; steps that store or fetch trusted artifacts do not find it",
            ),
            Self::KeyNotRead { claim, plain } => write!(
                formatter,
                "entry `{}` of Secret `{}` is not read for this repository: Buildah and Skopeo compare keys as they are written; \
                 write it as `{}`",
                printable(&claim.key),
                printable(&claim.secret),
                printable(plain)
            ),
        }
    }
}

/// Which of the linked Secrets answers for `repository`, by the rules of [`docker_config`](super::docker_config) and of the tools that read
/// its result ([`DockerConfig::lookup`](crate::DockerConfig::lookup)).
///
/// # Errors
/// One Secret cannot be used, and Tekton then passes no credentials at all.
pub fn explain(
    secrets_in_service_account_order: &[Secret],
    repository: &str,
) -> Result<Explanation, MergeError> {
    let type_of = |name: &str| {
        let mut secrets = secrets_in_service_account_order.iter();
        let secret = secrets.find(|secret| secret.metadata.name.as_deref() == Some(name));
        secret.and_then(|secret| secret.type_.as_deref())
    };
    let contributions = contributions(secrets_in_service_account_order)?;
    let all = contributions.iter().map(|contribution| Claim {
        secret: contribution.secret.clone(),
        key: contribution.key.clone(),
    });
    let (claims, others): (Vec<Claim>, Vec<Claim>) =
        all.partition(|claim| covers(&claim.key, repository));
    let config = config_of(contributions).unwrap_or_default();
    let key = config.matching_key(repository);
    let holder = |key: &str| claims.iter().rposition(|claim| claim.key == key);
    let winner = key.and_then(holder);

    let lost = claims.iter().enumerate().filter_map(|(index, claim)| {
        let last = holder(&claim.key).unwrap_or(index);
        let reason = match winner == Some(index) {
            true => return None,
            false if last != index => {
                let by = claims[last].secret.clone();
                match type_of(&claim.secret) == type_of(&by) {
                    true => LossReason::Overwritten { by },
                    false => LossReason::TypeCountsLess { by },
                }
            }
            false => LossReason::LessSpecific,
        };
        Some(LostClaim {
            claim: claim.clone(),
            reason,
        })
    });
    let mut concerns = Vec::new();
    if let Some((key, entry)) = key.and_then(|key| Some((key, config.get(key)?))) {
        if !entry.has_auth() {
            concerns.push(Concern::NoAuth);
        }
        // Tools that compare literally have Docker's own name for Docker Hub too.
        if key != plain(key) && key != crate::lookup::DOCKER_HUB_SERVER {
            concerns.push(Concern::KeyNotPlain);
        }
    }
    let meant = others
        .into_iter()
        .filter(|claim| is_meant_for(&claim.key, repository));
    concerns.extend(meant.map(|claim| Concern::KeyNotRead {
        plain: plain(&claim.key),
        claim,
    }));
    Ok(Explanation {
        lost: lost.collect(),
        credential: config.lookup(repository).map_err(|error| error.problem),
        winner: winner.map(|index| claims[index].clone()),
        concerns,
    })
}
