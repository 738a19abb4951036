//! The entries that one Secret, or all Secrets of a type, contribute.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use secrecy::SecretString;

use super::{MergeError, SecretProblem};
use crate::{AuthEntry, DockerConfig, ParseError};

const DOCKER_ANNOTATION_PREFIX: &str = "tekton.dev/docker-";
/// What Tekton writes for basic-auth Secrets.
const BASIC_AUTH_EMAIL: &str = "not@val.id";

/// One entry that a Secret contributes.
pub(super) struct Contribution {
    pub(super) secret: String,
    pub(super) key: String,
    pub(super) entry: AuthEntry,
}

/// The old format: the entries themselves, without `auths` around them.
pub(super) fn of_docker_cfg(secret: &Secret) -> Result<Vec<Contribution>, MergeError> {
    contributions(secret, ".dockercfg", DockerConfig::parse_legacy)
}

pub(super) fn of_docker_config_json(secret: &Secret) -> Result<Vec<Contribution>, MergeError> {
    contributions(secret, ".dockerconfigjson", DockerConfig::parse)
}

fn contributions(
    secret: &Secret,
    data_key: &'static str,
    parse: impl Fn(&[u8]) -> Result<DockerConfig, ParseError>,
) -> Result<Vec<Contribution>, MergeError> {
    let config = parse(data(secret, data_key)?).map_err(|error| problem(secret, error))?;
    let contribution = |(key, entry): (&str, &AuthEntry)| Contribution {
        secret: name(secret).to_owned(),
        key: key.to_owned(),
        entry: entry.clone(),
    };
    Ok(config.entries().map(contribution).collect())
}

pub(super) fn of_basic_auth<'a>(
    secrets: impl Iterator<Item = &'a Secret>,
) -> Result<Vec<Contribution>, MergeError> {
    let mut contributions = Vec::new();
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for secret in secrets {
        for url in annotated_urls(secret) {
            if let Some(text) = [name(secret), url.as_str()]
                .into_iter()
                .find(|text| text.contains('='))
            {
                return Err(problem(secret, SecretProblem::EqualsSign(text.to_owned())));
            }
            if let Some(first) = owners.insert(url.clone(), name(secret).to_owned()) {
                return Err(MergeError::DuplicateUrl {
                    url,
                    first,
                    second: name(secret).to_owned(),
                });
            }
            contributions.push(Contribution {
                secret: name(secret).to_owned(),
                key: url,
                entry: basic_auth_entry(secret)?,
            });
        }
    }
    Ok(contributions)
}

fn annotated_urls(secret: &Secret) -> Vec<String> {
    let mut urls: Vec<String> = secret
        .metadata
        .annotations
        .iter()
        .flatten()
        .filter(|(name, _)| name.starts_with(DOCKER_ANNOTATION_PREFIX))
        .map(|(_, url)| url.clone())
        .collect();
    urls.sort();
    urls
}

fn basic_auth_entry(secret: &Secret) -> Result<AuthEntry, MergeError> {
    let username = text(secret, "username")?;
    let password = SecretString::from(text(secret, "password")?);
    let login = AuthEntry::login(&username, &password);
    Ok(AuthEntry {
        username: Some(username),
        password: Some(password),
        email: Some(BASIC_AUTH_EMAIL.to_owned()),
        ..login
    })
}

fn data<'a>(secret: &'a Secret, key: &'static str) -> Result<&'a [u8], MergeError> {
    match secret.data.as_ref().and_then(|data| data.get(key)) {
        Some(value) => Ok(&value.0),
        None => Err(problem(secret, SecretProblem::MissingKey(key))),
    }
}

fn text(secret: &Secret, key: &'static str) -> Result<String, MergeError> {
    String::from_utf8(data(secret, key)?.to_vec())
        .map_err(|_| problem(secret, SecretProblem::NotText(key)))
}

fn name(secret: &Secret) -> &str {
    secret.metadata.name.as_deref().unwrap_or("(unnamed)")
}

fn problem(secret: &Secret, problem: impl Into<SecretProblem>) -> MergeError {
    MergeError::Secret {
        secret: name(secret).to_owned(),
        problem: problem.into(),
    }
}
