//! Why a step failed.

use std::error::Error;
use std::fmt;

/// Why a step failed: what was attempted, what was seen, and what mends it.
#[derive(Debug)]
pub struct StepError {
    attempted: String,
    seen: String,
    remedy: Option<String>,
    explains_itself: bool,
}

impl StepError {
    /// An error whose sentence is `cannot <attempted>: <seen>`.
    pub fn new(attempted: impl Into<String>, seen: impl fmt::Display) -> Self {
        Self {
            attempted: attempted.into(),
            seen: seen.to_string(),
            remedy: None,
            explains_itself: false,
        }
    }

    /// Turns a library's error into a step's: its whole chain of causes is what was seen.
    pub fn because<E: Error + 'static>(attempted: impl Into<String>) -> impl FnOnce(E) -> Self {
        move |error| Self::new(attempted, chain(&error))
    }

    /// Says that the sentence is all there is to know: nothing broke, something else was asked for. No evidence is collected.
    #[must_use]
    pub fn explaining_itself(mut self) -> Self {
        self.explains_itself = true;
        self
    }

    pub(super) fn explains_itself(&self) -> bool {
        self.explains_itself
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
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        // An API server's answer is printed with all its fields; its message is what a person needs, and its cause is the same answer.
        let answer = answer(error);
        let words = answer.map_or_else(|| error.to_string(), ToString::to_string);
        if text.is_empty() {
            text = words;
        } else if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        next = match answer {
            Some(_) => None,
            None => error.source(),
        };
    }
    text
}

/// The message of an API server's answer; libraries keep the error in a box.
fn answer<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a str> {
    let boxed = error.downcast_ref::<Box<kube::Error>>().map(AsRef::as_ref);
    match error.downcast_ref::<kube::Error>().or(boxed) {
        Some(kube::Error::Api(status)) => Some(&status.message),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    #[test]
    fn an_api_servers_answer_is_told_by_its_message_alone() {
        let answer = || kube::Error::Api(Status::failure("no such thing", "NotFound").boxed());
        assert_eq!(chain(&answer()), "no such thing");
        let boxed: Box<kube::Error> = Box::new(answer());
        assert_eq!(chain(&boxed), "no such thing");
    }
}
