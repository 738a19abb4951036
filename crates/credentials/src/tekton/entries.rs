//! The entries that one Secret, or all Secrets of a type, contribute.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use secrecy::SecretString;

use super::{MergeError, SecretProblem};
use crate::json::object;
use crate::{AuthEntry, DockerConfig, ParseError};

const DOCKER_ANNOTATION_PREFIX: &str = "tekton.dev/docker-";
/// What Tekton writes for basic-auth Secrets.
const BASIC_AUTH_EMAIL: &str = "not@val.id";

type Entries = BTreeMap<String, AuthEntry>;

/// The old format: the entries themselves, without `auths` around them.
pub(super) fn of_docker_cfg(secret: &Secret) -> Result<Entries, MergeError> {
    let text = data(secret, ".dockercfg")?;
    let entries = object(text).and_then(|members| {
        members
            .into_iter()
            .map(|(key, value)| Ok((key.clone(), AuthEntry::from_json(&key, value)?)))
            .collect::<Result<Entries, ParseError>>()
    });
    entries.map_err(|error| problem(secret, error))
}

pub(super) fn of_docker_config_json(secret: &Secret) -> Result<Entries, MergeError> {
    let config = DockerConfig::parse(data(secret, ".dockerconfigjson")?)
        .map_err(|error| problem(secret, error))?;
    Ok(config
        .entries()
        .map(|(key, entry)| (key.to_owned(), entry.clone()))
        .collect())
}

pub(super) fn of_basic_auth<'a>(
    secrets: impl Iterator<Item = &'a Secret>,
) -> Result<Entries, MergeError> {
    let mut entries = Entries::new();
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
            entries.insert(url, basic_auth_entry(secret)?);
        }
    }
    Ok(entries)
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
