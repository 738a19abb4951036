//! Linking a Secret to a ServiceAccount.

use k8s_openapi::api::core::v1::{LocalObjectReference, ObjectReference, ServiceAccount};
use kube::api::{Api, Patch, PatchParams};
use kube::{Client, Error};
use serde_json::{Map, Value, json};

use super::{ATTEMPTS, FIELD_MANAGER, KubernetesError, LinkError};

/// In which lists of the ServiceAccount a Secret is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkAs {
    /// `secrets`: what Tekton gives to the steps.
    pub secrets: bool,
    /// `imagePullSecrets`: what the kubelet pulls images with.
    pub image_pull_secrets: bool,
}

impl LinkAs {
    /// For pushing and pulling in steps.
    pub const SECRETS: Self = Self {
        secrets: true,
        image_pull_secrets: false,
    };
    /// For steps, and for pulling the images of pods.
    pub const BOTH: Self = Self {
        secrets: true,
        image_pull_secrets: true,
    };
}

/// What became of the links of a ServiceAccount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkChange {
    /// The Secret was added to `secrets`.
    pub added_to_secrets: bool,
    /// The Secret was added to `imagePullSecrets`.
    pub added_to_image_pull_secrets: bool,
    /// The other Secrets in `secrets`, in their order; all of them stay linked.
    pub other_secrets: Vec<String>,
}

impl LinkChange {
    /// Whether everything was linked before, so that nothing was written.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        !self.added_to_secrets && !self.added_to_image_pull_secrets
    }
}

/// Links the Secret `secret` to a ServiceAccount, after everything that is linked already; Tekton takes the later of two entries with one key.
///
/// # Errors
/// There is no such ServiceAccount, or the API server refuses.
pub async fn link_secret(
    client: &Client,
    namespace: &str,
    service_account: &str,
    secret: &str,
    link_as: LinkAs,
) -> Result<LinkChange, LinkError> {
    let api: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let no_service_account = || LinkError::NoServiceAccount {
        namespace: namespace.to_owned(),
        name: service_account.to_owned(),
    };
    for _ in 0..ATTEMPTS {
        let existing = get(&api, namespace, service_account).await?;
        let (change, patch) = link(&existing, secret, link_as);
        if change.is_nothing() {
            return Ok(change);
        }
        let parameters = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        match api
            .patch(service_account, &parameters, &Patch::Merge(&patch))
            .await
        {
            Ok(_) => return Ok(change),
            // Somebody was faster: add to what is there now.
            Err(Error::Api(status)) if status.code == 409 => {}
            Err(Error::Api(status)) if status.code == 404 => return Err(no_service_account()),
            Err(error) => {
                let attempt = format!(
                    "link Secret `{secret}` to ServiceAccount {namespace}/{service_account}"
                );
                return Err(KubernetesError::new(attempt, error).into());
            }
        }
    }
    Err(LinkError::Contended {
        namespace: namespace.to_owned(),
        name: service_account.to_owned(),
        attempts: ATTEMPTS,
    })
}

pub(super) async fn get(
    api: &Api<ServiceAccount>,
    namespace: &str,
    name: &str,
) -> Result<ServiceAccount, LinkError> {
    let found = api.get_opt(name).await.map_err(|error| {
        KubernetesError::new(format!("read ServiceAccount {namespace}/{name}"), error)
    })?;
    found.ok_or_else(|| LinkError::NoServiceAccount {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}

/// What will change, and the merge patch that does it: whole lists, valid for the resource version that was read and no other.
fn link(existing: &ServiceAccount, secret: &str, link_as: LinkAs) -> (LinkChange, Value) {
    let mut secrets = existing.secrets.clone().unwrap_or_default();
    let mut image_pull_secrets = existing.image_pull_secrets.clone().unwrap_or_default();
    let is_linked = |name: Option<&String>| name.is_some_and(|name| name == secret);
    let change = LinkChange {
        added_to_secrets: link_as.secrets
            && !secrets.iter().any(|link| is_linked(link.name.as_ref())),
        added_to_image_pull_secrets: link_as.image_pull_secrets
            && !image_pull_secrets.iter().any(|link| link.name == secret),
        other_secrets: secrets
            .iter()
            .filter_map(|link| link.name.clone())
            .filter(|name| name != secret)
            .collect(),
    };
    let mut patch = Map::new();
    let version = &existing.metadata.resource_version;
    patch.insert("metadata".to_owned(), json!({"resourceVersion": version}));
    if change.added_to_secrets {
        secrets.push(ObjectReference {
            name: Some(secret.to_owned()),
            ..ObjectReference::default()
        });
        patch.insert("secrets".to_owned(), json!(secrets));
    }
    if change.added_to_image_pull_secrets {
        image_pull_secrets.push(LocalObjectReference {
            name: secret.to_owned(),
        });
        patch.insert("imagePullSecrets".to_owned(), json!(image_pull_secrets));
    }
    (change, Value::Object(patch))
}
