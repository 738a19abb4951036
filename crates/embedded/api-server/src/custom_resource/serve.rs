//! Serving what the stored definitions define.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::definition::{resources, versions};
use crate::resource::Resource;
use crate::rest::{Address, Api, Ownership, Stage, WriteOptions, now, text};
use crate::status::ApiError;
use crate::store::{Key, Range};

/// API group and plural of the definitions themselves.
pub(crate) const GROUP: &str = "apiextensions.k8s.io";
const PLURAL: &str = "customresourcedefinitions";

/// Held while the catalog and the conditions of definitions are brought up to date: two who do it at once could leave what the
/// slower one has read, or give one name to two definitions.
#[derive(Default)]
pub(crate) struct DefinitionsLock(tokio::sync::Mutex<()>);

impl Api {
    /// Brings the catalog up to date with one definition, and then the conditions of the definition, so that whoever sees it
    /// established finds it served. Everything comes from what is stored, so that it can be done again at any time.
    pub(crate) async fn serve_definition(&self, name: &str) -> Result<(), ApiError> {
        let _alone = self.definitions.0.lock().await;
        if self.serve(name).await? {
            for waiting in self.definition_names(|definition| !is_established(definition))? {
                self.serve(&waiting).await?;
            }
        }
        Ok(())
    }

    /// The same for all stored definitions, as at the start of the server. Those that were established keep their names.
    pub(crate) async fn serve_definitions(&self) -> Result<(), ApiError> {
        let _alone = self.definitions.0.lock().await;
        let established = self.definition_names(is_established)?;
        let waiting = self.definition_names(|definition| !is_established(definition))?;
        for name in established.iter().chain(&waiting) {
            self.serve(name).await?;
        }
        Ok(())
    }

    /// Serves one definition. Gives back whether a name has become free that another definition may wait for.
    async fn serve(&self, name: &str) -> Result<bool, ApiError> {
        let (plural, group) = name.split_once('.').unwrap_or((name, ""));
        let before = self.served_names(group, plural);
        match self.load_definition(name)? {
            Some(definition) => self.record_status(name, &definition).await?,
            None => {
                // Its names may have been withdrawn before it went.
                self.catalog.replace(group, plural, Vec::new());
                return Ok(true);
            }
        }
        Ok(!before.is_subset(&self.served_names(group, plural)))
    }

    /// Stores the conditions of a definition, unless it has them.
    async fn record_status(&self, name: &str, definition: &Value) -> Result<(), ApiError> {
        let conflict = self.name_conflict(definition);
        let with_status = |definition: &Value| {
            let mut definition = definition.clone();
            set_status(&mut definition, conflict.as_deref());
            definition
        };
        let catalog = self.catalog.snapshot();
        let Some(resource) = catalog
            .find(GROUP, "v1", PLURAL)
            .filter(|_| with_status(definition) != *definition)
        else {
            return Ok(());
        };
        let address = Address {
            resource,
            namespace: "",
            name,
        };
        let options = WriteOptions::of_server("kube-apiserver");
        let change = |definition: &Value| Ok(with_status(definition));
        let status =
            self.modify_stored(address, Stage::Status, &options, Ownership::Record, change);
        match Box::pin(status).await {
            // It has been deleted in the meantime.
            Err(error) if error.code == http::StatusCode::NOT_FOUND => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    fn definition_names(&self, wanted: impl Fn(&Value) -> bool) -> Result<Vec<String>, ApiError> {
        let mut names = Vec::new();
        for (key, record) in self
            .store
            .list(&Range::resource(GROUP, PLURAL), None, 0)?
            .records
        {
            if wanted(&record.value()?) {
                names.push(key.parts().name.to_owned());
            }
        }
        Ok(names)
    }

    /// The names that a custom resource has in the catalog.
    fn served_names(&self, group: &str, plural: &str) -> BTreeSet<String> {
        let catalog = self.catalog.snapshot();
        let resource = catalog.find_in_any_version(group, plural);
        let names = resource.into_iter().flat_map(|resource| {
            let names = [
                &resource.plural,
                &resource.singular,
                &resource.kind,
                &resource.list_kind,
            ];
            names.into_iter().chain(&resource.short_names)
        });
        names.cloned().collect()
    }

    /// Puts the served versions of a definition into the catalog; nothing when the definition does not exist.
    fn load_definition(&self, name: &str) -> Result<Option<Value>, ApiError> {
        let Some(record) = self.store.get(&Key::new(GROUP, PLURAL, "", name))? else {
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

fn is_established(definition: &Value) -> bool {
    let conditions = definition["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Established" && condition["status"] == "True")
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
