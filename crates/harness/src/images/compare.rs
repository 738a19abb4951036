//! An image beside its description.

use std::collections::{BTreeMap, BTreeSet};

use oci::Digest;
use serde_json::Value;

use super::Description;

/// What differs, one line each; empty when the image is as described.
pub(super) fn differences(
    description: &Description,
    config: Option<&Value>,
    files: &BTreeMap<String, Vec<u8>>,
) -> Vec<String> {
    let mut differences = file_differences(&description.files, files);
    let Some(config) = config else {
        differences.push("it has no image configuration".to_owned());
        return differences;
    };
    let settings = config.get("config").unwrap_or(&Value::Null);
    let mut environment = environment(settings);
    if !description.environment.contains_key("PATH") {
        environment.remove("PATH");
    }
    let labels = pairs(settings.get("Labels"));
    let expected_labels = &description.labels;
    let only_described = labels
        .into_iter()
        .filter(|(name, _)| expected_labels.contains_key(name))
        .collect();
    differences.extend(pair_differences(
        "Env",
        &description.environment,
        &environment,
    ));
    differences.extend(pair_differences("Labels", expected_labels, &only_described));
    let mut compare = |name: &str, expected: Value, found: Value| {
        if expected != found {
            differences.push(format!("{name}: expected {expected}, found {found}"));
        }
    };
    let text = |field: &str| {
        settings
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .into()
    };
    let list = |field: &str| {
        settings
            .get(field)
            .filter(|list| !list.is_null())
            .cloned()
            .unwrap_or_else(|| Value::Array(Vec::new()))
    };
    let ports: BTreeSet<String> = pairs(settings.get("ExposedPorts")).into_keys().collect();
    compare(
        "WorkingDir",
        description
            .working_directory
            .clone()
            .unwrap_or_default()
            .into(),
        text("WorkingDir"),
    );
    compare(
        "User",
        description.user.clone().unwrap_or_default().into(),
        text("User"),
    );
    compare(
        "ExposedPorts",
        description.exposed_ports.iter().cloned().collect(),
        ports.into_iter().collect(),
    );
    compare(
        "Entrypoint",
        description.entrypoint.clone().into(),
        list("Entrypoint"),
    );
    compare("Cmd", description.command.clone().into(), list("Cmd"));
    differences
}

/// Files that differ, one line each.
pub(super) fn file_differences(
    expected: &BTreeMap<String, Vec<u8>>,
    found: &BTreeMap<String, Vec<u8>>,
) -> Vec<String> {
    let words = |content: Option<&Vec<u8>>| match content {
        None => "no such file".to_owned(),
        Some(content) => format!("{} bytes with {}", content.len(), Digest::sha256(content)),
    };
    let paths: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let differing = paths
        .into_iter()
        .filter(|path| expected.get(*path) != found.get(*path));
    differing
        .map(|path| {
            format!(
                "file /{path}: expected {}, found {}",
                words(expected.get(path)),
                words(found.get(path))
            )
        })
        .collect()
}

fn pair_differences(
    field: &str,
    expected: &BTreeMap<String, String>,
    found: &BTreeMap<String, String>,
) -> Vec<String> {
    let words = |value: Option<&String>| {
        value.map_or_else(|| "none".to_owned(), |value| format!("{value:?}"))
    };
    let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let differing = names
        .into_iter()
        .filter(|name| expected.get(*name) != found.get(*name));
    differing
        .map(|name| {
            format!(
                "{field} {name}: expected {}, found {}",
                words(expected.get(name)),
                words(found.get(name))
            )
        })
        .collect()
}

/// `Env`, a list of `NAME=value`.
fn environment(settings: &Value) -> BTreeMap<String, String> {
    let entries = settings
        .get("Env")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let pair = |entry: &str| {
        let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
        (name.to_owned(), value.to_owned())
    };
    entries.map(pair).collect()
}

/// An object whose values are texts, or of no interest.
fn pairs(object: Option<&Value>) -> BTreeMap<String, String> {
    let entries = object.and_then(Value::as_object).into_iter().flatten();
    entries
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Source;

    fn config() -> Value {
        let image = Source::sample().image();
        let mut environment: Vec<String> = image
            .environment
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        environment.push("PATH=/usr/bin".to_owned());
        let mut labels = json!(image.labels);
        labels["io.buildah.version"] = json!("1.0");
        json!({"config": {
            "Env": environment, "Labels": labels, "WorkingDir": "/opt/guestbook", "User": "1001",
            "ExposedPorts": {"8080/tcp": {}}, "Entrypoint": ["python3", "-m", "app"], "Cmd": null,
        }})
    }

    #[test]
    fn an_image_as_described_has_no_differences_whatever_a_builder_adds() {
        let image = Source::sample().image();
        assert_eq!(
            differences(&image, Some(&config()), &image.files),
            Vec::<String>::new()
        );
    }

    #[test]
    fn every_difference_is_named_with_what_was_expected_and_found() {
        let image = Source::sample().image();
        let mut files = image.files.clone();
        files.remove("etc/guestbook/settings.json");
        files.insert("srv/guestbook/index.html".to_owned(), b"<html>".to_vec());
        files.insert("etc/passwd".to_owned(), Vec::new());
        let mut config = config();
        config["config"]["Env"] = json!([
            "GUESTBOOK_SETTINGS=/tmp",
            "PYTHONUNBUFFERED=1",
            "LD_PRELOAD=/evil.so"
        ]);
        config["config"]["Labels"]["org.opencontainers.image.title"] = json!("other");
        config["config"]["User"] = json!("0");
        config["config"]["Entrypoint"] = json!(["sh"]);
        insta::with_settings!({filters => vec![("[0-9]+ bytes with sha256:[0-9a-f]{64}", "[CONTENT]")]}, {
            insta::assert_snapshot!(differences(&image, Some(&config), &files).join("\n"), @r#"
            file /etc/guestbook/settings.json: expected [CONTENT], found no such file
            file /etc/passwd: expected no such file, found [CONTENT]
            file /srv/guestbook/index.html: expected [CONTENT], found [CONTENT]
            Env GUESTBOOK_SETTINGS: expected "/etc/guestbook/settings.json", found "/tmp"
            Env GUESTBOOK_STATIC: expected "/srv/guestbook", found none
            Env LD_PRELOAD: expected none, found "/evil.so"
            Labels org.opencontainers.image.title: expected "guestbook", found "other"
            User: expected "1001", found "0"
            Entrypoint: expected ["python3","-m","app"], found ["sh"]
            "#);
        });
    }

    #[test]
    fn an_artifact_is_no_image() {
        let lines = differences(&Description::default(), None, &BTreeMap::new());
        assert_eq!(lines, ["it has no image configuration"]);
    }
}
