//! Where a ReleasePlanAdmission makes a managed pipeline push to.

use konflux_api::konflux::ReleasePlanAdmission;
use kube::ResourceExt;
use oci::{ImageReference, ReferenceError};
use serde_json::Value;

/// What the release catalog's tasks take for "no trusted artifacts".
const NO_STORAGE: &str = "empty";

/// A repository that releases push to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The repository.
    pub repository: ImageReference,
    /// What goes there: a component's image, or the trusted artifacts.
    pub what: String,
}

/// An admission whose destinations cannot be read.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum DestinationsError {
    /// The mapping has another shape.
    #[error("ReleasePlanAdmission {admission}: {member} must be {expected}")]
    Shape {
        /// Its name.
        admission: String,
        /// Path of the member.
        member: String,
        /// The JSON type that it must have.
        expected: &'static str,
    },
    /// A destination is no repository.
    #[error("ReleasePlanAdmission {admission}: {member} is `{value}`: {source}")]
    Reference {
        /// Its name.
        admission: String,
        /// Path of the member.
        member: String,
        /// As written.
        value: String,
        /// What is wrong with it.
        source: ReferenceError,
    },
}

/// The destinations of the mapping, in its order, then `ociStorage`.
///
/// # Errors
/// One cannot be read. Passing it over would leave a release without credentials.
pub fn destinations(
    admission: &ReleasePlanAdmission,
) -> Result<Vec<Destination>, DestinationsError> {
    let reading = Reading {
        admission: admission.name_any(),
    };
    let mut all = Vec::new();
    let data = admission.spec.data.as_ref().unwrap_or(&Value::Null);
    let components = reading.list(&data["mapping"]["components"], "data.mapping.components")?;
    for (index, component) in components.iter().enumerate() {
        let path = format!("data.mapping.components[{index}]");
        let name = component["name"].as_str().unwrap_or("without a name");
        let what = format!("component {name}");
        // The older form has one repository, the newer one a list.
        let member = format!("{path}.repository");
        all.extend(reading.repository(&component["repository"], member, &what)?);
        let member = format!("{path}.repositories");
        for (index, repository) in reading
            .list(&component["repositories"], &member)?
            .iter()
            .enumerate()
        {
            let member = format!("{member}[{index}].url");
            all.extend(reading.repository(&repository["url"], member, &what)?);
        }
    }
    let pipeline = admission.spec.pipeline.as_ref();
    let storage = pipeline.and_then(|pipeline| pipeline.pipeline_ref.oci_storage.clone());
    if let Some(storage) = storage.filter(|storage| storage != NO_STORAGE) {
        let member = "pipeline.pipelineRef.ociStorage".to_owned();
        let what = "trusted artifacts (ociStorage)";
        all.extend(reading.repository(&Value::String(storage), member, what)?);
    }
    Ok(all)
}

/// The names of the components that the mapping has destinations for; empty where it names none.
pub(super) fn mapped_components(admission: &ReleasePlanAdmission) -> Vec<String> {
    let data = admission.spec.data.as_ref().unwrap_or(&Value::Null);
    let components = data["mapping"]["components"].as_array();
    let names = components.into_iter().flatten();
    let names = names.filter_map(|component| component["name"].as_str());
    names.map(str::to_owned).collect()
}

struct Reading {
    admission: String,
}

impl Reading {
    fn list<'a>(&self, value: &'a Value, member: &str) -> Result<&'a [Value], DestinationsError> {
        match value {
            Value::Null => Ok(&[]),
            Value::Array(items) => Ok(items),
            _ => Err(self.shape(member, "a list")),
        }
    }

    fn repository(
        &self,
        value: &Value,
        member: String,
        what: &str,
    ) -> Result<Option<Destination>, DestinationsError> {
        let text = match value {
            Value::Null => return Ok(None),
            Value::String(text) if text.is_empty() => return Ok(None),
            Value::String(text) => text,
            _ => return Err(self.shape(&member, "a text")),
        };
        let repository: ImageReference =
            text.parse()
                .map_err(|source| DestinationsError::Reference {
                    admission: self.admission.clone(),
                    member,
                    value: text.clone(),
                    source,
                })?;
        Ok(Some(Destination {
            repository: repository.without_tag_and_digest(),
            what: what.to_owned(),
        }))
    }

    fn shape(&self, member: &str, expected: &'static str) -> DestinationsError {
        DestinationsError::Shape {
            admission: self.admission.clone(),
            member: member.to_owned(),
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn admission(mapping: Value, storage: Option<&str>) -> ReleasePlanAdmission {
        let object = json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1",
            "kind": "ReleasePlanAdmission",
            "metadata": {"name": "sample"},
            "spec": {
                "origin": "user-ns1",
                "data": {"mapping": mapping},
                "pipeline": {"pipelineRef": {"resolver": "cluster", "ociStorage": storage}},
            },
        });
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn both_forms_of_a_mapping_and_the_storage_are_destinations() {
        let mapping = json!({"components": [
            {"name": "a", "repository": "quay.io/team/a", "tags": ["1"]},
            {"name": "b", "repositories": [{"url": "quay.io/team/b:1.0"}, {"url": "docker.io/team/b"}]},
        ]});
        let found = destinations(&admission(mapping, Some("quay.io/team/artifacts"))).unwrap();
        let found: Vec<String> = found
            .iter()
            .map(|destination| format!("{} {}", destination.repository, destination.what))
            .collect();
        assert_eq!(
            found,
            [
                "quay.io/team/a component a",
                "quay.io/team/b component b",
                "docker.io/team/b component b",
                "quay.io/team/artifacts trusted artifacts (ociStorage)",
            ]
        );
    }

    #[test]
    fn an_admission_that_pushes_nowhere_has_no_destinations() {
        assert_eq!(destinations(&admission(Value::Null, None)), Ok(vec![]));
        let mapping = json!({"defaults": {"tags": ["latest"]}});
        assert_eq!(destinations(&admission(mapping, Some("empty"))), Ok(vec![]));
    }

    #[test]
    fn a_destination_that_cannot_be_read_is_named_and_never_passed_over() {
        let error = |mapping| {
            destinations(&admission(mapping, None))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            error(json!({"components": {}})),
            "ReleasePlanAdmission sample: data.mapping.components must be a list"
        );
        assert_eq!(
            error(json!({"components": [{"repositories": [{"url": 7}]}]})),
            "ReleasePlanAdmission sample: data.mapping.components[0].repositories[0].url must be a text"
        );
        let wrong = error(json!({"components": [{"repository": "team"}]}));
        assert!(
            wrong.starts_with(
                "ReleasePlanAdmission sample: data.mapping.components[0].repository is `team`:"
            ),
            "{wrong}"
        );
    }
}
