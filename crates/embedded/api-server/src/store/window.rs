//! The window of recent events that watches are served from.
//!
//! It is bounded by the number of events and by their bytes. A watch that asks for a revision older than the window gets
//! [`Expired`], which becomes `410 Gone`: its client lists again, as it would with a compacted etcd.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

use super::Key;

/// At most this many events are remembered.
const MAXIMUM_EVENTS: usize = 4096;
/// At most this many bytes of objects are remembered.
const MAXIMUM_BYTES: usize = 6 * 1024 * 1024;

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    Created,
    Updated,
    Deleted,
}

/// One committed change.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) revision: u64,
    pub(crate) kind: EventKind,
    pub(crate) key: Key,
    /// The object after the change; for a deletion its last state. JSON with `resourceVersion` = `revision`.
    pub(crate) object: Bytes,
    /// The object before the change, empty for a creation.
    pub(crate) previous: Bytes,
}

impl Event {
    fn size(&self) -> usize {
        self.object.len() + self.previous.len() + self.key.as_str().len()
    }
}

/// The asked revision is older than the oldest event that is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too old resource version: {asked} ({oldest})")]
pub(crate) struct Expired {
    pub(crate) asked: u64,
    pub(crate) oldest: u64,
}

/// Recent events in order of revision, and the way to wait for the next one.
pub(crate) struct Window {
    events: Mutex<Remembered>,
    latest: watch::Sender<u64>,
}

struct Remembered {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    /// Every event after this revision is in `events`.
    complete_after: u64,
}

impl Window {
    /// An empty window of a store whose last revision is `revision`.
    pub(crate) fn starting_at(revision: u64) -> Self {
        Self {
            events: Mutex::new(Remembered {
                events: VecDeque::new(),
                bytes: 0,
                complete_after: revision,
            }),
            latest: watch::Sender::new(revision),
        }
    }

    /// Remembers committed events, which must be in order of revision, and wakes everybody who waits.
    pub(crate) fn publish(&self, events: Vec<Event>) {
        let Some(latest) = events.last().map(|event| event.revision) else {
            return;
        };
        {
            let mut remembered = self.events.lock().unwrap_or_else(PoisonError::into_inner);
            for event in events {
                remembered.bytes += event.size();
                remembered.events.push_back(Arc::new(event));
            }
            while remembered.events.len() > MAXIMUM_EVENTS || remembered.bytes > MAXIMUM_BYTES {
                let Some(oldest) = remembered.events.pop_front() else {
                    break;
                };
                remembered.bytes -= oldest.size();
                remembered.complete_after = oldest.revision;
            }
        }
        self.latest.send_replace(latest);
    }

    /// All events after `revision`, oldest first.
    pub(crate) fn after(&self, revision: u64) -> Result<Vec<Arc<Event>>, Expired> {
        let remembered = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if revision < remembered.complete_after {
            return Err(Expired {
                asked: revision,
                oldest: remembered.complete_after,
            });
        }
        let start = remembered
            .events
            .partition_point(|event| event.revision <= revision);
        Ok(remembered.events.range(start..).cloned().collect())
    }

    /// Revision of the last published event.
    pub(crate) fn latest(&self) -> u64 {
        *self.latest.borrow()
    }

    /// A receiver that changes with every published batch.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(revision: u64, bytes: usize) -> Event {
        Event {
            revision,
            kind: EventKind::Created,
            key: Key::new("", "configmaps", "default", "a"),
            object: vec![b' '; bytes].into(),
            previous: Bytes::new(),
        }
    }

    #[test]
    fn a_revision_before_the_start_of_the_store_has_expired() {
        let window = Window::starting_at(10);
        assert_eq!(
            window.after(9).unwrap_err(),
            Expired {
                asked: 9,
                oldest: 10
            }
        );
        assert!(window.after(10).unwrap().is_empty());
    }

    #[test]
    fn the_window_forgets_the_oldest_events_when_their_bytes_exceed_the_limit() {
        let window = Window::starting_at(0);
        window.publish(vec![
            event(1, MAXIMUM_BYTES / 2),
            event(2, MAXIMUM_BYTES / 2),
        ]);
        assert!(window.after(0).is_err());
        let revisions: Vec<_> = window
            .after(1)
            .unwrap()
            .iter()
            .map(|event| event.revision)
            .collect();
        assert_eq!(revisions, [2]);
    }

    #[test]
    fn the_window_forgets_the_oldest_events_when_there_are_too_many() {
        let window = Window::starting_at(0);
        window.publish(
            (1..=MAXIMUM_EVENTS as u64 + 3)
                .map(|revision| event(revision, 1))
                .collect(),
        );
        assert!(window.after(2).is_err());
        assert_eq!(window.after(3).unwrap().len(), MAXIMUM_EVENTS);
    }
}
