//! What a real cluster's controllers do that every client relies on: emptying deleted namespaces and deleted custom resources, and
//! the garbage collection of objects whose owners are gone.
//!
//! It follows the same events as watches do. Whenever it has missed some (at the start, or because the window was too small) it
//! looks at everything that could need it once.

mod contents;
mod owners;

use std::sync::Arc;

use serde_json::Value;

use crate::rest::{Api, is_deleting, namespace_key, text};
use crate::status::ApiError;
use crate::store::{Event, EventKind, Key};

/// Collects until the server shuts down.
pub(crate) async fn run(api: Arc<Api>) {
    let mut changes = api.store.window().subscribe();
    let mut cursor = None;
    loop {
        changes.borrow_and_update();
        let events = cursor.map(|cursor| api.store.window().after(cursor));
        let outcome = match events {
            Some(Ok(events)) => {
                cursor = events.last().map(|event| event.revision).or(cursor);
                follow(&api, &events).await
            }
            Some(Err(_)) | None => {
                cursor = Some(api.store.window().latest());
                sweep(&api).await
            }
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "collecting deleted objects failed; everything is looked at again");
            cursor = None;
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = api.shutdown.cancelled() => return,
        }
    }
}

/// Looks at everything that could be waiting for the collector.
async fn sweep(api: &Api) -> Result<(), ApiError> {
    for key in api.store.deleting()? {
        if let Some(record) = api.store.get(&key)? {
            deleting(api, &key, &record.value()?).await?;
        }
    }
    for key in api.store.all_dependents()? {
        owners::collect(api, &key).await?;
    }
    contents::restore_everywhere(api).await
}

async fn follow(api: &Api, events: &[Arc<Event>]) -> Result<(), ApiError> {
    for event in events {
        // Nearly all events concern nothing of this, which the bytes tell without parsing them.
        let has_owners = contains(&event.object, b"\"ownerReferences\"");
        let is_deleted = event.kind == EventKind::Deleted;
        if !has_owners && !is_deleted && !contains(&event.object, b"\"deletionTimestamp\"") {
            continue;
        }
        let object: Value = serde_json::from_slice(&event.object)?;
        if is_deleted {
            deleted(api, &event.key, &object).await?;
        } else if is_deleting(&object) {
            deleting(api, &event.key, &object).await?;
        } else if has_owners {
            owners::collect(api, &event.key).await?;
        }
    }
    Ok(())
}

/// An object has been marked as being deleted, or changed while it is.
async fn deleting(api: &Api, key: &Key, object: &Value) -> Result<(), ApiError> {
    match (key.parts().group, key.parts().plural) {
        ("", "namespaces") => contents::empty_namespace(api, key.parts().name).await?,
        ("apiextensions.k8s.io", "customresourcedefinitions") => {
            contents::empty_definition(api, object).await?
        }
        _ => {}
    }
    owners::release(api, key, object).await
}

/// An object has gone: whoever waited for that can go on.
async fn deleted(api: &Api, key: &Key, object: &Value) -> Result<(), ApiError> {
    if let Some(uid) = text(object, &["metadata", "uid"]) {
        for dependent in api.store.dependents(uid)? {
            owners::collect(api, &dependent).await?;
        }
    }
    owners::reconsider_owners(api, key, object).await?;
    let parts = key.parts();
    if let Some(record) = api.store.get(&namespace_key(parts.namespace))? {
        if is_deleting(&record.value()?) {
            contents::empty_namespace(api, parts.namespace).await?;
        } else {
            contents::restore(api, key, record.revision).await?;
        }
    }
    let definition = Key::new(
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        "",
        &format!("{}.{}", parts.plural, parts.group),
    );
    if let Some(record) = api.store.get(&definition)? {
        let definition = record.value()?;
        if is_deleting(&definition) {
            contents::empty_definition(api, &definition).await?;
        }
    }
    Ok(())
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[cfg(test)]
mod tests;
