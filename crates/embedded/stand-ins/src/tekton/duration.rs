//! Go's durations, which Tekton's timeouts are written in.

use std::time::Duration;

/// Tekton's `default-timeout-minutes`.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// Reads a duration such as `1h30m`, `1.5s` or `250ms`, as Go's `time.ParseDuration` does without signs.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let problem = || format!("{text:?} is not a duration such as \"1h30m\" or \"45s\"");
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut seconds = 0.0_f64;
    while !rest.is_empty() {
        let end = rest
            .find(|character: char| !character.is_ascii_digit() && character != '.')
            .ok_or_else(problem)?;
        let number: f64 = rest[..end].parse().map_err(|_| problem())?;
        rest = &rest[end..];
        let end = rest
            .find(|character: char| character.is_ascii_digit() || character == '.')
            .unwrap_or(rest.len());
        seconds += number
            * match &rest[..end] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return Err(problem()),
            };
        rest = &rest[end..];
    }
    if text.is_empty() {
        return Err(problem());
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| problem())
}

/// Reads a timeout: absent means Tekton's default, `0` means none.
pub(crate) fn timeout(
    text: Option<&str>,
    default: Option<Duration>,
) -> Result<Option<Duration>, String> {
    match text {
        None => Ok(default),
        Some(text) => parse(text).map(|duration| (!duration.is_zero()).then_some(duration)),
    }
}

/// Writes a duration as Go prints it, to whole seconds: `1h0m0s`, `1m30s`, `5s`.
pub(crate) fn display(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, _) if duration < Duration::from_secs(1) => format!("{}ms", duration.as_millis()),
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds}s"),
        (hours, minutes, seconds) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations_are_read_and_written() {
        assert_eq!(parse("1h30m").unwrap(), Duration::from_secs(5400));
        assert_eq!(parse("1.5s").unwrap(), Duration::from_millis(1500));
        assert_eq!(parse("250ms").unwrap(), Duration::from_millis(250));
        assert_eq!(display(Duration::from_secs(3600)), "1h0m0s");
        assert_eq!(display(Duration::from_secs(90)), "1m30s");
        assert_eq!(display(Duration::from_millis(50)), "50ms");
    }

    #[test]
    fn what_is_no_duration_is_named() {
        for text in ["", "5", "h", "1x", "-1s", "1h-5m"] {
            assert!(
                parse(text).unwrap_err().contains(&format!("{text:?}")),
                "{text}"
            );
        }
    }

    #[test]
    fn zero_means_no_limit_and_absence_means_the_default() {
        assert_eq!(timeout(Some("0"), Some(DEFAULT_TIMEOUT)), Ok(None));
        assert_eq!(
            timeout(None, Some(DEFAULT_TIMEOUT)),
            Ok(Some(DEFAULT_TIMEOUT))
        );
    }
}
