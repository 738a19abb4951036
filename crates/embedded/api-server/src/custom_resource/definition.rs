//! Reading CustomResourceDefinitions.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::resource::{CustomResource, Origin, Resource};
use crate::rest::text;
use crate::schema::{SchemaError, StructuralSchema};
use crate::table::{Printer, TableError};

/// A stored definition cannot be served.
#[derive(Debug, thiserror::Error)]
pub(super) enum DefinitionError {
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error(transparent)]
    Columns(#[from] TableError),
}

/// `additionalPrinterColumns` of a version.
pub(super) fn printer_columns(version: &Value) -> &[Value] {
    version["additionalPrinterColumns"]
        .as_array()
        .map_or(&[], Vec::as_slice)
}

/// Fills in the names and the conversion that an author may leave out.
pub(crate) fn defaults(definition: &mut Value) {
    let Some(kind) = text(definition, &["spec", "names", "kind"]).map(str::to_owned) else {
        return;
    };
    let names = &mut definition["spec"]["names"];
    for (field, value) in [
        ("singular", kind.to_lowercase()),
        ("listKind", format!("{kind}List")),
    ] {
        if names.get(field).is_none() {
            names[field] = value.into();
        }
    }
    if definition["spec"].get("conversion").is_none() {
        definition["spec"]["conversion"] = json!({"strategy": "None"});
    }
}

/// The served versions of a definition as resources.
pub(super) fn resources(definition: &Value) -> Result<Vec<Resource>, DefinitionError> {
    let storage_version = versions(definition)
        .find(|version| version["storage"] == true)
        .and_then(|version| text(version, &["name"]))
        .unwrap_or_default();
    versions(definition)
        .filter(|version| version["served"] == true)
        .map(|version| resource(definition, version, storage_version))
        .collect()
}

/// All versions of a definition.
pub(super) fn versions(definition: &Value) -> impl Iterator<Item = &Value> {
    definition["spec"]["versions"]
        .as_array()
        .into_iter()
        .flatten()
}

fn resource(
    definition: &Value,
    version: &Value,
    storage_version: &str,
) -> Result<Resource, DefinitionError> {
    let spec = &definition["spec"];
    let owned = |path: &[&str]| text(spec, path).unwrap_or_default().to_owned();
    let open_api_schema = version["schema"]["openAPIV3Schema"].clone();
    let custom = CustomResource {
        storage_version: storage_version.to_owned(),
        schema: StructuralSchema::compile(&open_api_schema)?,
        open_api_schema,
        printer: Printer::custom(printer_columns(version))?,
        selectable_fields: strings(&version["selectableFields"], |field| {
            field["jsonPath"].as_str()
        }),
        deprecation_warning: deprecation_warning(spec, version),
    };
    Ok(Resource {
        group: owned(&["group"]),
        version: text(version, &["name"]).unwrap_or_default().to_owned(),
        kind: owned(&["names", "kind"]),
        list_kind: owned(&["names", "listKind"]),
        plural: owned(&["names", "plural"]),
        singular: owned(&["names", "singular"]),
        short_names: strings(&spec["names"]["shortNames"], Value::as_str),
        categories: strings(&spec["names"]["categories"], Value::as_str),
        namespaced: spec["scope"] == "Namespaced",
        has_status: version["subresources"]["status"].is_object(),
        origin: Origin::Custom(Arc::new(custom)),
    })
}

fn deprecation_warning(spec: &Value, version: &Value) -> Option<String> {
    if version["deprecated"] != true {
        return None;
    }
    let written = text(version, &["deprecationWarning"]).map(str::to_owned);
    Some(written.unwrap_or_else(|| {
        let part = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!(
            "{}/{} {} is deprecated",
            part(&spec["group"]),
            part(&version["name"]),
            part(&spec["names"]["kind"])
        )
    }))
}

fn strings<'a>(list: &'a Value, text: impl Fn(&'a Value) -> Option<&'a str>) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(text)
        .map(str::to_owned)
        .collect()
}
