//! What all controllers do the same way: how soon they look again, and what they log.

use std::{fmt::Debug, sync::Arc, time::Duration};

use kube::runtime::{
    controller::{Action, Config, Error},
    reflector::{Lookup, ObjectRef},
    watcher,
};

use crate::error::ReconcileError;

/// The pause before a failed reconciliation is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// How many objects of a kind are reconciled at the same time.
const CONCURRENCY: u16 = 16;

/// The settings of every controller: no debounce, because the reconcilers read what they need when they run.
pub(crate) fn config() -> Config {
    Config::default().concurrency(CONCURRENCY)
}

/// The pause before a reconciliation is tried again whose object was changed in the meantime.
const RETRY_AFTER_CONFLICT: Duration = Duration::from_millis(5);

/// Tries a failed reconciliation again.
pub(crate) fn retry_later<K, S>(_: Arc<K>, error: &ReconcileError, _: Arc<S>) -> Action {
    Action::requeue(if error.is_conflict() {
        RETRY_AFTER_CONFLICT
    } else {
        RETRY_AFTER
    })
}

/// Logs what a controller could not do. An object that is gone is no problem.
pub(crate) fn log<K>(
    kind: &'static str,
    result: Result<(ObjectRef<K>, Action), Error<ReconcileError, watcher::Error>>,
) where
    K: Lookup,
    K::DynamicType: Debug,
{
    match result {
        Ok(_) | Err(Error::ObjectNotFound(_)) => {}
        Err(Error::ReconcilerFailed(error, _)) if error.is_conflict() => {}
        Err(Error::ReconcilerFailed(error, object)) => {
            tracing::warn!(kind, name = object.name, namespace = object.namespace, %error, "reconciling; trying again");
        }
        Err(error) => tracing::warn!(kind, %error, "watching; trying again"),
    }
}
