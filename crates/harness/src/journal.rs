//! The story of a scenario as it happened.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a scenario did and saw, step by step. Cheap to clone; clones write the same journal.
#[derive(Debug, Clone)]
pub struct Journal {
    begun: Instant,
    entries: Arc<Mutex<Vec<(Duration, String)>>>,
}

impl Journal {
    /// An empty journal that begins now.
    #[must_use]
    pub fn begin() -> Self {
        Self {
            begun: Instant::now(),
            entries: Arc::default(),
        }
    }

    /// Writes down one thing that was done or seen.
    pub fn note(&self, what: impl Into<String>) {
        let entry = (self.begun.elapsed(), what.into());
        tracing::debug!("{}", entry.1);
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(entry);
    }

    /// Time since the journal began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, what) in self
            .entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
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
        let journal = Journal::begin();
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
