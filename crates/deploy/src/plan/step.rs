//! One unit of a deployment.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::events::{Event, Events};

/// One unit of a deployment: a name, prerequisites, an action and a readiness condition. Running it again on what it
/// made changes nothing and says so.
#[async_trait]
pub trait Step<C>: Send + Sync {
    /// The name in events, records and `needs`.
    fn name(&self) -> &'static str;
    /// What it does, for the plan.
    fn title(&self) -> &'static str;
    /// Steps that must be done before.
    fn needs(&self) -> &'static [&'static str] {
        &[]
    }
    /// How long it may take, its wait for readiness included.
    fn limit(&self) -> Duration {
        Duration::from_secs(30)
    }
    /// Acts, and waits until what it made is ready.
    async fn run(&self, context: &C, progress: &Progress) -> Result<Outcome, StepError>;
}

/// How a step ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was as it should be.
    Unchanged,
    /// It changed something, said as a fragment.
    Changed(String),
}

/// What a step tells while it runs.
#[derive(Clone)]
pub struct Progress {
    step: &'static str,
    events: Events,
    last_seen: Arc<Mutex<String>>,
}

/// Why a step failed: what was attempted, what was seen, and what mends it.
#[derive(Debug)]
pub struct StepError {
    attempted: String,
    seen: String,
    remedy: Option<String>,
}

impl Progress {
    /// For the step of this name.
    #[must_use]
    pub fn new(step: &'static str, events: Events) -> Self {
        Self {
            step,
            events,
            last_seen: Arc::default(),
        }
    }

    /// Says what the step waits for; an expired limit reports it.
    pub fn waiting(&self, on: impl Into<String>) {
        let on = on.into();
        self.last_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&on);
        self.events.tell(Event::Waiting {
            step: self.step,
            on,
        });
    }

    /// Says that something is tried again.
    pub fn retrying(&self, because: impl Into<String>) {
        self.events.tell(Event::Retried {
            step: self.step,
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

impl StepError {
    /// An error whose sentence is `cannot <attempted>: <seen>`.
    pub fn new(attempted: impl Into<String>, seen: impl fmt::Display) -> Self {
        Self {
            attempted: attempted.into(),
            seen: seen.to_string(),
            remedy: None,
        }
    }

    /// Turns a library's error into a step's: its whole chain of causes is what was seen.
    pub fn because<E: Error + 'static>(attempted: impl Into<String>) -> impl FnOnce(E) -> Self {
        move |error| Self::new(attempted, chain(&error))
    }

    /// Adds the command or act that mends it.
    #[must_use]
    pub fn mended_by(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot {}: {}", self.attempted, self.seen)?;
        self.remedy
            .as_ref()
            .map_or(Ok(()), |remedy| write!(formatter, "; {remedy}"))
    }
}

impl Error for StepError {}

/// An error with all its causes, as one fragment; a cause that the error's own text repeats is not said twice.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = words(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = words(error);
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}

/// An error's own words. `kube` prints an API server's answer with all its fields; its message is what a person needs.
fn words(error: &(dyn Error + 'static)) -> String {
    match error.downcast_ref::<kube::Error>() {
        Some(kube::Error::Api(status)) => status.message.clone(),
        _ => error.to_string(),
    }
}
