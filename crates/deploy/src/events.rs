//! The typed stream of a step's life.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The name of a step: a literal when it is told, a text when it is read again from `events.jsonl`.
pub type StepName = Cow<'static, str>;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Event {
    /// A step is part of the plan.
    Planned {
        /// Its name.
        step: StepName,
        /// What it does.
        title: Cow<'static, str>,
        /// Steps that must be done before.
        needs: Vec<StepName>,
    },
    /// A step began.
    Started {
        /// Its name.
        step: StepName,
    },
    /// A step waits.
    Waiting {
        /// Its name.
        step: StepName,
        /// For what.
        on: String,
    },
    /// A step tries something again.
    Retried {
        /// Its name.
        step: StepName,
        /// Why.
        because: String,
    },
    /// A step ended well.
    Done {
        /// Its name.
        step: StepName,
        /// What it changed, `None` when everything was as it should be.
        changed: Option<String>,
        /// How long it took, milliseconds.
        elapsed: u64,
    },
    /// A step was not run.
    Skipped {
        /// Its name.
        step: StepName,
        /// Why.
        because: String,
    },
    /// A step failed.
    Failed {
        /// Its name.
        step: StepName,
        /// The whole sentence.
        error: String,
        /// The folder with what tells why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<PathBuf>,
        /// How long it took, milliseconds.
        elapsed: u64,
    },
    /// A step was ended by an interruption of the run.
    Interrupted {
        /// Its name.
        step: StepName,
        /// What it was doing then.
        seen: String,
        /// How long it took until then, milliseconds.
        elapsed: u64,
    },
}

impl Event {
    /// The step it happened to.
    #[must_use]
    pub fn step(&self) -> &str {
        match self {
            Self::Planned { step, .. }
            | Self::Started { step }
            | Self::Waiting { step, .. }
            | Self::Retried { step, .. }
            | Self::Done { step, .. }
            | Self::Skipped { step, .. }
            | Self::Failed { step, .. }
            | Self::Interrupted { step, .. } => step,
        }
    }
}

/// An event with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

    fn one_of_each() -> Vec<Event> {
        let step = || StepName::from("tenants");
        vec![
            Event::Planned {
                step: step(),
                title: "create the tenants".into(),
                needs: vec!["cluster".into()],
            },
            Event::Started { step: step() },
            Event::Waiting {
                step: step(),
                on: "it".to_owned(),
            },
            Event::Retried {
                step: step(),
                because: "of it".to_owned(),
            },
            Event::Done {
                step: step(),
                changed: None,
                elapsed: 7,
            },
            Event::Skipped {
                step: step(),
                because: "of it".to_owned(),
            },
            Event::Failed {
                step: step(),
                error: "cannot".to_owned(),
                evidence: Some("evidence/tenants".into()),
                elapsed: 7,
            },
            Event::Interrupted {
                step: step(),
                seen: "waiting for it".to_owned(),
                elapsed: 7,
            },
        ]
    }

    #[test]
    fn every_event_is_one_line_of_json_and_is_read_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let events = Events::new(vec![Arc::new(JsonLines::open(&path).unwrap())]);
        for event in one_of_each() {
            events.tell(event);
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let read: Vec<Stamped> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let read: Vec<Event> = read.into_iter().map(|stamped| stamped.event).collect();
        assert_eq!(read, one_of_each());
    }

    #[test]
    fn the_form_of_a_line_is_stable_for_those_who_read_it_elsewhere() {
        let stamped = Stamped {
            at: "2026-11-26T00:00:00Z".parse().unwrap(),
            event: one_of_each().remove(6),
        };
        assert_eq!(
            serde_json::to_string(&stamped).unwrap(),
            r#"{"at":"2026-11-26T00:00:00Z","event":"failed","step":"tenants","error":"cannot","evidence":"evidence/tenants","elapsed":7}"#
        );
        assert!(one_of_each().iter().all(|event| event.step() == "tenants"));
    }
}
