//! Uniqueness in sets and list maps, and the type of embedded resources
//! (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema/{listtype,objectmeta}`).

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::cause::{Cause, CauseReason, child};
use super::node::{ListType, Node};

pub(super) fn check(value: &Value, node: &Node, path: &str, causes: &mut Vec<Cause>) {
    match value {
        Value::Object(members) => {
            if node.embedded_resource {
                check_embedded_resource(members, path, causes);
            }
            for (name, member) in members {
                if let Some(property) = node.properties.get(name) {
                    check(member, property, &child(path, name), causes);
                } else if let Some(inner) = node.member(name) {
                    check(member, inner, &format!("{path}[{name}]"), causes);
                }
            }
        }
        Value::Array(items) => {
            match &node.list_type {
                ListType::Atomic => {}
                ListType::Set => check_unique(items.iter().cloned(), path, causes),
                ListType::Map(keys) => check_list_map(items, keys, path, causes),
            }
            if let Some(inner) = &node.items {
                for (index, item) in items.iter().enumerate() {
                    check(item, inner, &format!("{path}[{index}]"), causes);
                }
            }
        }
        _ => {}
    }
}

fn check_list_map(items: &[Value], keys: &[String], path: &str, causes: &mut Vec<Cause>) {
    for (index, item) in items.iter().enumerate() {
        if !item.is_object() && !item.is_null() {
            let detail = "must be an object for an array of list-type map";
            causes.push(Cause::with_value(
                CauseReason::Invalid,
                format!("{path}[{index}]"),
                item,
                detail,
            ));
            return;
        }
    }
    let identity = |item: &Value| -> Value {
        let keys = keys
            .iter()
            .filter_map(|key| Some((key.clone(), item.get(key)?.clone())));
        Value::Object(keys.collect::<Map<_, _>>())
    };
    check_unique(items.iter().map(identity), path, causes);
}

/// Reports the first repetition of each value.
fn check_unique(values: impl Iterator<Item = Value>, path: &str, causes: &mut Vec<Cause>) {
    let mut seen: HashMap<String, u32> = HashMap::new();
    for (index, value) in values.enumerate() {
        let times = seen.entry(value.to_string()).or_default();
        *times += 1;
        if *times == 2 {
            causes.push(Cause::with_value(
                CauseReason::Duplicate,
                format!("{path}[{index}]"),
                &value,
                "",
            ));
        }
    }
}

fn check_embedded_resource(members: &Map<String, Value>, path: &str, causes: &mut Vec<Cause>) {
    for name in ["apiVersion", "kind"] {
        let path = child(path, name);
        match members.get(name) {
            None => causes.push(Cause::without_value(CauseReason::Required, path, "")),
            Some(Value::String(text)) if !text.is_empty() => {}
            Some(value @ Value::String(_)) => {
                causes.push(Cause::with_value(
                    CauseReason::Invalid,
                    path,
                    value,
                    "must not be empty",
                ));
            }
            Some(value) => causes.push(Cause::with_value(
                CauseReason::Invalid,
                path,
                value,
                "must be a string",
            )),
        }
    }
}
