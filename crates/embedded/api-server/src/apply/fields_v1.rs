//! `fieldsV1`, the form in which `managedFields` stores sets (`structured-merge-diff/fieldpath/serialize*.go`): an object
//! whose keys are `f:<name>`, `k:<keys>`, `v:<value>` and `i:<index>`, and where `.` stands for the place itself.

use serde_json::{Map, Value};

use super::field_set::{Branch, FieldSet};
use super::path::{PathElement, Scalar};

/// The stored form of a set.
pub(super) fn encode(set: &FieldSet) -> Value {
    let branches = set.branches.iter().map(|(element, branch)| {
        let mut value = encode(&branch.below);
        if let (true, false, Value::Object(members)) =
            (branch.member, branch.below.is_empty(), &mut value)
        {
            members.insert(".".to_owned(), Value::Object(Map::new()));
        }
        (encode_element(element), value)
    });
    Value::Object(branches.collect())
}

fn encode_element(element: &PathElement) -> String {
    match element {
        PathElement::Field(name) => format!("f:{name}"),
        PathElement::Key(fields) => {
            let fields: Map<String, Value> = fields
                .iter()
                .map(|(name, value)| (name.clone(), value.0.clone()))
                .collect();
            format!("k:{}", Value::Object(fields))
        }
        PathElement::Value(value) => format!("v:{}", value.0),
        PathElement::Index(index) => format!("i:{index}"),
    }
}

/// Reads the stored form; as in Kubernetes, steps of a type from the future are left out.
///
/// # Errors
/// What is malformed.
pub(super) fn decode(value: &Value) -> Result<FieldSet, String> {
    let members = value
        .as_object()
        .ok_or_else(|| format!("expected an object, got {value}"))?;
    let mut set = FieldSet::default();
    for (key, below) in members.iter().filter(|(key, _)| *key != ".") {
        let Some(element) = decode_element(key)? else {
            continue;
        };
        let below_members = below
            .as_object()
            .ok_or_else(|| format!("expected an object at {key:?}, got {below}"))?;
        let member = below_members.is_empty() || below_members.contains_key(".");
        set.add(
            element,
            Branch {
                member,
                below: decode(below)?,
            },
        );
    }
    Ok(set)
}

fn decode_element(key: &str) -> Result<Option<PathElement>, String> {
    let (kind, content) = key
        .split_once(':')
        .ok_or_else(|| format!("missing colon: {key}"))?;
    let json = || serde_json::from_str::<Value>(content).map_err(|error| format!("{key}: {error}"));
    Ok(Some(match kind {
        "f" => PathElement::Field(content.to_owned()),
        "v" => PathElement::Value(Scalar(json()?)),
        "k" => {
            let Value::Object(fields) = json()? else {
                return Err(format!("{key}: expected an object"));
            };
            let mut fields: Vec<_> = fields
                .into_iter()
                .map(|(name, value)| (name, Scalar(value)))
                .collect();
            fields.sort();
            PathElement::Key(fields)
        }
        "i" => PathElement::Index(content.parse().map_err(|error| format!("{key}: {error}"))?),
        _ => return Ok(None),
    }))
}
