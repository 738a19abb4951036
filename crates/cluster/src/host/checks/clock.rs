//! Clocks: this host's, and the engine's, whose machine may have slept.

use std::time::SystemTime;

use jiff::Timestamp;

use super::super::check::{Check, Remedy};
use super::super::clock;
use super::super::engine::Facts;
use super::super::environment::{Environment, Platform};

/// More than this many seconds apart, fresh certificates are refused as not yet valid.
const TOLERATED_SECONDS: i64 = 30;

/// This host's clock is plausible.
pub(in super::super) fn host_clock(now: SystemTime) -> Check {
    const NAME: &str = "clock";
    match clock::check(now) {
        Ok(()) => Check::pass(NAME, "plausible"),
        Err(error) => Check::fail(
            NAME,
            error.to_string(),
            Remedy::command("let the network set it", "sudo timedatectl set-ntp true"),
        ),
    }
}

/// The engine's clock goes with this host's.
pub(in super::super) fn engine_clock(
    environment: &Environment,
    facts: &Facts,
    now: SystemTime,
) -> Check {
    const NAME: &str = "engine-clock";
    let times = (
        facts.time.as_deref().map(str::parse::<Timestamp>),
        Timestamp::try_from(now),
    );
    let (Some(Ok(engine)), Ok(host)) = times else {
        return Check::unknown(NAME, "the engine does not say what time it has");
    };
    let ahead = engine.as_second() - host.as_second();
    if ahead.abs() <= TOLERATED_SECONDS {
        return Check::pass(NAME, "goes with this host's");
    }
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    let seen = format!(
        "{} s {direction} this host's: certificates are refused",
        ahead.abs()
    );
    let remedy = match environment.platform() {
        Platform::MacOs => Remedy::advice(
            "restart the engine's machine: its clock stood still while the host slept",
        ),
        _ => Remedy::command("let the network set it", "sudo timedatectl set-ntp true"),
    };
    Check::warn(NAME, seen, remedy)
}

#[cfg(test)]
mod tests {
    use super::super::super::check::Verdict;
    use super::*;
    use std::path::Path;
    use std::time::Duration;

    #[test]
    fn a_clock_that_stood_still_is_told_with_the_difference() {
        let environment = Environment::new(Path::new("/"), Platform::MacOs, 501);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let at = |time: &str| Facts {
            time: Some(time.to_owned()),
            ..Facts::default()
        };
        let check = engine_clock(&environment, &at("2027-01-15T07:00:00.5Z"), now);
        assert_eq!(check.verdict, Verdict::Warn);
        assert!(check.seen.starts_with("3600 s behind"), "{}", check.seen);
        let check = engine_clock(&environment, &at("2027-01-15T09:00:10+01:00"), now);
        assert_eq!(check.verdict, Verdict::Pass);
        let check = engine_clock(&environment, &at("noon"), now);
        assert!(check.seen.starts_with("could not tell"));
    }

    #[test]
    fn a_host_in_1970_fails() {
        assert_eq!(host_clock(SystemTime::UNIX_EPOCH).verdict, Verdict::Fail);
        assert_eq!(host_clock(SystemTime::now()).verdict, Verdict::Pass);
    }
}
