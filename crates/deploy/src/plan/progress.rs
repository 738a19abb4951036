//! What a step tells while it runs, and what it is told.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::events::{Event, Events};

/// What a step tells while it runs.
#[derive(Clone)]
pub struct Progress {
    step: &'static str,
    events: Events,
    last_seen: Arc<Mutex<String>>,
    cancellation: CancellationToken,
}

impl Progress {
    /// For the step of this name, which nobody cancels.
    #[must_use]
    pub fn new(step: &'static str, events: Events) -> Self {
        Self::cancellable(step, events, CancellationToken::new())
    }

    pub(super) fn cancellable(
        step: &'static str,
        events: Events,
        cancellation: CancellationToken,
    ) -> Self {
        Self {
            step,
            events,
            last_seen: Arc::default(),
            cancellation,
        }
    }

    /// Cancelled when the run is interrupted: a step that leaves something half-done ends it, and soon.
    #[must_use]
    pub fn cancellation(&self) -> &CancellationToken {
        &self.cancellation
    }

    /// Says what the step waits for; an expired limit reports it.
    pub fn waiting(&self, on: impl Into<String>) {
        let on = on.into();
        self.last_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&on);
        self.events.tell(Event::Waiting {
            step: self.step.into(),
            on,
        });
    }

    /// Says that something is tried again.
    pub fn retrying(&self, because: impl Into<String>) {
        self.events.tell(Event::Retried {
            step: self.step.into(),
            because: because.into(),
        });
    }

    pub(super) fn last_seen(&self) -> String {
        let seen = self
            .last_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if seen.is_empty() {
            "nothing".to_owned()
        } else {
            format!("waiting for {seen}")
        }
    }
}
