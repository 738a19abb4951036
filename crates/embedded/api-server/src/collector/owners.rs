//! Garbage collection by owner references.
//! Source: k8s.io/kubernetes/pkg/controller/garbagecollector.

use std::sync::Arc;

use serde_json::Value;

use super::contents::change;
use crate::resource::Resource;
use crate::rest::{
    Address, Api, DeleteOptions, Propagation, Stage, finalizers, is_deleting, set_finalizers, text,
};
use crate::status::ApiError;
use crate::store::Key;

/// Finalizer of an object that is deleted after its dependents.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";
/// Finalizer of an object whose dependents are to stay.
pub(crate) const ORPHAN: &str = "orphan";

/// What has become of an owner.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// It exists, or nobody can tell.
    Solid,
    /// It exists, and waits for its dependents to be deleted first.
    Waiting,
    /// It does not exist.
    Absent,
}

/// Deletes an object whose owners have all gone; takes owners that have gone from an object that has others.
pub(super) async fn collect(api: &Api, key: &Key) -> Result<(), ApiError> {
    let Some(record) = api.store.get(key)? else {
        return Ok(());
    };
    let object = record.value()?;
    let Some(resource) = resource_of(api, key) else {
        return Ok(());
    };
    let parts = key.parts();
    let mut owners = Vec::new();
    for owner in owner_references(&object) {
        owners.push((owner["uid"].clone(), state(api, parts.namespace, owner)?));
    }
    let address = Address {
        resource: &resource,
        namespace: parts.namespace,
        name: parts.name,
    };
    let is = |state: Owner| owners.iter().any(|(_, found)| *found == state);
    if owners.is_empty() || is_deleting(&object) || !(is(Owner::Absent) || is(Owner::Waiting)) {
        return Ok(());
    }
    if is(Owner::Solid) {
        let gone: Vec<_> = owners
            .iter()
            .filter(|(_, state)| *state != Owner::Solid)
            .map(|(uid, _)| uid.clone())
            .collect();
        return change(api, address, Stage::Object, |existing| {
            Ok(without_owners(existing, &gone))
        })
        .await;
    }
    let propagation = match finalizers(&object) {
        names if names.contains(&ORPHAN) => Propagation::Orphan,
        _ if is(Owner::Waiting) => Propagation::Foreground,
        _ => Propagation::Background,
    };
    let uid = text(&object, &["metadata", "uid"]).unwrap_or_default();
    delete(api, address, propagation, uid).await
}

/// Does for an object that is being deleted what its finalizers `foregroundDeletion` and `orphan` wait for.
pub(super) async fn release(api: &Api, key: &Key, object: &Value) -> Result<(), ApiError> {
    let (names, uid) = (
        finalizers(object),
        text(object, &["metadata", "uid"]).unwrap_or_default(),
    );
    let Some(resource) = resource_of(api, key) else {
        return Ok(());
    };
    let parts = key.parts();
    let address = Address {
        resource: &resource,
        namespace: parts.namespace,
        name: parts.name,
    };
    if names.contains(&ORPHAN) {
        for dependent in api.store.dependents(uid)? {
            orphan(api, &dependent, uid).await?;
        }
        return remove_finalizer(api, address, ORPHAN).await;
    }
    if names.contains(&FOREGROUND) {
        let mut blocked = false;
        for dependent in api.store.dependents(uid)? {
            collect(api, &dependent).await?;
            blocked |= blocks(api, &dependent, uid)?;
        }
        if !blocked {
            return remove_finalizer(api, address, FOREGROUND).await;
        }
    }
    Ok(())
}

/// An object has gone: an owner that waited for it may be able to go too.
pub(super) async fn reconsider_owners(
    api: &Api,
    key: &Key,
    object: &Value,
) -> Result<(), ApiError> {
    for owner in owner_references(object) {
        let Some(key) = key_of(api, key.parts().namespace, owner) else {
            continue;
        };
        let Some(record) = api.store.get(&key)? else {
            continue;
        };
        let owner = record.value()?;
        if is_deleting(&owner) {
            Box::pin(release(api, &key, &owner)).await?;
        }
    }
    Ok(())
}

/// Whether an object keeps its owner from being deleted in the foreground.
fn blocks(api: &Api, dependent: &Key, owner_uid: &str) -> Result<bool, ApiError> {
    let Some(record) = api.store.get(dependent)? else {
        return Ok(false);
    };
    let object = record.value()?;
    Ok(owner_references(&object)
        .any(|owner| owner["uid"] == owner_uid && owner["blockOwnerDeletion"] == true))
}

async fn orphan(api: &Api, dependent: &Key, owner_uid: &str) -> Result<(), ApiError> {
    let Some(resource) = resource_of(api, dependent) else {
        return Ok(());
    };
    let parts = dependent.parts();
    let address = Address {
        resource: &resource,
        namespace: parts.namespace,
        name: parts.name,
    };
    let gone = [Value::from(owner_uid)];
    change(api, address, Stage::Object, |existing| {
        Ok(without_owners(existing, &gone))
    })
    .await
}

async fn remove_finalizer(api: &Api, address: Address<'_>, name: &str) -> Result<(), ApiError> {
    change(api, address, Stage::Object, |existing| {
        let mut object = existing.clone();
        let kept = finalizers(existing)
            .into_iter()
            .filter(|finalizer| *finalizer != name);
        let kept = kept.map(str::to_owned).collect();
        set_finalizers(&mut object, kept);
        Ok(object)
    })
    .await
}

async fn delete(
    api: &Api,
    address: Address<'_>,
    propagation: Propagation,
    uid: &str,
) -> Result<(), ApiError> {
    match api
        .delete_object(address, &DeleteOptions::of_collector(propagation, uid))
        .await
    {
        Ok(_) => Ok(()),
        // It has gone, or another object of its name has come.
        Err(error)
            if matches!(
                error.code,
                http::StatusCode::NOT_FOUND | http::StatusCode::CONFLICT
            ) =>
        {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

fn state(api: &Api, namespace: &str, owner: &Value) -> Result<Owner, ApiError> {
    // An owner of a kind that is not served cannot be looked up, so that nobody may conclude that it is gone.
    let Some(key) = key_of(api, namespace, owner) else {
        return Ok(Owner::Solid);
    };
    let Some(record) = api.store.get(&key)? else {
        return Ok(Owner::Absent);
    };
    let found = record.value()?;
    Ok(match () {
        () if found["metadata"]["uid"] != owner["uid"] => Owner::Absent,
        () if is_deleting(&found) && finalizers(&found).contains(&FOREGROUND) => Owner::Waiting,
        () => Owner::Solid,
    })
}

fn key_of(api: &Api, namespace: &str, owner: &Value) -> Option<Key> {
    let api_version = text(owner, &["apiVersion"])?;
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let catalog = api.catalog.snapshot();
    let resource = catalog.find_kind(group, version, text(owner, &["kind"])?)?;
    let namespace = if resource.namespaced { namespace } else { "" };
    Some(Key::new(
        resource.storage_group(),
        &resource.plural,
        namespace,
        text(owner, &["name"])?,
    ))
}

fn resource_of(api: &Api, key: &Key) -> Option<Arc<Resource>> {
    api.catalog
        .snapshot()
        .find_in_any_version(key.parts().group, key.parts().plural)
        .cloned()
}

fn owner_references(object: &Value) -> impl Iterator<Item = &Value> {
    object["metadata"]["ownerReferences"]
        .as_array()
        .into_iter()
        .flatten()
}

fn without_owners(object: &Value, uids: &[Value]) -> Value {
    let mut object = object.clone();
    if let Some(owners) = object["metadata"]["ownerReferences"].as_array_mut() {
        owners.retain(|owner| !uids.contains(&owner["uid"]));
    }
    object
}
