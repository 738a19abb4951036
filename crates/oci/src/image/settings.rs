//! What a container that runs the image is given (image specification, config.md, `config`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// The execution parameters of an image.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// Environment in order of first definition.
    pub environment: Vec<(String, String)>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Working directory; empty means `/`.
    pub working_directory: String,
    /// User, `user[:group]` by name or number; empty means root.
    pub user: String,
    /// Ports, as `PORT/PROTOCOL`.
    pub exposed_ports: BTreeSet<String>,
    /// Arguments that every run starts with.
    pub entrypoint: Option<Vec<String>>,
    /// Arguments that a run has when it is given no others.
    pub command: Option<Vec<String>>,
    /// What a base image has set beyond that (volumes, stop signal, …), kept as it is.
    other: Map<String, Value>,
}

impl Settings {
    /// Sets a variable, in its old place when there was one.
    pub fn set_environment(&mut self, name: &str, value: String) {
        match self.environment.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.environment.push((name.to_owned(), value)),
        }
    }

    /// The value of a variable.
    #[must_use]
    pub fn environment(&self, name: &str) -> Option<&str> {
        let found = self.environment.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Reads the `config` member of an image configuration; what is damaged counts as not set.
    pub(super) fn from_json(config: Value) -> Self {
        let Value::Object(mut members) = config else {
            return Self::default();
        };
        let mut take = |name: &str| members.remove(name).unwrap_or_default();
        Self {
            environment: list(take("Env"))
                .unwrap_or_default()
                .iter()
                .filter_map(|variable| variable.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            labels: serde_json::from_value(take("Labels")).unwrap_or_default(),
            working_directory: serde_json::from_value(take("WorkingDir")).unwrap_or_default(),
            user: serde_json::from_value(take("User")).unwrap_or_default(),
            exposed_ports: match take("ExposedPorts") {
                Value::Object(ports) => ports.into_iter().map(|(port, _)| port).collect(),
                _ => BTreeSet::new(),
            },
            entrypoint: list(take("Entrypoint")),
            command: list(take("Cmd")),
            other: members,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let mut members = self.other.clone();
        let mut set = |name: &str, present: bool, value: Value| {
            if present {
                members.insert(name.to_owned(), value);
            }
        };
        let environment: Vec<String> = self
            .environment
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let ports: Map<String, Value> = self
            .exposed_ports
            .iter()
            .map(|port| (port.clone(), json!({})))
            .collect();
        set("Env", !environment.is_empty(), json!(environment));
        set("Labels", !self.labels.is_empty(), json!(self.labels));
        set(
            "WorkingDir",
            !self.working_directory.is_empty(),
            json!(self.working_directory),
        );
        set("User", !self.user.is_empty(), json!(self.user));
        set("ExposedPorts", !ports.is_empty(), Value::Object(ports));
        set(
            "Entrypoint",
            self.entrypoint.is_some(),
            json!(self.entrypoint),
        );
        set("Cmd", self.command.is_some(), json!(self.command));
        Value::Object(members)
    }
}

fn list(value: Value) -> Option<Vec<String>> {
    serde_json::from_value(value).ok()
}
