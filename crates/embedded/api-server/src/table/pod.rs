//! The table of pods: the status that people know, computed from phase, conditions and containers
//! (`printPod` of `k8s.io/kubernetes/pkg/printers/internalversion/printers.go`).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age;
use super::built_in::{AGE, age_of, name};
use super::column::{Column, ColumnType};
use super::text::{list, or, text};

pub(super) fn columns() -> Vec<Column> {
    let string = |name, description| Column::shown(name, ColumnType::String, description);
    vec![
        string(
            "Ready",
            "The aggregate readiness state of this pod for accepting traffic.",
        ),
        string(
            "Status",
            "The aggregate status of the containers in this pod.",
        ),
        string(
            "Restarts",
            "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.",
        ),
        AGE,
        Column::wide("IP", "podIP address allocated to the pod."),
        Column::wide("Node", "The node that the pod is assigned to."),
        Column::wide(
            "Nominated Node",
            "The node that the pod will run on once its preempted victims are gone.",
        ),
        Column::wide(
            "Readiness Gates",
            "The conditions that the pod needs besides its containers.",
        ),
    ]
}

pub(super) fn row(pod: &Value, now: Timestamp) -> Vec<Value> {
    let containers = list(pod, "/status/containerStatuses");
    let ready = containers
        .iter()
        .filter(|status| flag(status, "/ready") && is_running(status))
        .count();
    let none = |pointer: &str| json!(or(text(pod, pointer), "<none>"));
    vec![
        name(pod),
        json!(format!("{ready}/{}", list(pod, "/spec/containers").len())),
        json!(status(pod)),
        json!(restarts(pod, now)),
        age_of(pod, now),
        none("/status/podIP"),
        none("/spec/nodeName"),
        none("/status/nominatedNodeName"),
        json!(readiness_gates(pod)),
    ]
}

fn status(pod: &Value) -> String {
    let mut reason = or(text(pod, "/status/reason"), text(pod, "/status/phase")).to_owned();
    let gated = list(pod, "/status/conditions").iter().any(|condition| {
        text(condition, "/type") == "PodScheduled"
            && text(condition, "/reason") == "SchedulingGated"
    });
    if gated {
        reason = "SchedulingGated".to_owned();
    }
    match initialising(pod) {
        Some(init) => reason = init,
        None => {
            let mut has_running = false;
            for container in list(pod, "/status/containerStatuses").iter().rev() {
                if let Some(of_container) = stopped_reason(container) {
                    reason = of_container;
                } else if flag(container, "/ready") && is_running(container) {
                    has_running = true;
                }
            }
            if reason == "Completed" && has_running {
                let ready = list(pod, "/status/conditions").iter().any(|condition| {
                    text(condition, "/type") == "Ready" && text(condition, "/status") == "True"
                });
                reason = if ready { "Running" } else { "NotReady" }.to_owned();
            }
        }
    }
    if pod
        .pointer("/metadata/deletionTimestamp")
        .is_some_and(Value::is_string)
    {
        let terminal = matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
        if text(pod, "/status/reason") == "NodeLost" {
            reason = "Unknown".to_owned();
        } else if !terminal {
            reason = "Terminating".to_owned();
        }
    }
    reason
}

/// What the first unfinished init container is doing.
fn initialising(pod: &Value) -> Option<String> {
    let statuses = list(pod, "/status/initContainerStatuses");
    let total = list(pod, "/spec/initContainers").len();
    let (index, container) = statuses.iter().enumerate().find(|(_, container)| {
        let finished = container
            .pointer("/state/terminated/exitCode")
            .and_then(Value::as_i64)
            == Some(0);
        let restartable_and_started = flag(container, "/started") && is_running(container);
        !finished && !restartable_and_started
    })?;
    let waiting = text(container, "/state/waiting/reason");
    Some(if container.pointer("/state/terminated").is_some() {
        format!("Init:{}", stopped_reason(container).unwrap_or_default())
    } else if !waiting.is_empty() && waiting != "PodInitializing" {
        format!("Init:{waiting}")
    } else {
        format!("Init:{index}/{total}")
    })
}

/// Why a container does not run: its reason, or its signal or exit code.
fn stopped_reason(container: &Value) -> Option<String> {
    let waiting = text(container, "/state/waiting/reason");
    if !waiting.is_empty() {
        return Some(waiting.to_owned());
    }
    let terminated = container
        .pointer("/state/terminated")
        .filter(|state| state.is_object())?;
    Some(
        match (text(terminated, "/reason"), number(terminated, "/signal")) {
            ("", 0) => format!("ExitCode:{}", number(terminated, "/exitCode")),
            ("", signal) => format!("Signal:{signal}"),
            (reason, _) => reason.to_owned(),
        },
    )
}

/// The restarts of all containers, with the time of the last.
fn restarts(pod: &Value, now: Timestamp) -> String {
    let containers = list(pod, "/status/containerStatuses");
    let total = containers
        .iter()
        .map(|container| number(container, "/restartCount"))
        .fold(0, i64::saturating_add);
    let last = containers
        .iter()
        .filter_map(|container| container.pointer("/lastState/terminated/finishedAt"))
        .max_by_key(|time| {
            time.as_str()
                .and_then(|text| text.parse::<Timestamp>().ok())
        });
    match last {
        Some(time) if total > 0 => format!("{total} ({} ago)", age::since(Some(time), now)),
        _ => total.to_string(),
    }
}

fn readiness_gates(pod: &Value) -> String {
    let gates = list(pod, "/spec/readinessGates");
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let conditions = list(pod, "/status/conditions");
    let is_true = |gate: &&Value| {
        conditions.iter().any(|condition| {
            text(condition, "/type") == text(gate, "/conditionType")
                && text(condition, "/status") == "True"
        })
    };
    format!("{}/{}", gates.iter().filter(is_true).count(), gates.len())
}

fn is_running(container: &Value) -> bool {
    container
        .pointer("/state/running")
        .is_some_and(|state| !state.is_null())
}

fn flag(value: &Value, pointer: &str) -> bool {
    value
        .pointer(pointer)
        .and_then(Value::as_bool)
        .unwrap_or(false)
}

fn number(value: &Value, pointer: &str) -> i64 {
    value
        .pointer(pointer)
        .and_then(Value::as_i64)
        .unwrap_or_default()
}
