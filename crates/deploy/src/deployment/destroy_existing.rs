//! Removing what a deployment made in a cluster that was there before it.

use std::collections::BTreeMap;
use std::time::Duration;

use cluster::DeploymentRecord;
use cluster::connect::{self, ConnectError};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{DeleteParams, DynamicObject};
use kube::core::{ApiResource, GroupVersionKind, TypeMeta};
use kube::runtime::wait::await_condition;
use kube::{Api, Client, ResourceExt};

use crate::apply;
use crate::fixtures::{self, FixtureError};

/// What was made in the cluster is not, or not wholly, removed.
#[derive(Debug, thiserror::Error)]
pub enum ExistingError {
    /// The cluster cannot be reached.
    #[error("cannot remove what this deployment made in its cluster: {0}")]
    Connect(#[from] ConnectError),
    /// A fixture cannot be read.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// The API server refused to delete an object.
    #[error("cannot delete {object}: {source}; run the same command again to continue")]
    Refused {
        /// The object.
        object: String,
        /// What the API server said.
        source: kube::Error,
    },
    /// A namespace does not go.
    #[error(
        "namespace {namespace} does not go: {seen}; `kubectl describe namespace {namespace}` says what holds it. Objects that wait for the stand-ins go once `deploy-local` has started these again"
    )]
    Stays {
        /// The namespace.
        namespace: String,
        /// What was seen.
        seen: String,
    },
}

/// How long a namespace may take to go.
const LIMIT: Duration = Duration::from_secs(60);
/// The folders of fixtures that a deployment applies, in the order in which they go. Definitions stay: deleting one deletes every
/// object of its kind, whoever made it. Tekton stays for the same reason.
const FOLDERS: [&str; 4] = ["tenants", "pipelines", "stand-ins", "registry"];

/// Deletes the objects that carry our field manager's name, and waits until their namespaces are gone.
pub(super) async fn destroy(record: &DeploymentRecord) -> Result<Vec<String>, ExistingError> {
    let client = connect::kubernetes(record).await?;
    let mut namespaces = Vec::new();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for folder in FOLDERS {
        let mut objects = fixtures::objects(folder)?;
        // Namespaces last: what is in them goes with them, and what is not has no other end.
        objects.sort_by_key(|object| kind(object) == "Namespace");
        for object in objects {
            if delete(&client, &object).await? {
                *kinds.entry(kind(&object).to_owned()).or_default() += 1;
                if kind(&object) == "Namespace" {
                    namespaces.push(object.name_any());
                }
            }
        }
    }
    for namespace in namespaces {
        let api: Api<Namespace> = Api::all(client.clone());
        let gone = |namespace: Option<&Namespace>| namespace.is_none();
        let gone = await_condition(api, &namespace, gone);
        let seen = match tokio::time::timeout(LIMIT, gone).await {
            Ok(Ok(_)) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it is still there after {} s", LIMIT.as_secs()),
        };
        return Err(ExistingError::Stays { namespace, seen });
    }
    let removed = kinds.into_iter();
    let mut removed: Vec<String> = removed
        .map(|(kind, count)| format!("deleted {count} {kind}"))
        .collect();
    removed.push(
        "the custom resource definitions, and Tekton where it was installed, stay: others may use them"
            .to_owned(),
    );
    Ok(removed)
}

fn kind(object: &DynamicObject) -> &str {
    object.types.as_ref().map_or("", |types| &types.kind)
}

/// Deletes an object if it is there and ours. Tells whether it was.
async fn delete(client: &Client, object: &DynamicObject) -> Result<bool, ExistingError> {
    let types = object.types.clone().unwrap_or_else(|| TypeMeta {
        api_version: String::new(),
        kind: String::new(),
    });
    let name = object.name_any();
    let resource = match GroupVersionKind::try_from(&types) {
        Ok(kind) => ApiResource::from_gvk(&kind),
        Err(_) => return Ok(false),
    };
    let api: Api<DynamicObject> = match object.namespace() {
        Some(namespace) => Api::namespaced_with(client.clone(), &namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let refused = |source| ExistingError::Refused {
        object: format!("{} {name}", types.kind),
        source,
    };
    let there = api.get_metadata_opt(&name).await.map_err(refused)?;
    let is_ours = there.is_some_and(|there| apply::is_ours(&there));
    if !is_ours {
        return Ok(false);
    }
    match api.delete(&name, &DeleteParams::default()).await {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(false),
        Err(source) => Err(refused(source)),
    }
}
