//! When to try again.

use std::time::Duration;

use super::Client;
use crate::Error;

/// How often and when an operation is tried again: after a broken connection, a 5xx or a 429, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Tries altogether; 1 means never again.
    pub attempts: u32,
    /// Wait before the second try; it doubles with every further one.
    pub first_delay: Duration,
    /// Longest wait. A registry that asks for more (`Retry-After`) is not tried again.
    pub longest_delay: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_delay: Duration::from_millis(200),
            longest_delay: Duration::from_secs(30),
        }
    }
}

impl Retry {
    /// The wait after the failed try number `attempt` (from 1); `None` when there is to be no further one.
    fn delay(&self, attempt: u32, error: &Error) -> Option<Duration> {
        if attempt >= self.attempts || !error.is_transient() {
            return None;
        }
        let asked = match error {
            Error::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        match asked {
            Some(asked) => Some(asked).filter(|asked| *asked <= self.longest_delay),
            None => Some(
                self.first_delay
                    .saturating_mul(2_u32.saturating_pow(attempt - 1))
                    .min(self.longest_delay),
            ),
        }
    }
}

impl Client {
    /// Runs `operation` until it succeeds or trying again cannot help.
    pub(crate) async fn retrying<T, Running>(
        &self,
        operation: impl Fn() -> Running,
    ) -> Result<T, Error>
    where
        Running: Future<Output = Result<T, Error>>,
    {
        let mut attempt = 1;
        loop {
            match operation().await {
                Ok(value) => return Ok(value),
                Err(error) => match self.0.retry.delay(attempt, &error) {
                    Some(delay) => tokio::time::sleep(delay).await,
                    None => return Err(error),
                },
            }
            attempt += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16, retry_after: Option<u64>) -> Error {
        Error::Status {
            action: String::new(),
            address: String::new(),
            status,
            detail: String::new(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn waits_double_up_to_the_longest_and_end_with_the_attempts() {
        let retry = Retry {
            attempts: 4,
            first_delay: Duration::from_secs(1),
            longest_delay: Duration::from_secs(3),
        };
        let seconds: Vec<_> = (1..=4)
            .map(|attempt| {
                retry
                    .delay(attempt, &status(503, None))
                    .map(|delay| delay.as_secs())
            })
            .collect();
        assert_eq!(seconds, [Some(1), Some(2), Some(3), None]);
    }

    #[test]
    fn the_registry_may_ask_for_a_time_within_the_limit() {
        let retry = Retry::default();
        assert_eq!(
            retry.delay(1, &status(429, Some(7))),
            Some(Duration::from_secs(7))
        );
        assert_eq!(retry.delay(1, &status(429, Some(3600))), None);
    }

    #[test]
    fn what_stays_wrong_is_not_tried_again() {
        assert_eq!(Retry::default().delay(1, &status(404, None)), None);
    }
}
