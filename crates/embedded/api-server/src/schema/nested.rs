//! Value validations under `allOf`, `anyOf`, `oneOf` and `not`: they may judge only what the structure specifies, and
//! may not specify anything themselves.

use serde_json::{Map, Value, json};

use super::compile::{Problems, members};
use super::node::Node;

/// Checks the nested value validations of the schema that `node` was made of.
pub(super) fn check(schema: &Map<String, Value>, node: &Node, path: &str, problems: &mut Problems) {
    for (junctor, branches) in
        ["allOf", "anyOf", "oneOf"].map(|junctor| (junctor, branches(schema, junctor)))
    {
        if node.int_or_string && junctor == "anyOf" && is_int_or_string_pattern(schema) {
            continue;
        }
        for (index, branch) in branches.iter().enumerate() {
            let path = format!("{path}.{junctor}[{index}]");
            // The second form that Kubernetes allows: the pattern as the first member of allOf.
            if node.int_or_string
                && junctor == "allOf"
                && index == 0
                && let Some(branch) = branch
                    .as_object()
                    .filter(|branch| is_int_or_string_pattern(branch))
            {
                let mut branch = branch.clone();
                branch.remove("anyOf");
                check_branch(&Value::Object(branch), node, &path, problems);
                continue;
            }
            check_branch(branch, node, &path, problems);
        }
    }
    if let Some(negated) = schema.get("not") {
        check_branch(negated, node, &format!("{path}.not"), problems);
    }
}

fn check_branch(branch: &Value, node: &Node, path: &str, problems: &mut Problems) {
    let Some(schema) = branch.as_object() else {
        problems.invalid(path.to_owned(), branch, "must be a schema");
        return;
    };
    problems.check_keywords(schema, true, path);
    for (name, property) in members(schema, "properties") {
        let path = format!("{path}.properties[{name}]");
        if name == "metadata" {
            problems.forbidden(path, "must not be specified in a nested context");
        } else if let Some(structure) = node.properties.get(name) {
            check_branch(property, structure, &path, problems);
        } else {
            problems.required(
                path,
                "must also be specified outside of the value validation to be structural",
            );
        }
    }
    if let Some(items) = schema.get("items") {
        let path = format!("{path}.items");
        match &node.items {
            Some(structure) => check_branch(items, structure, &path, problems),
            None => problems.required(
                path,
                "must also be specified outside of the value validation to be structural",
            ),
        }
    }
    check(schema, node, path, problems);
}

fn branches<'a>(schema: &'a Map<String, Value>, junctor: &str) -> &'a [Value] {
    schema
        .get(junctor)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn is_int_or_string_pattern(schema: &Map<String, Value>) -> bool {
    schema.get("anyOf") == Some(&json!([{"type": "integer"}, {"type": "string"}]))
}
