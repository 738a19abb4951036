//! Names of Snapshots.

use jiff::{Timestamp, tz::TimeZone};

/// The longest part of the application's name in a Snapshot's name, in characters.
const PREFIX: usize = 43;
/// The same for names with a suffix.
const SHORT_PREFIX: usize = 40;

/// `<application>-YYYYMMDD-HHMMSS-mmm` in UTC. A `suffix` tells Snapshots of one millisecond apart.
/// (integration-service, `GenerateSnapshotNameWithTimestamp`.)
pub(crate) fn snapshot_name(application: &str, started: Timestamp, suffix: Option<&str>) -> String {
    let prefix: String = application
        .chars()
        .take(if suffix.is_some() {
            SHORT_PREFIX
        } else {
            PREFIX
        })
        .collect();
    let time = started.to_zoned(TimeZone::UTC);
    let (date, milliseconds) = (time.strftime("%Y%m%d-%H%M%S"), time.millisecond());
    match suffix {
        Some(suffix) => format!("{prefix}-{date}-{milliseconds:03}-{suffix}"),
        None => format!("{prefix}-{date}-{milliseconds:03}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_and_when_and_is_never_longer_than_a_label() {
        let started: Timestamp = "2026-01-02T03:04:05.678Z".parse().unwrap();
        assert_eq!(
            snapshot_name("shop", started, None),
            "shop-20260102-030405-678"
        );
        assert_eq!(
            snapshot_name("shop", started, Some("ab")),
            "shop-20260102-030405-678-ab"
        );
        assert_eq!(snapshot_name(&"a".repeat(80), started, None).len(), 63);
        assert_eq!(
            snapshot_name(&"a".repeat(80), started, Some("ab")).len(),
            63
        );
    }
}
