//! Ages as people read them (`k8s.io/apimachinery/pkg/util/duration.HumanDuration`).

use jiff::Timestamp;
use serde_json::Value;

/// How long ago `timestamp` was, with two or three significant figures; `<unknown>` when there is none, `<invalid>`
/// when it is no time or lies in the future.
pub(super) fn since(timestamp: Option<&Value>, now: Timestamp) -> String {
    match timestamp {
        None | Some(Value::Null) => "<unknown>".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "<unknown>".to_owned(),
        Some(value) => match value
            .as_str()
            .and_then(|text| text.parse::<Timestamp>().ok())
        {
            Some(then) => human_duration(now.as_millisecond() - then.as_millisecond()),
            None => "<invalid>".to_owned(),
        },
    }
}

fn human_duration(milliseconds: i64) -> String {
    // Two seconds of disagreement between clocks count as now.
    if milliseconds <= -2000 {
        return "<invalid>".to_owned();
    }
    if milliseconds < 0 {
        return "0s".to_owned();
    }
    let seconds = milliseconds / 1000;
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let (days, years) = (hours / 24, hours / 24 / 365);
    if seconds < 120 {
        format!("{seconds}s")
    } else if minutes < 10 {
        pair(minutes, "m", seconds % 60, "s")
    } else if minutes < 180 {
        format!("{minutes}m")
    } else if hours < 8 {
        pair(hours, "h", minutes % 60, "m")
    } else if hours < 48 {
        format!("{hours}h")
    } else if days < 8 {
        pair(days, "d", hours % 24, "h")
    } else if years < 2 {
        format!("{days}d")
    } else if years < 8 {
        pair(years, "y", days % 365, "d")
    } else {
        format!("{years}y")
    }
}

fn pair(large: i64, large_unit: &str, small: i64, small_unit: &str) -> String {
    if small == 0 {
        format!("{large}{large_unit}")
    } else {
        format!("{large}{large_unit}{small}{small_unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::human_duration;

    #[test]
    fn durations_have_two_or_three_significant_figures() {
        let (minute, hour, day) = (60, 3600, 86_400);
        for (seconds, expected) in [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (2 * minute, "2m"),
            (5 * minute + 30, "5m30s"),
            (10 * minute + 30, "10m"),
            (179 * minute, "179m"),
            (3 * hour, "3h"),
            (7 * hour + 30 * minute, "7h30m"),
            (47 * hour, "47h"),
            (3 * day + 4 * hour, "3d4h"),
            (7 * day, "7d"),
            (8 * day + hour, "8d"),
            (729 * day, "729d"),
            (730 * day, "2y"),
            (800 * day, "2y70d"),
            (3000 * day, "8y"),
        ] {
            assert_eq!(human_duration(seconds * 1000), expected, "{seconds}");
        }
    }
}
