//! Deleted namespaces and deleted custom resources take their objects with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt as _;
use serde_json::Value;

use crate::custom_resource::{CLEANUP_FINALIZER, set_condition};
use crate::namespace;
use crate::resource::Resource;
use crate::rest::{
    Address, Api, DeleteOptions, Ownership, Stage, WriteOptions, finalizers, is_deleting,
    namespace_key, set_finalizers, text,
};
use crate::status::ApiError;
use crate::store::{Change, CommitError, Key, Range};

/// How many objects are deleted at the same time; they share durable commits.
const CONCURRENT_DELETIONS: usize = 64;

/// Deletes what a deleted namespace holds, and lets the namespace go once it is empty.
pub(super) async fn empty_namespace(api: &Api, namespace: &str) -> Result<(), ApiError> {
    let catalog = api.catalog.snapshot();
    let mut remaining = Vec::new();
    let mut seen = Vec::new();
    for resource in catalog.all().iter().filter(|resource| resource.namespaced) {
        let range = Range::namespace(resource.storage_group(), &resource.plural, namespace);
        if seen.contains(&range) {
            continue;
        }
        let left = empty(api, resource, &range).await?;
        seen.push(range);
        if left > 0 {
            let group = if resource.group.is_empty() {
                String::new()
            } else {
                format!(".{}", resource.group)
            };
            remaining.push(format!(
                "{}{group} has {left} resource instances",
                resource.plural
            ));
        }
    }
    let Some(resource) = catalog.find("", "v1", "namespaces") else {
        return Ok(());
    };
    let address = Address {
        resource,
        namespace: "",
        name: namespace,
    };
    if remaining.is_empty() {
        let release = |existing: &Value| {
            let mut object = existing.clone();
            let kept = object["spec"]["finalizers"]
                .as_array()
                .into_iter()
                .flatten();
            let kept: Vec<Value> = kept
                .filter(|finalizer| *finalizer != "kubernetes")
                .cloned()
                .collect();
            object["spec"]["finalizers"] = kept.into();
            Ok(object)
        };
        return change(api, address, Stage::Finalize, release).await;
    }
    let message = format!("Some resources are remaining: {}", remaining.join(", "));
    change(api, address, Stage::Status, |existing| {
        let mut object = existing.clone();
        set_condition(
            &mut object,
            (
                "NamespaceContentRemaining",
                "True",
                "SomeResourcesRemain",
                &message,
            ),
        );
        Ok(object)
    })
    .await
}

/// Makes what every namespace holds again when it has been deleted, unless the namespace changes meanwhile.
pub(super) async fn restore(
    api: &Api,
    deleted: &Key,
    namespace_revision: u64,
) -> Result<(), ApiError> {
    let namespace = deleted.parts().namespace;
    let initial = namespace::initial_objects(namespace, &api.root_certificate_pem);
    for change in initial {
        if !matches!(&change, Change::Put { key, .. } if key == deleted) {
            continue;
        }
        let namespace = Change::Require {
            key: namespace_key(namespace),
            revision: namespace_revision,
        };
        match api.store.commit(vec![namespace, change]).await {
            // Somebody has made it, or the namespace is being deleted.
            Ok(_) | Err(CommitError::Unexpected { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Makes what every namespace holds again wherever it is absent.
pub(super) async fn restore_everywhere(api: &Api) -> Result<(), ApiError> {
    let namespaces = api
        .store
        .list(&Range::resource("", "namespaces"), None, 0)?;
    for (namespace, record) in namespaces.records {
        if is_deleting(&record.value()?) {
            continue;
        }
        let name = namespace.parts().name;
        for initial in namespace::initial_objects(name, &api.root_certificate_pem) {
            if let Change::Put { key, .. } = initial
                && api.store.get(&key)?.is_none()
            {
                restore(api, &key, record.revision).await?;
            }
        }
    }
    Ok(())
}

/// Deletes all objects of a deleted definition, and lets the definition go once there are none.
pub(super) async fn empty_definition(api: &Api, definition: &Value) -> Result<(), ApiError> {
    let part = |path: &[&str]| text(definition, path).unwrap_or_default();
    let (group, plural) = (part(&["spec", "group"]), part(&["spec", "names", "plural"]));
    let catalog = api.catalog.snapshot();
    if let Some(resource) = catalog.find_in_any_version(group, plural)
        && empty(api, resource, &Range::resource(group, plural)).await? > 0
    {
        return Ok(());
    }
    let Some(resource) = catalog.find("apiextensions.k8s.io", "v1", "customresourcedefinitions")
    else {
        return Ok(());
    };
    let address = Address {
        resource,
        namespace: "",
        name: part(&["metadata", "name"]),
    };
    // Before the definition goes, so that whoever sees it gone finds its kind gone too.
    api.catalog.replace(group, plural, Vec::new());
    change(api, address, Stage::Object, |existing| {
        let mut object = existing.clone();
        let kept = finalizers(existing)
            .into_iter()
            .filter(|finalizer| *finalizer != CLEANUP_FINALIZER);
        let kept = kept.map(str::to_owned).collect();
        set_finalizers(&mut object, kept);
        Ok(object)
    })
    .await
}

/// Deletes the objects of a range. Gives back how many are left, waiting for their finalizers.
async fn empty(api: &Api, resource: &Arc<Resource>, range: &Range) -> Result<usize, ApiError> {
    let records = api.store.list(range, None, 0)?.records;
    if records.is_empty() {
        return Ok(0);
    }
    let deletions = futures::stream::iter(records).map(|(key, _)| delete(api, resource, key));
    let failures: BTreeMap<String, ApiError> = deletions
        .buffer_unordered(CONCURRENT_DELETIONS)
        .filter_map(|failure| async { failure })
        .collect()
        .await;
    if let Some((name, error)) = failures.into_iter().next() {
        tracing::warn!(name, %error, "an object could not be deleted with what it belongs to");
        return Err(error);
    }
    Ok(api.store.list(range, None, 0)?.records.len())
}

async fn delete(api: &Api, resource: &Resource, key: Key) -> Option<(String, ApiError)> {
    let parts = key.parts();
    let address = Address {
        resource,
        namespace: parts.namespace,
        name: parts.name,
    };
    match api.delete_object(address, &DeleteOptions::default()).await {
        Ok(_) => None,
        Err(error) if error.code == http::StatusCode::NOT_FOUND => None,
        Err(error) => Some((parts.name.to_owned(), error)),
    }
}

/// Changes an object that may be gone already.
pub(super) async fn change(
    api: &Api,
    address: Address<'_>,
    stage: Stage,
    change: impl Fn(&Value) -> Result<Value, ApiError> + Send + Sync,
) -> Result<(), ApiError> {
    let options = WriteOptions::of_server("kube-controller-manager");
    match api
        .modify(address, stage, &options, Ownership::Record, change)
        .await
    {
        Err(error) if error.code == http::StatusCode::NOT_FOUND => Ok(()),
        outcome => outcome.map(drop),
    }
}
