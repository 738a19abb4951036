//! The table of services.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::built_in::{AGE, age_of, name};
use super::column::{Column, ColumnType};
use super::text::{joined, list, or, text};

pub(super) fn columns() -> Vec<Column> {
    let string = |name, description| Column::shown(name, ColumnType::String, description);
    vec![
        string("Type", "type determines how the Service is exposed."),
        string("Cluster-IP", "clusterIP is the IP address of the service."),
        string(
            "External-IP",
            "Addresses at which the service is reachable from outside the cluster.",
        ),
        string(
            "Port(s)",
            "The list of ports that are exposed by this service.",
        ),
        AGE,
        Column::wide(
            "Selector",
            "The labels of the pods that the service routes to.",
        ),
    ]
}

pub(super) fn row(service: &Value, now: Timestamp) -> Vec<Value> {
    let ports: Vec<String> = list(service, "/spec/ports").iter().map(port).collect();
    let selector: Vec<String> = service
        .pointer("/spec/selector")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    vec![
        name(service),
        json!(text(service, "/spec/type")),
        json!(or(text(service, "/spec/clusterIP"), "<none>")),
        json!(external_address(service)),
        json!(joined(ports.iter().map(String::as_str))),
        age_of(service, now),
        json!(joined(selector.iter().map(String::as_str))),
    ]
}

fn port(port: &Value) -> String {
    let number = |name: &str| port.get(name).and_then(Value::as_i64).unwrap_or_default();
    let protocol = or(text(port, "/protocol"), "TCP");
    match number("nodePort") {
        0 => format!("{}/{protocol}", number("port")),
        node_port => format!("{}:{node_port}/{protocol}", number("port")),
    }
}

fn external_address(service: &Value) -> String {
    let external = list(service, "/spec/externalIPs")
        .iter()
        .filter_map(Value::as_str);
    match text(service, "/spec/type") {
        "ExternalName" => text(service, "/spec/externalName").to_owned(),
        "LoadBalancer" => {
            let ingress = list(service, "/status/loadBalancer/ingress").iter();
            let addresses: Vec<&str> = ingress
                .map(|ingress| or(text(ingress, "/ip"), text(ingress, "/hostname")))
                .chain(external)
                .collect();
            if addresses.is_empty() {
                "<pending>".to_owned()
            } else {
                addresses.join(",")
            }
        }
        _ => joined(external),
    }
}
