//! Defaults and nulls (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting`).

use serde_json::Value;

use super::node::Node;

/// Fills in defaults, then removes the members that are null where null is not allowed.
pub(super) fn apply(value: &mut Value, node: &Node) {
    fill(value, node);
    remove_nulls(value, node);
}

fn fill(value: &mut Value, node: &Node) {
    match value {
        Value::Object(members) => {
            for (name, property) in &node.properties {
                let Some(default) = &property.default else {
                    continue;
                };
                let missing = members
                    .get(name)
                    .is_none_or(|value| value.is_null() && !property.nullable);
                if missing {
                    members.insert(name.clone(), default.clone());
                }
            }
            for (name, member) in members.iter_mut() {
                if let Some(inner) = node.member(name) {
                    fill_null(member, inner);
                    fill(member, inner);
                }
            }
        }
        Value::Array(items) => {
            if let Some(inner) = &node.items {
                for item in items {
                    fill_null(item, inner);
                    fill(item, inner);
                }
            }
        }
        _ => {}
    }
}

fn fill_null(value: &mut Value, node: &Node) {
    if let (Value::Null, false, Some(default)) = (&*value, node.nullable, &node.default) {
        *value = default.clone();
    }
}

fn remove_nulls(value: &mut Value, node: &Node) {
    match value {
        Value::Object(members) => members.retain(|name, member| match node.member(name) {
            Some(inner) if member.is_null() => inner.nullable || inner.default.is_some(),
            Some(inner) => {
                remove_nulls(member, inner);
                true
            }
            None => true,
        }),
        Value::Array(items) => {
            if let Some(inner) = &node.items {
                items.iter_mut().for_each(|item| remove_nulls(item, inner));
            }
        }
        _ => {}
    }
}
