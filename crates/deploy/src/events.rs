//! The typed stream of a step's life.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Event {
    /// A step is part of the plan.
    Planned {
        /// Its name.
        step: &'static str,
        /// What it does.
        title: &'static str,
        /// Steps that must be done before.
        needs: Vec<&'static str>,
    },
    /// A step began.
    Started {
        /// Its name.
        step: &'static str,
    },
    /// A step waits.
    Waiting {
        /// Its name.
        step: &'static str,
        /// For what.
        on: String,
    },
    /// A step tries something again.
    Retried {
        /// Its name.
        step: &'static str,
        /// Why.
        because: String,
    },
    /// A step ended well.
    Done {
        /// Its name.
        step: &'static str,
        /// What it changed, `None` when everything was as it should be.
        changed: Option<String>,
        /// How long it took, milliseconds.
        elapsed: u64,
    },
    /// A step was not run.
    Skipped {
        /// Its name.
        step: &'static str,
        /// Why.
        because: String,
    },
    /// A step failed.
    Failed {
        /// Its name.
        step: &'static str,
        /// The whole sentence.
        error: String,
        /// How long it took, milliseconds.
        elapsed: u64,
    },
}

/// An event with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stamped {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// A view of the stream.
pub trait EventSink: Send + Sync {
    /// Takes one event. A view never fails the deployment it shows.
    fn take(&self, event: &Stamped);
}

/// Where steps and the runner tell their events; every view gets each of them.
#[derive(Clone, Default)]
pub struct Events {
    sinks: Vec<Arc<dyn EventSink>>,
}

impl Events {
    /// A stream with these views.
    #[must_use]
    pub fn new(sinks: Vec<Arc<dyn EventSink>>) -> Self {
        Self { sinks }
    }

    /// Tells an event to every view.
    pub fn tell(&self, event: Event) {
        let stamped = Stamped {
            at: Timestamp::now(),
            event,
        };
        for sink in &self.sinks {
            sink.take(&stamped);
        }
    }
}

/// `events.jsonl`: one JSON object a line, appended to over the life of a deployment.
#[derive(Debug)]
pub struct JsonLines {
    file: Mutex<File>,
}

impl JsonLines {
    /// Opens the file for appending.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self {
            file: Mutex::new(file),
        })
    }
}

impl EventSink for JsonLines {
    fn take(&self, event: &Stamped) {
        let mut line = serde_json::to_vec(event).expect("events are always JSON");
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(&line) {
            tracing::warn!("cannot write events.jsonl: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_one_line_of_json_with_its_name_and_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let events = Events::new(vec![Arc::new(JsonLines::open(&path).unwrap())]);
        events.tell(Event::Started { step: "tenants" });
        events.tell(Event::Done {
            step: "tenants",
            changed: None,
            elapsed: 7,
        });
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines[0]["event"], "started");
        assert_eq!(lines[1]["elapsed"], 7);
        assert!(lines[1]["at"].as_str().unwrap().ends_with('Z'));
    }
}
