//! Objects and lists in the form that a client asked for.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::http::negotiate::Form;
use crate::resource::{Origin, Resource};
use crate::table::Printer;

/// One object.
pub(super) fn object(resource: &Resource, form: Form, object: Value) -> Value {
    match form {
        Form::Object => object,
        Form::Metadata => metadata_only(&object),
        Form::Table { beta, rows } => {
            let table =
                printer(resource).render([&object], rows, &object["metadata"], Timestamp::now());
            in_version(table, beta)
        }
    }
}

/// A list; `metadata` is the list's own.
pub(super) fn list(resource: &Resource, form: Form, items: Vec<Value>, metadata: Value) -> Value {
    match form {
        Form::Object => json!({
            "kind": resource.list_kind,
            "apiVersion": resource.api_version(),
            "metadata": metadata,
            "items": items,
        }),
        Form::Metadata => json!({
            "kind": "PartialObjectMetadataList",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "items": items.iter().map(metadata_only).collect::<Vec<_>>(),
        }),
        Form::Table { beta, rows } => in_version(
            printer(resource).render(&items, rows, &metadata, Timestamp::now()),
            beta,
        ),
    }
}

/// A bookmark, which carries nothing but its metadata.
pub(super) fn bookmark(resource: &Resource, form: Form, metadata: &Value) -> Value {
    match form {
        Form::Object => json!({
            "kind": resource.kind,
            "apiVersion": resource.api_version(),
            "metadata": metadata,
        }),
        Form::Metadata => metadata_only(&json!({"metadata": metadata})),
        Form::Table { beta, rows } => in_version(
            printer(resource).render([], rows, metadata, Timestamp::now()),
            beta,
        ),
    }
}

fn printer(resource: &Resource) -> Cow<'_, Printer> {
    match &resource.origin {
        Origin::Custom(custom) => Cow::Borrowed(&custom.printer),
        Origin::BuiltIn(kind) => Cow::Owned(Printer::built_in(kind.group, kind.kind)),
    }
}

/// Old clients know the very same table as `v1beta1`.
fn in_version(mut table: Value, beta: bool) -> Value {
    if beta {
        table["apiVersion"] = "meta.k8s.io/v1beta1".into();
    }
    table
}

fn metadata_only(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
}
