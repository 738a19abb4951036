//! Serving what the stored definitions define.

use serde_json::{Value, json};

use super::definition::{resources, versions};
use crate::resource::Resource;
use crate::rest::{Address, Api, Ownership, Stage, WriteOptions, now, text};
use crate::status::ApiError;
use crate::store::{Key, Range};

/// API group and plural of the definitions themselves.
pub(crate) const GROUP: &str = "apiextensions.k8s.io";
const PLURAL: &str = "customresourcedefinitions";

impl Api {
    /// Brings the catalog up to date with one definition, and then the conditions of the definition, so that whoever sees it
    /// established finds it served.
    pub(crate) async fn serve_definition(&self, name: &str) -> Result<(), ApiError> {
        let Some(definition) = self.load_definition(name)? else {
            return Ok(());
        };
        let conflict = self.name_conflict(&definition);
        let catalog = self.catalog.snapshot();
        let Some(resource) = catalog.find(GROUP, "v1", PLURAL) else {
            return Ok(());
        };
        let address = Address {
            resource,
            namespace: "",
            name,
        };
        let options = WriteOptions::of_server("kube-apiserver");
        let status = self.modify(
            address,
            Stage::Status,
            &options,
            Ownership::Record,
            |definition| {
                let mut definition = definition.clone();
                set_status(&mut definition, conflict.as_deref());
                Ok(definition)
            },
        );
        match Box::pin(status).await {
            // It has been deleted in the meantime.
            Err(error) if error.code == http::StatusCode::NOT_FOUND => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    /// Serves all stored definitions, as at the start of the server.
    pub(crate) fn load_definitions(&self) -> Result<(), ApiError> {
        for (key, _) in self
            .store
            .list(&Range::resource(GROUP, PLURAL), None, 0)?
            .records
        {
            self.load_definition(key.parts().name)?;
        }
        Ok(())
    }

    /// Puts the served versions of a definition into the catalog; none when the definition does not exist.
    fn load_definition(&self, name: &str) -> Result<Option<Value>, ApiError> {
        let Some(record) = self.store.get(&Key::new(GROUP, PLURAL, "", name))? else {
            let (plural, group) = name.split_once('.').unwrap_or((name, ""));
            self.catalog.replace(group, plural, Vec::new());
            return Ok(None);
        };
        let definition = record.value()?;
        let served = if self.name_conflict(&definition).is_some() {
            Vec::new()
        } else {
            self.resources_of(&definition)?
        };
        let (group, plural) = group_and_plural(&definition);
        self.catalog.replace(group, plural, served);
        Ok(Some(definition))
    }

    fn resources_of(&self, definition: &Value) -> Result<Vec<Resource>, ApiError> {
        resources(definition).map_err(ApiError::internal)
    }

    /// Which name of the definition another resource of its group already has.
    fn name_conflict(&self, definition: &Value) -> Option<String> {
        let (group, plural) = group_and_plural(definition);
        let names = &definition["spec"]["names"];
        let catalog = self.catalog.snapshot();
        let others: Vec<_> = catalog
            .all()
            .iter()
            .filter(|other| other.group == group && other.plural != plural)
            .collect();
        let taken = |name: &str| {
            others.iter().any(|other| {
                other.plural == name
                    || other.singular == name
                    || other.short_names.iter().any(|short| short == name)
            })
        };
        let short_names = names["shortNames"].as_array().into_iter().flatten();
        let resource_names = [&names["plural"], &names["singular"]]
            .into_iter()
            .chain(short_names)
            .filter_map(Value::as_str);
        let kinds = [&names["kind"], &names["listKind"]]
            .into_iter()
            .filter_map(Value::as_str);
        let taken_kind = |kind: &str| {
            others
                .iter()
                .any(|other| other.kind == kind || other.list_kind == kind)
        };
        resource_names
            .filter(|name| taken(name))
            .chain(kinds.filter(|kind| taken_kind(kind)))
            .next()
            .map(|name| format!("{name:?} is already in use"))
    }
}

fn group_and_plural(definition: &Value) -> (&str, &str) {
    (
        text(definition, &["spec", "group"]).unwrap_or_default(),
        text(definition, &["spec", "names", "plural"]).unwrap_or_default(),
    )
}

fn set_status(definition: &mut Value, conflict: Option<&str>) {
    let (accepted, established) = match conflict {
        None => (
            ("NamesAccepted", "True", "NoConflicts", "no conflicts found"),
            (
                "Established",
                "True",
                "InitialNamesAccepted",
                "the initial names have been accepted",
            ),
        ),
        Some(conflict) => (
            ("NamesAccepted", "False", "NamesConflict", conflict),
            (
                "Established",
                "False",
                "NotAccepted",
                "not all names are accepted",
            ),
        ),
    };
    set_condition(definition, accepted);
    set_condition(definition, established);
    if conflict.is_none() {
        definition["status"]["acceptedNames"] = definition["spec"]["names"].clone();
    }
    let storage = versions(definition)
        .find(|version| version["storage"] == true)
        .map(|version| version["name"].clone());
    let mut stored = definition["status"]["storedVersions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    stored.extend(storage.filter(|version| !stored.contains(version)));
    definition["status"]["storedVersions"] = stored.into();
}

/// Sets a condition; its transition time changes with its status only.
pub(crate) fn set_condition(
    object: &mut Value,
    (kind, status, reason, message): (&str, &str, &str, &str),
) {
    let mut conditions = object["status"]["conditions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let previous = conditions
        .iter()
        .position(|condition| condition["type"] == kind);
    let since = previous
        .filter(|index| conditions[*index]["status"] == status)
        .map_or_else(
            || now().into(),
            |index| conditions[index]["lastTransitionTime"].clone(),
        );
    let condition = json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": since});
    match previous {
        Some(index) => conditions[index] = condition,
        None => conditions.push(condition),
    }
    object["status"]["conditions"] = conditions.into();
}
