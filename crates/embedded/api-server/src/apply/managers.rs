//! `metadata.managedFields`: who owns what (`k8s.io/apimachinery/pkg/util/managedfields/internal`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::cap;
use super::compare::Comparison;
use super::error::Conflict;
use super::field_set::FieldSet;
use super::fields_v1;
use super::path::PathElement;

/// All managers of an object.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Managers {
    pub(super) entries: BTreeMap<ManagerId, Entry>,
}

/// What makes two entries the same manager.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ManagerId {
    pub(super) manager: String,
    pub(super) operation: Operation,
    /// Empty for the main resource.
    pub(super) subresource: String,
}

/// How a manager came to own its fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    /// By applying; the same manager whatever the version.
    Apply,
    /// By creating, updating or patching in this version.
    Update { api_version: String },
}

/// What a manager owns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) api_version: String,
    pub(super) time: Option<String>,
    pub(super) fields: FieldSet,
}

impl ManagerId {
    pub(super) fn apply(manager: &str, subresource: Option<&str>) -> Self {
        Self {
            manager: manager.to_owned(),
            operation: Operation::Apply,
            subresource: subresource.unwrap_or_default().to_owned(),
        }
    }

    pub(super) fn update(manager: &str, api_version: &str, subresource: Option<&str>) -> Self {
        let operation = Operation::Update {
            api_version: api_version.to_owned(),
        };
        Self {
            operation,
            ..Self::apply(manager, subresource)
        }
    }

    /// The manager as conflicts show it.
    fn display(&self, entry: &Entry) -> String {
        let mut text = format!("{:?}", self.manager);
        if !self.subresource.is_empty() {
            text.push_str(&format!(" with subresource {:?}", self.subresource));
        }
        if matches!(self.operation, Operation::Update { .. }) {
            text.push_str(&format!(" using {}", entry.api_version));
        }
        text
    }
}

impl Managers {
    /// Reads `metadata.managedFields`; its absence means that there are no managers.
    ///
    /// # Errors
    /// What is malformed.
    pub(super) fn decode(managed_fields: Option<&Value>) -> Result<Self, String> {
        let mut managers = Self::default();
        let entries = match managed_fields {
            None | Some(Value::Null) => return Ok(managers),
            Some(value) => value.as_array().ok_or("managedFields must be a list")?,
        };
        for (index, entry) in entries.iter().enumerate() {
            let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
            if text("apiVersion").is_empty() {
                return Err("apiVersion must not be empty".to_owned());
            }
            let operation = match text("operation") {
                "Apply" => Operation::Apply,
                "Update" => Operation::Update {
                    api_version: text("apiVersion").to_owned(),
                },
                _ => return Err("operation must be `Apply` or `Update`".to_owned()),
            };
            match text("fieldsType") {
                "FieldsV1" => {}
                "" => {
                    return Err(format!(
                        "missing fieldsType in managed fields entry {index}"
                    ));
                }
                other => {
                    return Err(format!(
                        "invalid fieldsType {other:?} in managed fields entry {index}"
                    ));
                }
            }
            let id = ManagerId {
                manager: text("manager").to_owned(),
                operation,
                subresource: text("subresource").to_owned(),
            };
            let fields = match entry.get("fieldsV1") {
                None | Some(Value::Null) => FieldSet::default(),
                Some(fields) => fields_v1::decode(fields)?,
            };
            let time = entry.get("time").and_then(Value::as_str).map(str::to_owned);
            managers.entries.insert(
                id,
                Entry {
                    api_version: text("apiVersion").to_owned(),
                    time,
                    fields,
                },
            );
        }
        Ok(managers)
    }

    /// The stored form, in Kubernetes' order: appliers, then updaters, each by time and name.
    pub(super) fn encode(&self) -> Value {
        let mut entries: Vec<(&ManagerId, &Entry)> = self.entries.iter().collect();
        entries.sort_by_cached_key(|(id, entry)| {
            let applied = id.operation == Operation::Apply;
            (
                !applied,
                entry.seconds(),
                id.manager.clone(),
                entry.api_version.clone(),
                id.subresource.clone(),
            )
        });
        entries
            .into_iter()
            .map(|(id, entry)| entry.encode(id))
            .collect()
    }

    /// The fields that managers other than `except` own and `comparison` changes.
    pub(super) fn conflicts(
        &self,
        except: &ManagerId,
        comparison: &Comparison,
    ) -> Vec<(ManagerId, FieldSet)> {
        let changed = comparison.modified.union(&comparison.added);
        self.entries
            .iter()
            .filter(|(id, _)| *id != except)
            .map(|(id, entry)| (id.clone(), entry.fields.intersection(&changed)))
            .filter(|(_, fields)| !fields.is_empty())
            .collect()
    }

    /// Conflicts as users see them.
    pub(super) fn describe(&self, conflicts: &[(ManagerId, FieldSet)]) -> Vec<Conflict> {
        let describe = |(id, fields): &(ManagerId, FieldSet)| -> Vec<Conflict> {
            let Some(entry) = self.entries.get(id) else {
                return Vec::new();
            };
            let manager = id.display(entry);
            fields
                .paths()
                .into_iter()
                .map(|field| Conflict {
                    manager: manager.clone(),
                    field,
                })
                .collect()
        };
        conflicts.iter().flat_map(describe).collect()
    }

    /// Takes from managers other than `except` what conflicts and what is removed; who owns nothing goes.
    pub(super) fn dispossess(
        &mut self,
        except: Option<&ManagerId>,
        conflicts: &[(ManagerId, FieldSet)],
        removed: &FieldSet,
    ) {
        for (id, fields) in conflicts {
            if let Some(entry) = self.entries.get_mut(id) {
                entry.fields = entry.fields.difference(fields);
            }
        }
        for (_, entry) in self
            .entries
            .iter_mut()
            .filter(|(id, _)| Some(*id) != except)
        {
            entry.fields = entry.fields.difference(removed);
        }
        self.entries.retain(|_, entry| !entry.fields.is_empty());
    }

    /// Records an update: what it changed now belongs to `id`, and to nobody else.
    pub(super) fn record_update(
        &mut self,
        id: ManagerId,
        api_version: &str,
        comparison: &Comparison,
        now: &str,
    ) {
        let nobody = ManagerId::apply("", None);
        let conflicts = self.conflicts(&nobody, comparison);
        self.dispossess(None, &conflicts, &comparison.removed);
        let fields = comparison
            .modified
            .union(&comparison.added)
            .difference(&never_owned());
        if fields.is_empty() {
            return;
        }
        let previous = self
            .entries
            .get(&id)
            .map(|entry| entry.fields.clone())
            .unwrap_or_default();
        let entry = Entry {
            api_version: api_version.to_owned(),
            time: Some(now.to_owned()),
            fields: fields.union(&previous),
        };
        self.entries.insert(id, entry);
        cap::cap_updates(self);
    }
}

impl Entry {
    /// The entry's time in seconds since the epoch; 0 without one.
    pub(super) fn seconds(&self) -> i64 {
        let time = self
            .time
            .as_deref()
            .and_then(|time| time.parse::<Timestamp>().ok());
        time.map_or(0, Timestamp::as_second)
    }

    fn encode(&self, id: &ManagerId) -> Value {
        let mut entry = Map::new();
        entry.insert("manager".to_owned(), json!(id.manager));
        entry.insert(
            "operation".to_owned(),
            json!(if id.operation == Operation::Apply {
                "Apply"
            } else {
                "Update"
            }),
        );
        entry.insert("apiVersion".to_owned(), json!(self.api_version));
        if let Some(time) = &self.time {
            entry.insert("time".to_owned(), json!(time));
        }
        entry.insert("fieldsType".to_owned(), json!("FieldsV1"));
        entry.insert("fieldsV1".to_owned(), fields_v1::encode(&self.fields));
        if !id.subresource.is_empty() {
            entry.insert("subresource".to_owned(), json!(id.subresource));
        }
        Value::Object(entry)
    }
}

/// What is nobody's: identity and bookkeeping (`stripMetaManager`).
pub(super) fn never_owned() -> FieldSet {
    let mut set = FieldSet::default();
    let field = |name: &str| PathElement::Field(name.to_owned());
    for name in ["apiVersion", "kind", "metadata"] {
        set.insert(&[field(name)]);
    }
    for name in [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    ] {
        set.insert(&[field("metadata"), field(name)]);
    }
    set
}

/// The object without its `metadata.managedFields`.
pub(super) fn without_managed_fields(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    object
}

/// Sets or removes `metadata.managedFields`, as far as the object can have it.
pub(super) fn set_managed_fields(object: &mut Value, managed_fields: Option<Value>) {
    let Some(object) = object.as_object_mut() else {
        return;
    };
    let Some(metadata) = object
        .entry("metadata")
        .or_insert_with(|| json!({}))
        .as_object_mut()
    else {
        return;
    };
    match managed_fields {
        Some(Value::Array(entries)) if !entries.is_empty() => {
            metadata.insert("managedFields".to_owned(), Value::Array(entries));
        }
        _ => {
            metadata.remove("managedFields");
        }
    }
}
