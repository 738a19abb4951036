//! The table of events.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age;
use super::built_in::name;
use super::column::{Column, ColumnType};
use super::text::{or, text};

/// Events are the only kind whose table does not begin with the name.
pub(super) fn columns() -> Vec<Column> {
    let string = |name, description| Column::shown(name, ColumnType::String, description);
    vec![
        string(
            "Last Seen",
            "The time at which the most recent occurrence of this event was recorded.",
        ),
        string(
            "Type",
            "Type of this event (Normal, Warning), new types could be added in the future",
        ),
        string(
            "Reason",
            "A short, machine understandable string that gives the reason for this event.",
        ),
        string("Object", "The object that this event is about."),
        Column::wide(
            "Subobject",
            "The field of the object that this event is about.",
        ),
        Column::wide("Source", "The component reporting this event."),
        string(
            "Message",
            "A human-readable description of the status of this operation.",
        ),
        Column::wide(
            "First Seen",
            "The time at which the event was first recorded.",
        ),
        Column::wide("Count", "The number of times this event has occurred."),
        Column {
            priority: 1,
            ..Column::NAME
        },
    ]
}

/// One row; understands the fields of the core group and of `events.k8s.io`.
pub(super) fn row(event: &Value, now: Timestamp) -> Vec<Value> {
    let field = |core: &'static str, newer: &'static str| or(text(event, core), text(event, newer));
    let time = |pointers: &[&str]| {
        let set = |value: &&Value| value.as_str().is_some_and(|text| !text.is_empty());
        let found = pointers
            .iter()
            .filter_map(|pointer| event.pointer(pointer))
            .find(set);
        age::since(found, now)
    };
    let first = ["/firstTimestamp", "/deprecatedFirstTimestamp", "/eventTime"];
    let last = [
        "/series/lastObservedTime",
        "/lastTimestamp",
        "/deprecatedLastTimestamp",
        "/firstTimestamp",
        "/deprecatedFirstTimestamp",
        "/eventTime",
    ];
    let kind = field("/involvedObject/kind", "/regarding/kind").to_lowercase();
    let object = match field("/involvedObject/name", "/regarding/name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    let count = ["/series/count", "/count", "/deprecatedCount"]
        .iter()
        .find_map(|pointer| {
            event
                .pointer(pointer)
                .and_then(Value::as_i64)
                .filter(|count| *count > 0)
        });
    vec![
        json!(time(&last)),
        json!(text(event, "/type")),
        json!(text(event, "/reason")),
        json!(object),
        json!(field("/involvedObject/fieldPath", "/regarding/fieldPath")),
        json!(source(event)),
        json!(field("/message", "/note").trim()),
        json!(time(&first)),
        json!(count.unwrap_or(1).to_string()),
        name(event),
    ]
}

fn source(event: &Value) -> String {
    let (component, host) = match text(event, "/source/component") {
        "" => {
            let controller = or(
                text(event, "/reportingComponent"),
                text(event, "/reportingController"),
            );
            (controller, text(event, "/reportingInstance"))
        }
        component => (component, text(event, "/source/host")),
    };
    if host.is_empty() {
        component.to_owned()
    } else {
        format!("{component}, {host}")
    }
}
