//! Reads `fixtures/`.
#![allow(
    dead_code,
    reason = "each test binary uses its own part of this module"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

/// The folder `fixtures` of the project.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// Every YAML file below a folder of the fixtures, sorted by path.
pub(crate) fn yaml_files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(fixtures().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no YAML in fixtures/{folder}");
    files
}

/// The documents of a YAML file.
pub(crate) fn documents(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A CustomResourceDefinition with one version.
pub(crate) struct CustomResourceDefinition(Value);

/// All definitions of `fixtures/crds`.
pub(crate) fn definitions() -> Vec<CustomResourceDefinition> {
    yaml_files("crds")
        .iter()
        .flat_map(|file| documents(file))
        .map(CustomResourceDefinition)
        .collect()
}

impl CustomResourceDefinition {
    pub(crate) fn of(kind: &str) -> Self {
        Self::find(kind).unwrap_or_else(|| panic!("fixtures/crds has no {kind}"))
    }

    pub(crate) fn find(kind: &str) -> Option<Self> {
        definitions()
            .into_iter()
            .find(|definition| definition.kind() == kind)
    }

    pub(crate) fn kind(&self) -> String {
        self.text("/spec/names/kind")
    }

    pub(crate) fn group(&self) -> String {
        self.text("/spec/group")
    }

    pub(crate) fn plural(&self) -> String {
        self.text("/spec/names/plural")
    }

    pub(crate) fn version(&self) -> String {
        self.text("/spec/versions/0/name")
    }

    fn text(&self, pointer: &str) -> String {
        String::deserialize(self.0.pointer(pointer).unwrap()).unwrap()
    }

    fn schema(&self) -> &Value {
        self.0
            .pointer("/spec/versions/0/schema/openAPIV3Schema")
            .unwrap()
    }

    /// What the schema finds wrong with an object.
    pub(crate) fn problems(&self, object: &Value) -> Vec<String> {
        let validator = jsonschema::validator_for(self.schema()).unwrap();
        validator
            .iter_errors(object)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }

    /// The fields that an API server would prune.
    pub(crate) fn undeclared_fields(&self, object: &Value) -> Vec<String> {
        let mut found = Vec::new();
        let (schema, top) = (self.schema(), object.as_object().unwrap());
        for (name, value) in top.iter().filter(|(name, _)| *name != "metadata") {
            collect_undeclared(&schema["properties"][name], value, name, &mut found);
        }
        found
    }
}

fn collect_undeclared(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    if schema.is_null() {
        found.push(path.to_owned());
        return;
    }
    match value {
        Value::Array(items) => {
            for (index, item) in items
                .iter()
                .enumerate()
                .filter(|_| schema.get("items").is_some())
            {
                collect_undeclared(&schema["items"], item, &format!("{path}[{index}]"), found);
            }
        }
        Value::Object(fields) => {
            let free = schema["x-kubernetes-preserve-unknown-fields"] == true;
            for (name, field) in fields {
                let declared = &schema["properties"][name];
                let declared = if declared.is_null() {
                    &schema["additionalProperties"]
                } else {
                    declared
                };
                if !(free && declared.is_null()) {
                    collect_undeclared(declared, field, &format!("{path}.{name}"), found);
                }
            }
        }
        _ => {}
    }
}
