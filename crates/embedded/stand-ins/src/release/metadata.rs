//! The labels, annotations and the finalizer of a Release.

use std::collections::BTreeMap;

use konflux_api::{annotations, konflux::Release, labels};
use kube::ResourceExt;
use serde_json::{Map, Value, json};

use super::{load::Loaded, webhook};
use crate::finalizers;

/// What a Release still lacks of what Konflux's webhooks and release-service put on it: its finalizer, its labels, and what
/// its Snapshot hands on. `None` when it has everything.
pub(crate) fn missing(release: &Release, loaded: &Loaded) -> Option<Value> {
    let snapshot = loaded.snapshot.as_ref();
    let mut missing_labels = snapshot
        .map(|snapshot| inherited(snapshot.labels(), release.labels()))
        .unwrap_or_default();
    missing_labels.extend(
        webhook::labels(release, snapshot).map(|(key, value)| (key.to_owned(), json!(value))),
    );
    let missing_annotations = snapshot
        .map(|snapshot| inherited(snapshot.annotations(), release.annotations()))
        .unwrap_or_default();
    let finalizer = finalizers::addition(release, annotations::RELEASE_FINALIZER);
    if missing_labels.is_empty() && missing_annotations.is_empty() && finalizer.is_none() {
        return None;
    }
    let mut metadata = finalizer.unwrap_or_else(|| json!({}));
    metadata["labels"] = Value::Object(missing_labels);
    metadata["annotations"] = Value::Object(missing_annotations);
    Some(metadata)
}

/// What a Snapshot hands on to a Release that does not have it.
fn inherited(
    of_snapshot: &BTreeMap<String, String>,
    of_release: &BTreeMap<String, String>,
) -> Map<String, Value> {
    let is_handed_on = |key: &str| {
        labels::RELEASE_INHERITED_PREFIXES
            .iter()
            .any(|prefix| key.starts_with(prefix))
    };
    of_snapshot
        .iter()
        .filter(|(key, _)| is_handed_on(key) && !of_release.contains_key(*key))
        .map(|(key, value)| (key.clone(), json!(value)))
        .collect()
}
