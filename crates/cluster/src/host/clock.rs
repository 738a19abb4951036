//! Is the clock plausible? Certificates are judged by it.

use std::time::{Duration, SystemTime};

/// 2026-01-01T00:00:00Z: this program did not exist before.
const EARLIEST_PLAUSIBLE: Duration = Duration::from_secs(1_767_225_600);

/// The host's clock is wrong.
#[derive(Debug, thiserror::Error)]
#[error(
    "the clock says {now}, which is before this program existed; TLS certificates cannot be judged by it: set the clock (for example `timedatectl set-ntp true`) and run again"
)]
pub struct ImplausibleClock {
    now: String,
}

/// Refuses a clock that is obviously wrong.
///
/// # Errors
///
/// [`ImplausibleClock`] when `now` lies before 2026.
pub fn check(now: SystemTime) -> Result<(), ImplausibleClock> {
    let since_epoch = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    if since_epoch >= EARLIEST_PLAUSIBLE {
        return Ok(());
    }
    let now = jiff::Timestamp::try_from(now)
        .map_or_else(|_| format!("{now:?}"), |timestamp| timestamp.to_string());
    Err(ImplausibleClock { now })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_at_the_epoch_is_refused_and_told_what_it_says() {
        let error = check(SystemTime::UNIX_EPOCH).unwrap_err();
        assert!(
            error.to_string().contains("1970-01-01T00:00:00Z"),
            "{error}"
        );
    }

    #[test]
    fn todays_clock_is_accepted() {
        check(SystemTime::now()).unwrap();
    }
}
