//! The TaskRuns that this process executes at the moment.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;

/// Executions by the UID of their TaskRun, each with the token that ends it.
#[derive(Clone, Default)]
pub(crate) struct Running(Arc<Mutex<BTreeMap<String, CancellationToken>>>);

impl Running {
    /// Registers an execution; `None` when the TaskRun is being executed already. The token is cancelled with `parent`.
    pub(crate) fn begin(&self, uid: &str, parent: &CancellationToken) -> Option<CancellationToken> {
        let mut executions = self.lock();
        if executions.contains_key(uid) {
            return None;
        }
        let cancelled = parent.child_token();
        executions.insert(uid.to_owned(), cancelled.clone());
        Some(cancelled)
    }

    /// Whether the TaskRun is being executed.
    pub(crate) fn contains(&self, uid: &str) -> bool {
        self.lock().contains_key(uid)
    }

    /// Ends the execution of a TaskRun, if there is one.
    pub(crate) fn cancel(&self, uid: &str) {
        if let Some(cancelled) = self.lock().get(uid) {
            cancelled.cancel();
        }
    }

    /// Forgets an execution that has ended.
    pub(crate) fn end(&self, uid: &str) {
        self.lock().remove(uid);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_run_is_executed_once_at_a_time() {
        let running = Running::default();
        assert!(running.begin("u", &CancellationToken::new()).is_some());
        assert!(running.begin("u", &CancellationToken::new()).is_none());
        running.end("u");
        assert!(running.begin("u", &CancellationToken::new()).is_some());
    }

    #[test]
    fn only_the_named_run_is_cancelled() {
        let running = Running::default();
        let cancelled = running.begin("1", &CancellationToken::new()).unwrap();
        let other = running.begin("2", &CancellationToken::new()).unwrap();
        running.cancel("1");
        running.cancel("unknown");
        assert!(cancelled.is_cancelled() && !other.is_cancelled());
    }
}
