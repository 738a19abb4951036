//! Events exist in two groups with other field names; they are stored in the core group's form.
//! Source: k8s.io/kubernetes/pkg/apis/events/v1/conversion.go.

use serde_json::Value;

/// Core group name, `events.k8s.io` name.
const RENAMED: [(&str, &str); 8] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
    ("reportingInstance", "reportingInstance"),
];

/// From the form of the core group to that of `events.k8s.io`.
pub(crate) fn to_events_group(event: &mut Value) {
    rename(event, |(core, events)| (core, events));
}

/// From the form of `events.k8s.io` to that of the core group.
pub(crate) fn to_core_group(event: &mut Value) {
    rename(event, |(core, events)| (events, core));
}

fn rename(
    event: &mut Value,
    direction: impl Fn((&'static str, &'static str)) -> (&'static str, &'static str),
) {
    let Some(event) = event.as_object_mut() else {
        return;
    };
    for pair in RENAMED {
        let (from, to) = direction(pair);
        if let Some(value) = event.remove(from) {
            event.insert(to.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_survives_the_way_to_the_other_group_and_back() {
        let core = json!({"kind": "Event", "message": "m", "involvedObject": {"name": "a"}, "count": 2, "reason": "r"});
        let mut event = core.clone();
        to_events_group(&mut event);
        assert_eq!(event["note"], "m");
        assert_eq!(event["regarding"]["name"], "a");
        to_core_group(&mut event);
        assert_eq!(event, core);
    }
}
