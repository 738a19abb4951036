//! Objects and lists in the form that a client asked for.

use serde_json::{Value, json};

use crate::http::negotiate::Form;
use crate::resource::Resource;

/// One object.
pub(super) fn object(_resource: &Resource, form: Form, object: Value) -> Value {
    match form {
        Form::Object | Form::Table { .. } => object,
        Form::Metadata => metadata_only(&object),
    }
}

/// A list; `metadata` is the list's own.
pub(super) fn list(resource: &Resource, form: Form, items: Vec<Value>, metadata: Value) -> Value {
    match form {
        Form::Object | Form::Table { .. } => {
            json!({"kind": resource.list_kind, "apiVersion": resource.api_version(), "metadata": metadata, "items": items})
        }
        Form::Metadata => json!({
            "kind": "PartialObjectMetadataList",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "items": items.iter().map(metadata_only).collect::<Vec<_>>(),
        }),
    }
}

fn metadata_only(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
}
