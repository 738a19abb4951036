//! PersistentVolumeClaims as directories of this host: one per claim, removed with the claim.

use std::{collections::BTreeSet, fs, path::PathBuf, pin::pin};

use futures::TryStreamExt;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::{
    Api, ResourceExt,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};

use crate::context::Context;

/// The directory of a claim, by the claim's UID.
pub(crate) fn directory(context: &Context, uid: &str) -> PathBuf {
    root(context).join(uid)
}

fn root(context: &Context) -> PathBuf {
    let work_dir = context
        .options
        .steps
        .as_ref()
        .map(|steps| steps.work_dir.clone());
    work_dir.unwrap_or_default().join("claims")
}

/// Removes the directories of claims that are gone, until shutdown.
pub(crate) async fn run(context: Context) {
    let claims: Api<PersistentVolumeClaim> = Api::all(context.client.clone());
    let events = watcher(claims, watcher::Config::default()).default_backoff();
    let mut events = pin!(events);
    let mut listed = BTreeSet::new();
    loop {
        let event = tokio::select! {
            () = context.shutdown.cancelled() => return,
            event = events.try_next() => event,
        };
        match event {
            Ok(Some(Event::Init)) => listed.clear(),
            Ok(Some(Event::InitApply(claim))) => {
                listed.insert(claim.uid().unwrap_or_default());
            }
            Ok(Some(Event::InitDone)) => remove_all_but(&context, &listed),
            Ok(Some(Event::Delete(claim))) => {
                remove(directory(&context, &claim.uid().unwrap_or_default()))
            }
            Ok(Some(Event::Apply(_))) => {}
            Ok(None) => return,
            Err(error) => tracing::warn!(%error, "watching PersistentVolumeClaims; trying again"),
        }
    }
}

fn remove_all_but(context: &Context, listed: &BTreeSet<String>) {
    for entry in fs::read_dir(root(context)).into_iter().flatten().flatten() {
        if !listed.contains(entry.file_name().to_string_lossy().as_ref()) {
            remove(entry.path());
        }
    }
}

fn remove(path: PathBuf) {
    if let Err(error) = fs::remove_dir_all(&path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "cannot remove the directory of a claim");
    }
}
