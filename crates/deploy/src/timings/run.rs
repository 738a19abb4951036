//! The last run of a deployment, read from `events.jsonl`.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::{CriticalPath, Task, critical_path};
use crate::events::{Event, Stamped};

/// One run of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// When the plan was made.
    pub began: Timestamp,
    /// When the last thing happened.
    pub ended: Timestamp,
    /// Its steps, in the order of the plan.
    pub steps: Vec<StepTime>,
}

/// What became of a step, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepTime {
    /// Its name.
    pub name: String,
    /// What it does.
    pub title: String,
    /// Steps that must be done before.
    pub needs: Vec<String>,
    /// When it began, if it did.
    pub began: Option<Timestamp>,
    /// When it ended; of a run that was killed, when the last thing happened.
    pub ended: Option<Timestamp>,
    /// What it waited for.
    pub waits: Vec<Wait>,
    /// What it tried again.
    pub retries: Vec<Retry>,
    /// How it ended.
    pub end: End,
    /// The wait that nothing has ended yet.
    waiting: Option<(Timestamp, String)>,
}

/// A step waits until its next event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// When the wait began.
    pub from: Timestamp,
    /// When the step did something else.
    pub until: Timestamp,
    /// For what.
    pub on: String,
}

/// A step tried something again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub because: String,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It changed something.
    Changed(String),
    /// Everything was as it should be.
    Unchanged,
    /// It failed.
    Failed {
        /// The whole sentence.
        error: String,
        /// The folder with what tells why.
        evidence: Option<PathBuf>,
    },
    /// An interruption ended it.
    Interrupted(String),
    /// It was not run.
    Skipped(String),
    /// Nobody said how it ended: the run was killed.
    Lost,
}

impl Run {
    /// The last run in the file; `None` when there is no file or no run in it. Lines that cannot be read, such as the last
    /// one of a run that was killed, are left out.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn last(path: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut events: Vec<Stamped> = Vec::new();
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            if let Ok(event) = serde_json::from_slice::<Stamped>(&line) {
                if begins_a_run(&event.event, &events) {
                    events.clear();
                }
                events.push(event);
            }
            line.clear();
        }
        Ok(Self::of(&events))
    }

    /// The run that these events tell of; `None` when they tell of no plan.
    #[must_use]
    pub fn of(events: &[Stamped]) -> Option<Self> {
        let (first, last) = (events.first()?, events.last()?);
        let mut steps: Vec<StepTime> = Vec::new();
        for Stamped { at, event } in events {
            if let Event::Planned { step, title, needs } = event {
                steps.push(StepTime {
                    name: step.to_string(),
                    title: title.to_string(),
                    needs: needs.iter().map(ToString::to_string).collect(),
                    began: None,
                    ended: None,
                    waits: Vec::new(),
                    retries: Vec::new(),
                    end: End::Lost,
                    waiting: None,
                });
            } else if let Some(step) = steps.iter_mut().find(|step| step.name == event.step()) {
                step.take(*at, event);
            }
        }
        for step in &mut steps {
            step.close(last.at);
        }
        (!steps.is_empty()).then_some(Self {
            began: first.at,
            ended: last.at,
            steps,
        })
    }

    /// From the plan to the last event.
    #[must_use]
    pub fn took(&self) -> Duration {
        between(self.began, self.ended)
    }

    /// The chain of steps that the run could not have been shorter than.
    #[must_use]
    pub fn critical_path(&self) -> CriticalPath {
        let place = |name: &String| self.steps.iter().position(|step| step.name == *name);
        let tasks: Vec<Task> = self
            .steps
            .iter()
            .map(|step| Task {
                took: step.took().unwrap_or_default(),
                needs: step.needs.iter().filter_map(place).collect(),
            })
            .collect();
        critical_path(&tasks)
    }
}

impl StepTime {
    /// How long it ran; `None` when it did not begin.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        Some(between(self.began?, self.ended?))
    }

    /// How much of it was waiting.
    #[must_use]
    pub fn waited(&self) -> Duration {
        let waits = self.waits.iter();
        waits.map(|wait| between(wait.from, wait.until)).sum()
    }

    fn take(&mut self, at: Timestamp, event: &Event) {
        self.end_wait(at);
        match event {
            Event::Planned { .. } => {}
            Event::Started { .. } => self.began = Some(at),
            Event::Waiting { on, .. } => self.waiting = Some((at, on.clone())),
            Event::Retried { because, .. } => self.retries.push(Retry {
                at,
                because: because.clone(),
            }),
            Event::Done { changed, .. } => {
                let changed = changed.clone();
                self.end_with(at, changed.map_or(End::Unchanged, End::Changed));
            }
            Event::Skipped { because, .. } => self.end = End::Skipped(because.clone()),
            Event::Failed {
                error, evidence, ..
            } => {
                let (error, evidence) = (error.clone(), evidence.clone());
                self.end_with(at, End::Failed { error, evidence });
            }
            Event::Interrupted { seen, .. } => self.end_with(at, End::Interrupted(seen.clone())),
        }
    }

    fn end_with(&mut self, at: Timestamp, end: End) {
        self.ended = Some(at);
        self.end = end;
    }

    /// Nothing more will be said.
    fn close(&mut self, at: Timestamp) {
        if self.began.is_some() && self.ended.is_none() {
            self.ended = Some(at);
        }
        self.end_wait(at);
    }

    fn end_wait(&mut self, until: Timestamp) {
        let ended = self.waiting.take();
        self.waits
            .extend(ended.map(|(from, on)| Wait { from, until, on }));
    }
}

/// A plan is told before anything of it happens, and each step once: whatever breaks that is the next run.
fn begins_a_run(event: &Event, events: &[Stamped]) -> bool {
    let Event::Planned { step, .. } = event else {
        return false;
    };
    events.iter().any(|earlier| match &earlier.event {
        Event::Planned { step: planned, .. } => planned == step,
        _ => true,
    })
}

/// Clocks may be set back while a run is going on; a step never took less than nothing.
pub(super) fn between(from: Timestamp, until: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(from)).unwrap_or_default()
}
