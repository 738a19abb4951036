//! Objects, events and containers as lines for a person.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ContainerState, Event, Pod};
use kube::api::ListParams;
use kube::{Api, Resource, ResourceExt};
use serde::Serialize;
use serde_json::Value;

use crate::Deployment;
use crate::failure::kubernetes_words;

/// How many events a report shows.
const EVENTS_SHOWN: usize = 8;
/// How long a report may look around; the cluster may be the reason for the report.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest line of a status that has no conditions.
const LONGEST_STATUS: usize = 400;

/// `Kind namespace/name`.
pub fn kind_and_name<K: Resource<DynamicType = ()>>(object: &K) -> String {
    let namespace = object
        .namespace()
        .map(|namespace| format!("{namespace}/"))
        .unwrap_or_default();
    format!("{} {namespace}{}", K::kind(&()), object.name_any())
}

/// The conditions of an object, one line each; empty when it has none.
pub fn conditions(object: &impl Serialize) -> Vec<String> {
    let value = serde_json::to_value(object).unwrap_or_default();
    let conditions = value
        .pointer("/status/conditions")
        .and_then(Value::as_array);
    conditions.into_iter().flatten().map(condition).collect()
}

fn condition(condition: &Value) -> String {
    let text = |field: &str| {
        condition
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let mut line = format!("{} is {}", text("type"), text("status"));
    for (open, field, close) in [(" (", "reason", ")"), (": ", "message", "")] {
        if !text(field).is_empty() {
            line = format!("{line}{open}{}{close}", text(field));
        }
    }
    line
}

/// An object's status: its conditions and children, else all of it on one line.
pub(super) fn status(object: &impl Serialize) -> Vec<String> {
    let mut lines = conditions(object);
    let value = serde_json::to_value(object).unwrap_or_default();
    let children = value
        .pointer("/status/childReferences")
        .and_then(Value::as_array);
    lines.extend(children.into_iter().flatten().map(|child| {
        let text = |field: &str| child.get(field).and_then(Value::as_str).unwrap_or_default();
        format!(
            "child {} {} ({})",
            text("kind"),
            text("name"),
            text("pipelineTaskName")
        )
    }));
    if !lines.is_empty() {
        return lines;
    }
    match value.get("status") {
        None | Some(Value::Null) => vec!["it exists and has no status".to_owned()],
        Some(status) => vec![format!("status {}", shortened(&status.to_string()))],
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_STATUS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The last events and the unhappy containers of a namespace; what cannot be read is said in its place.
pub(super) async fn around(deployment: &Deployment, namespace: &str) -> (Vec<String>, Vec<String>) {
    let looking = async {
        let events: Api<Event> = Api::namespaced(deployment.kubernetes.clone(), namespace);
        let pods: Api<Pod> = Api::namespaced(deployment.kubernetes.clone(), namespace);
        let everything = ListParams::default();
        let (events, pods) = tokio::join!(events.list(&everything), pods.list(&everything));
        let unreadable =
            |error: kube::Error| vec![format!("could not tell: {}", kubernetes_words(&error))];
        (
            events.map_or_else(unreadable, |events| last_events(events.items)),
            pods.map_or_else(unreadable, |pods| {
                pods.iter().flat_map(unhappy_containers).collect()
            }),
        )
    };
    let no_answer = || {
        vec![format!(
            "could not tell: no answer within {} s",
            PATIENCE.as_secs()
        )]
    };
    tokio::time::timeout(PATIENCE, looking)
        .await
        .unwrap_or_else(|_| (no_answer(), no_answer()))
}

fn last_events(mut events: Vec<Event>) -> Vec<String> {
    let time = |event: &Event| {
        let precise = event.event_time.as_ref().map(|time| time.0);
        precise.or_else(|| event.last_timestamp.as_ref().map(|time| time.0))
    };
    events.sort_by_key(time);
    let surplus = events.len().saturating_sub(EVENTS_SHOWN);
    events.drain(..surplus);
    let line = |event: Event| {
        let about = event.involved_object;
        format!(
            "{} {} on {} {}: {}",
            event.type_.unwrap_or_default(),
            event.reason.unwrap_or_default(),
            about.kind.unwrap_or_default(),
            about.name.unwrap_or_default(),
            event.message.unwrap_or_default(),
        )
    };
    events.into_iter().map(line).collect()
}

/// Containers that wait, run or failed; those that ended well have nothing to tell.
fn unhappy_containers(pod: &Pod) -> Vec<String> {
    let Some(status) = &pod.status else {
        return vec![format!("{}: the pod has no status", pod.name_any())];
    };
    let all = status
        .init_container_statuses
        .iter()
        .chain(&status.container_statuses)
        .flatten();
    all.filter_map(|container| {
        let state = state(container.state.as_ref()?)?;
        Some(format!("{}/{}: {state}", pod.name_any(), container.name))
    })
    .collect()
}

fn state(state: &ContainerState) -> Option<String> {
    let words = |reason: &Option<String>, message: &Option<String>| {
        [reason, message]
            .into_iter()
            .flatten()
            .map(|word| format!(", {word}"))
            .collect::<String>()
    };
    if let Some(waiting) = &state.waiting {
        return Some(format!(
            "waiting{}",
            words(&waiting.reason, &waiting.message)
        ));
    }
    if state.running.is_some() {
        return Some("running".to_owned());
    }
    let ended = state
        .terminated
        .as_ref()
        .filter(|ended| ended.exit_code != 0)?;
    Some(format!(
        "ended with exit code {}{}",
        ended.exit_code,
        words(&ended.reason, &ended.message)
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_status_is_told_by_its_conditions_and_children() {
        let run = json!({"status": {
            "conditions": [{"type": "Succeeded", "status": "Unknown", "reason": "Running", "message": "Incomplete: 2"}],
            "childReferences": [{"kind": "TaskRun", "name": "web-build", "pipelineTaskName": "build"}],
        }});
        let lines = [
            "Succeeded is Unknown (Running): Incomplete: 2",
            "child TaskRun web-build (build)",
        ];
        assert_eq!(status(&run), lines);
        assert_eq!(status(&json!({})), ["it exists and has no status"]);
        assert_eq!(
            status(&json!({"status": {"phase": "Active"}})),
            [r#"status {"phase":"Active"}"#]
        );
    }

    #[test]
    fn the_last_events_are_shown_oldest_first() {
        let event = |number: i64| -> Event {
            serde_json::from_value(json!({
                "metadata": {}, "type": "Warning", "reason": format!("Number{number:02}"), "message": "x",
                "involvedObject": {"kind": "Pod", "name": "web"},
                "lastTimestamp": format!("2024-01-01T00:00:{number:02}Z"),
            }))
            .unwrap()
        };
        let lines = last_events((0..20).rev().map(event).collect());
        assert_eq!(lines.len(), EVENTS_SHOWN);
        assert_eq!(lines[0], "Warning Number12 on Pod web: x");
        assert!(lines[7].contains("Number19"));
    }

    #[test]
    fn containers_that_ended_well_are_not_mentioned() {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": {"name": "web-pod"},
            "status": {"containerStatuses": [
                status_of("prepare", json!({"terminated": {"exitCode": 0}})),
                status_of("step-build", json!({"terminated": {"exitCode": 1, "reason": "Error"}})),
                status_of("step-push", json!({"waiting": {"reason": "PodInitializing"}})),
            ]},
        }))
        .unwrap();
        let lines = [
            "web-pod/step-build: ended with exit code 1, Error",
            "web-pod/step-push: waiting, PodInitializing",
        ];
        assert_eq!(unhappy_containers(&pod), lines);
    }

    fn status_of(name: &str, state: Value) -> Value {
        json!({"name": name, "state": state, "image": "i", "imageID": "", "ready": false, "restartCount": 0})
    }
}
