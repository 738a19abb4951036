//! Reading the objects of a cluster that say what is needed where.

use std::fmt::Debug;

use credentials::cluster::KubernetesError;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::serde::de::DeserializeOwned;
use kube::api::{Api, ListParams};
use kube::{Client, Resource, ResourceExt};

use super::NamespaceName;

/// An object cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// There is no such namespace.
    #[error(
        "namespace {0} does not exist in this cluster; check its spelling and which cluster is meant (`kubectl get namespaces`)"
    )]
    NoNamespace(NamespaceName),
    /// The API server refused, or could not be reached.
    #[error(transparent)]
    Kubernetes(#[from] KubernetesError),
}

/// Makes sure that a namespace exists. Who may not look at namespaces, and may still work in one, is let through.
///
/// # Errors
/// It does not exist, or the API server does not answer. "Could not tell" is never taken for "does not exist".
pub async fn require_namespace(client: &Client, name: &NamespaceName) -> Result<(), ObjectError> {
    let api: Api<Namespace> = Api::all(client.clone());
    match api.get_opt(name.as_str()).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(ObjectError::NoNamespace(name.clone())),
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(()),
        Err(error) => Err(refused(format!("read namespace {name}"), error)),
    }
}

/// The object of this name, if there is one.
pub(super) async fn read<K>(
    client: &Client,
    namespace: &NamespaceName,
    name: &str,
) -> Result<Option<K>, ObjectError>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(client.clone(), namespace.as_str());
    let attempt = format!("read {} {namespace}/{name}", K::kind(&()));
    api.get_opt(name)
        .await
        .map_err(|error| refused(attempt, error))
}

/// All objects of a kind in a namespace, sorted by name.
pub(super) async fn list<K>(
    client: &Client,
    namespace: &NamespaceName,
) -> Result<Vec<K>, ObjectError>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(client.clone(), namespace.as_str());
    let attempt = format!("list the {} of namespace {namespace}", K::plural(&()));
    let listed = api.list(&ListParams::default()).await;
    let mut objects = listed.map_err(|error| refused(attempt, error))?.items;
    objects.sort_by_key(ResourceExt::name_any);
    Ok(objects)
}

/// As [`list`]; `None`: the cluster has no such kind, or does not let this person list it.
pub(super) async fn list_known<K>(
    client: &Client,
    namespace: &NamespaceName,
) -> Result<Option<Vec<K>>, ObjectError>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned,
{
    match list(client, namespace).await {
        Ok(objects) => Ok(Some(objects)),
        Err(ObjectError::Kubernetes(error)) => match *error.source {
            kube::Error::Api(status) if matches!(status.code, 403 | 404) => Ok(None),
            source => Err(refused(error.attempt, source)),
        },
        Err(error) => Err(error),
    }
}

pub(super) fn refused(attempt: String, error: kube::Error) -> ObjectError {
    ObjectError::Kubernetes(KubernetesError {
        attempt,
        source: Box::new(error),
    })
}
