//! Creating a push secret, or adding entries to one that exists.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Client, Error};
use secrecy::ExposeSecret;

use super::ownership::writing_program;
use super::{ATTEMPTS, DATA_KEY, DOCKER_CONFIG_JSON, FIELD_MANAGER, KubernetesError, SecretError};
use crate::{DockerConfig, EntryChanges, ParseError};

/// The most that all values of a Secret may have together, in bytes (`MaxSecretSize`).
const SIZE_LIMIT: usize = 1024 * 1024;

/// What became of a push secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretChange {
    /// There was none of this name.
    Created,
    /// It has other entries now.
    Updated(EntryChanges),
    /// It held all entries already, and nothing was written.
    Unchanged,
}

/// Makes the Secret `name` hold the entries of `config`; entries for other registries stay.
///
/// A new Secret gets `labels`. They are not put on a Secret that did not have them: it is somebody else's, and labels may mean that
/// this program may delete it.
///
/// # Errors
/// The Secret cannot or must not be changed; see [`SecretError`]. Nothing was written then.
pub async fn apply_push_secret(
    client: &Client,
    namespace: &str,
    name: &str,
    config: &DockerConfig,
    labels: &BTreeMap<String, String>,
) -> Result<SecretChange, SecretError> {
    let target = Target {
        secrets: Api::namespaced(client.clone(), namespace),
        object: Object { namespace, name },
        labels,
    };
    for _ in 0..ATTEMPTS {
        let existing = target
            .secrets
            .get_opt(name)
            .await
            .map_err(|error| target.refused("read", error))?;
        let outcome = match existing {
            None => target.create(config).await,
            Some(existing) => target.update(&existing, config).await,
        };
        match outcome {
            Ok(change) => return Ok(change),
            // Somebody was faster: decide anew on what is there now.
            Err(Outcome::Overtaken) => {}
            Err(Outcome::Refused(error)) => return Err(error),
        }
    }
    Err(SecretError::Contended {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        attempts: ATTEMPTS,
    })
}

/// The Secret that [`apply_push_secret`] would leave, given the one of this name that is there now. Writes nothing.
///
/// # Errors
/// As [`apply_push_secret`] would refuse: the Secret cannot or must not be changed.
pub fn predict_push_secret(
    existing: Option<&Secret>,
    namespace: &str,
    name: &str,
    config: &DockerConfig,
) -> Result<Secret, SecretError> {
    let object = Object { namespace, name };
    let Some(existing) = existing else {
        object.check_size(0, config)?;
        return Ok(object.content(config, None, None));
    };
    let (merged, changes) = object.merge(existing, config)?;
    if changes.is_nothing() {
        return Ok(existing.clone());
    }
    object.check_changeable(existing, &merged)?;
    Ok(object.content(&merged, None, None))
}

struct Target<'a> {
    secrets: Api<Secret>,
    object: Object<'a>,
    labels: &'a BTreeMap<String, String>,
}

/// Which Secret; judges what may become of it.
#[derive(Clone, Copy)]
struct Object<'a> {
    namespace: &'a str,
    name: &'a str,
}

enum Outcome {
    Overtaken,
    Refused(SecretError),
}

impl Target<'_> {
    /// By POST, which fails when somebody else creates it first; an apply would write over it.
    async fn create(&self, config: &DockerConfig) -> Result<SecretChange, Outcome> {
        let checked = self.object.check_size(0, config);
        checked.map_err(Outcome::Refused)?;
        let parameters = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        let secret = self.object.content(config, Some(self.labels), None);
        self.secrets
            .create(&parameters, &secret)
            .await
            .map_err(|error| self.outcome("create", error))?;
        Ok(SecretChange::Created)
    }

    async fn update(
        &self,
        existing: &Secret,
        config: &DockerConfig,
    ) -> Result<SecretChange, Outcome> {
        let merged = self.object.merge(existing, config);
        let (merged, changes) = merged.map_err(Outcome::Refused)?;
        if changes.is_nothing() {
            return Ok(SecretChange::Unchanged);
        }
        let changeable = self.object.check_changeable(existing, &merged);
        changeable.map_err(Outcome::Refused)?;
        let is_ours = |labels: &BTreeMap<String, String>| {
            let mut wanted = self.labels.iter();
            wanted.all(|(label, value)| labels.get(label) == Some(value))
        };
        let labels = existing.metadata.labels.as_ref();
        let labels = labels.filter(|labels| is_ours(labels)).map(|_| self.labels);
        let version = existing.metadata.resource_version.clone();
        let secret = self.object.content(&merged, labels, version);
        // Forced, because the value may be a person's, which was judged above; the resource version makes sure that it still is what was judged.
        let parameters = PatchParams::apply(FIELD_MANAGER).force();
        self.secrets
            .patch(self.object.name, &parameters, &Patch::Apply(&secret))
            .await
            .map_err(|error| self.outcome("change", error))?;
        Ok(SecretChange::Updated(changes))
    }

    fn outcome(&self, attempt: &str, error: Error) -> Outcome {
        match &error {
            Error::Api(status) if status.code == 409 => Outcome::Overtaken,
            _ => Outcome::Refused(self.refused(attempt, error)),
        }
    }

    fn refused(&self, attempt: &str, error: Error) -> SecretError {
        let attempt = format!(
            "{attempt} Secret {}/{}",
            self.object.namespace, self.object.name
        );
        KubernetesError::new(attempt, error).into()
    }
}

impl Object<'_> {
    fn merge(
        &self,
        existing: &Secret,
        config: &DockerConfig,
    ) -> Result<(DockerConfig, EntryChanges), SecretError> {
        let (namespace, name) = (self.namespace.to_owned(), self.name.to_owned());
        let found = existing.type_.as_deref().unwrap_or("Opaque");
        if found != DOCKER_CONFIG_JSON {
            return Err(SecretError::OtherType {
                namespace,
                name,
                found: found.to_owned(),
            });
        }
        let data = existing.data.as_ref().and_then(|data| data.get(DATA_KEY));
        let parsed = data
            .ok_or(ParseError::Empty)
            .and_then(|data| DockerConfig::parse(&data.0));
        match parsed {
            Ok(parsed) => Ok(parsed.merged_with(config)),
            Err(problem) => Err(SecretError::Damaged {
                namespace,
                name,
                problem,
            }),
        }
    }

    fn check_changeable(
        &self,
        existing: &Secret,
        merged: &DockerConfig,
    ) -> Result<(), SecretError> {
        let (namespace, name) = (self.namespace.to_owned(), self.name.to_owned());
        if existing.immutable == Some(true) {
            return Err(SecretError::Immutable { namespace, name });
        }
        if let Some(owner) = writing_program(existing) {
            return Err(SecretError::ManagedElsewhere {
                namespace,
                name,
                owner,
            });
        }
        let others = existing.data.iter().flatten();
        let others = others.filter(|(key, _)| key.as_str() != DATA_KEY);
        self.check_size(others.map(|(_, value)| value.0.len()).sum(), merged)
    }

    fn check_size(&self, others: usize, config: &DockerConfig) -> Result<(), SecretError> {
        let size = others + config.to_json().expose_secret().len();
        match size > SIZE_LIMIT {
            true => Err(SecretError::TooLarge {
                namespace: self.namespace.to_owned(),
                name: self.name.to_owned(),
                size,
            }),
            false => Ok(()),
        }
    }

    fn content(
        &self,
        config: &DockerConfig,
        labels: Option<&BTreeMap<String, String>>,
        resource_version: Option<String>,
    ) -> Secret {
        let value = ByteString(config.to_json().expose_secret().as_bytes().to_vec());
        Secret {
            metadata: ObjectMeta {
                name: Some(self.name.to_owned()),
                namespace: Some(self.namespace.to_owned()),
                labels: labels.filter(|labels| !labels.is_empty()).cloned(),
                resource_version,
                ..ObjectMeta::default()
            },
            type_: Some(DOCKER_CONFIG_JSON.to_owned()),
            data: Some(BTreeMap::from([(DATA_KEY.to_owned(), value)])),
            ..Secret::default()
        }
    }
}
