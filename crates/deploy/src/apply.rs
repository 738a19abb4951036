//! Server-side apply with our field manager, telling what changed.

use futures::stream::{self, StreamExt, TryStreamExt};
use konflux_api::FIELD_MANAGER;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind, TypeMeta};
use kube::{Client, ResourceExt};

/// How many objects are applied at the same time.
const AT_ONCE: usize = 8;

/// An object could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// It does not say what it is.
    #[error("an object without apiVersion, kind or name cannot be applied")]
    Nameless,
    /// The API server refused it.
    #[error("{object} was refused")]
    Refused {
        /// `Kind namespace/name`.
        object: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
}

/// Applies objects: namespaces first, then everything else, several at once. Gives back how many changed.
///
/// # Errors
///
/// [`ApplyError`] of the first object that fails.
pub async fn all(client: &Client, objects: Vec<DynamicObject>) -> Result<usize, ApplyError> {
    let is_namespace = |object: &DynamicObject| {
        object
            .types
            .as_ref()
            .is_some_and(|types| types.kind == "Namespace")
    };
    let (namespaces, others): (Vec<_>, Vec<_>) = objects.into_iter().partition(is_namespace);
    let mut changed = 0;
    for group in [namespaces, others] {
        changed += stream::iter(group.into_iter().map(|object| one(client, object)))
            .buffer_unordered(AT_ONCE)
            .try_fold(0, async |sum, changed| Ok(sum + usize::from(changed)))
            .await?;
    }
    Ok(changed)
}

/// Applies one object. Tells whether it changed.
///
/// # Errors
///
/// [`ApplyError`].
pub async fn one(client: &Client, object: DynamicObject) -> Result<bool, ApplyError> {
    let types = object.types.as_ref().ok_or(ApplyError::Nameless)?;
    let name = object.metadata.name.clone().ok_or(ApplyError::Nameless)?;
    let resource = resource(types)?;
    let api: Api<DynamicObject> = match &object.metadata.namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let refused = |source| ApplyError::Refused {
        object: describe(&object),
        source: Box::new(source),
    };
    let before = api.get_metadata_opt(&name).await.map_err(refused)?;
    let after = api
        .patch(
            &name,
            &PatchParams::apply(FIELD_MANAGER).force(),
            &Patch::Apply(&object),
        )
        .await
        .map_err(refused)?;
    Ok(before.and_then(|metadata| metadata.resource_version()) != after.resource_version())
}

/// Did somebody with our field manager's name apply the object?
pub fn is_ours(object: &impl ResourceExt) -> bool {
    object
        .managed_fields()
        .iter()
        .any(|entry| entry.manager.as_deref() == Some(FIELD_MANAGER))
}

fn resource(types: &TypeMeta) -> Result<ApiResource, ApplyError> {
    let kind = GroupVersionKind::try_from(types).map_err(|_| ApplyError::Nameless)?;
    Ok(ApiResource::from_gvk(&kind))
}

fn describe(object: &DynamicObject) -> String {
    let kind = object.types.as_ref().map_or("object", |types| &types.kind);
    let name = object.name_any();
    object.namespace().map_or_else(
        || format!("{kind} {name}"),
        |namespace| format!("{kind} {namespace}/{name}"),
    )
}
