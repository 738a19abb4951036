//! The story of a scenario as it happened.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use secrecy::SecretString;

/// What a scenario did and saw, step by step. Cheap to clone; clones write the same journal.
#[derive(Debug, Clone, Default)]
pub struct Journal(Arc<Content>);

#[derive(Debug, Default)]
struct Content {
    begun: OnceLock<Instant>,
    entries: Mutex<Vec<(Duration, String)>>,
    /// What must never be written down, with the words to write in its place.
    secrets: Mutex<Vec<(SecretString, String)>>,
}

impl Journal {
    /// Starts the clock, if it does not run yet: a scenario may have waited until it had the deployment for itself.
    pub fn begin(&self) {
        self.0.begun.get_or_init(Instant::now);
    }

    /// Writes down one thing that was done or seen.
    pub fn note(&self, what: impl Into<String>) {
        let entry = (self.elapsed(), what.into());
        tracing::debug!("{}", entry.1);
        self.entries().push(entry);
    }

    /// Makes a secret of the story known, to everything that is written about it from now on.
    pub fn hide(&self, secret: &SecretString, what: impl Into<String>) {
        let secrets = self.0.secrets.lock();
        let mut secrets = secrets.unwrap_or_else(PoisonError::into_inner);
        secrets.push((secret.clone(), what.into()));
    }

    /// The secrets of the story, each with what it is.
    #[must_use]
    pub fn secrets(&self) -> Vec<(SecretString, String)> {
        let secrets = self.0.secrets.lock();
        secrets.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Time since the clock was started; zero if it was not.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.begun.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    fn entries(&self) -> MutexGuard<'_, Vec<(Duration, String)>> {
        self.0
            .entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, what) in self.entries().iter() {
            writeln!(formatter, "{:>8.3} s  {what}", at.as_secs_f64())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_tells_what_happened_in_order_whoever_wrote_it() {
        let journal = Journal::default();
        journal.begin();
        journal.note("first");
        journal.clone().note("second");
        let text = journal.to_string();
        let words: Vec<&str> = text
            .lines()
            .map(|line| line.rsplit("  ").next().unwrap())
            .collect();
        assert_eq!(words, ["first", "second"]);
    }
}
