//! What Tekton turns the Secrets of a ServiceAccount into (`creds-init`, TP:pkg/credentials/dockercreds/creds.go).
//!
//! A pure function, so that a stand-in can do it and a command can predict it.

mod entries;
mod error;
mod explain;

pub use error::{MergeError, SecretProblem};
pub use explain::{Claim, Concern, Explanation, LossReason, LostClaim, explain};

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Secret;

use crate::{AuthEntry, DockerConfig};
use entries::Contribution;

/// The docker config that Tekton writes to a step's `$HOME/.docker/config.json`.
///
/// `secrets` are the existing Secrets that `ServiceAccount.secrets` lists, in its order; `imagePullSecrets` are not among
/// them. A Secret that does not exist is left out by the caller, who records Tekton's `FailedToRetrieveSecret` event.
///
/// The rules: all `kubernetes.io/dockercfg` come first, then all `kubernetes.io/dockerconfigjson`, then all
/// `kubernetes.io/basic-auth` with annotations `tekton.dev/docker-*: URL`; within a type the order of the list; of two
/// entries with the same key the later one wins. Keys are copied verbatim. Of an entry only `username`, `password`, `auth`
/// (always written, possibly empty) and `email` survive. Other types are ignored, and so is the second mention of a Secret.
///
/// `Ok(None)`: there is nothing to write, and Tekton writes no file.
///
/// # Errors
/// One Secret cannot be used. Tekton then writes **no file at all**, logs `Error initializing credentials: …` and runs the
/// step unauthenticated; the caller must do the same.
pub fn docker_config(
    secrets_in_service_account_order: &[Secret],
) -> Result<Option<DockerConfig>, MergeError> {
    let contributions = contributions(secrets_in_service_account_order)?;
    Ok(config_of(contributions))
}

/// What all Secrets contribute, in the order in which Tekton writes it: later entries replace earlier ones with the same key.
fn contributions(secrets: &[Secret]) -> Result<Vec<Contribution>, MergeError> {
    let mut seen = BTreeSet::new();
    let secrets: Vec<&Secret> = secrets
        .iter()
        .filter(|secret| seen.insert(secret.metadata.name.clone().unwrap_or_default()))
        .collect();

    let mut all = Vec::new();
    for secret in of_type(&secrets, "kubernetes.io/dockercfg") {
        all.extend(entries::of_docker_cfg(secret)?);
    }
    for secret in of_type(&secrets, "kubernetes.io/dockerconfigjson") {
        all.extend(entries::of_docker_config_json(secret)?);
    }
    all.extend(entries::of_basic_auth(of_type(
        &secrets,
        "kubernetes.io/basic-auth",
    ))?);
    Ok(all)
}

fn config_of(contributions: Vec<Contribution>) -> Option<DockerConfig> {
    let mut config = DockerConfig::new();
    for Contribution { key, entry, .. } in contributions {
        config.insert(key, surviving(entry));
    }
    (!config.is_empty()).then_some(config)
}

fn of_type<'a>(secrets: &[&'a Secret], type_: &str) -> impl Iterator<Item = &'a Secret> {
    secrets
        .iter()
        .copied()
        .filter(move |secret| secret.type_.as_deref() == Some(type_))
}

fn surviving(entry: AuthEntry) -> AuthEntry {
    AuthEntry {
        username: entry.username.filter(|name| !name.is_empty()),
        password: entry.password,
        auth: Some(entry.auth.unwrap_or_default()),
        email: entry.email.filter(|address| !address.is_empty()),
        ..AuthEntry::default()
    }
}
