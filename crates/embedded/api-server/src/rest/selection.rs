//! Which objects of a collection a request is about.

use serde_json::Value;

use super::call::Call;
use crate::resource::Resource;
use crate::selector::{FieldSelector, LabelSelector, SelectableFields, SelectorError};
use crate::status::ApiError;

/// The label and the field selector of a request.
pub(crate) struct Selection {
    labels: LabelSelector,
    fields: FieldSelector,
    selectable: SelectableFields,
}

impl Selection {
    /// Reads `labelSelector` and `fieldSelector`. A field that the kind cannot be selected by is an error.
    pub(crate) fn parse(call: &Call) -> Result<Self, ApiError> {
        let refused = |error: SelectorError| ApiError::bad_request(error.to_string());
        let selection = Self {
            labels: LabelSelector::parse(call.query.get("labelSelector").unwrap_or_default())
                .map_err(refused)?,
            fields: FieldSelector::parse(call.query.get("fieldSelector").unwrap_or_default())
                .map_err(refused)?,
            selectable: selectable(&call.resource),
        };
        selection
            .fields
            .check(&selection.selectable)
            .map_err(refused)?;
        Ok(selection)
    }

    /// Whether everything is selected.
    pub(crate) fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether an object, as the resource shows it, is selected.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.labels.matches(object["metadata"].get("labels"))
            && self.fields.matches(object, &self.selectable)
    }

    /// The only name that can be selected, if there is such a one.
    pub(crate) fn only_name(&self) -> Option<&str> {
        self.fields
            .required_value("metadata.name")
            .filter(|name| !name.is_empty())
    }
}

fn selectable(resource: &Resource) -> SelectableFields {
    match resource.custom() {
        Some(custom) => SelectableFields::custom(
            resource.namespaced,
            custom.selectable_fields.iter().map(String::as_str),
        ),
        None => SelectableFields::built_in(&resource.group, &resource.kind),
    }
}
