//! Why a step failed.

use std::error::Error;
use std::fmt;

/// Why a step failed: what was attempted, what was seen, and what mends it.
#[derive(Debug)]
pub struct StepError {
    attempted: String,
    seen: String,
    remedy: Option<String>,
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
