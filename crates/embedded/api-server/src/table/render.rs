//! From objects to `meta.k8s.io/v1` Tables.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::built_in::Row;
use super::column::Column;
use super::custom::CellPath;

/// What a table row carries of its object, as the `includeObject` query parameter asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum IncludeObject {
    /// Nothing.
    None,
    /// Its metadata, as a PartialObjectMetadata.
    #[default]
    Metadata,
    /// All of it.
    Object,
}

/// The columns of one kind and how their cells are made.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    pub(super) columns: Vec<Column>,
    pub(super) cells: Cells,
}

/// How the cells of a row are made.
#[derive(Debug, Clone)]
pub(super) enum Cells {
    /// By code.
    BuiltIn(Row),
    /// The name, then what each path finds.
    Paths(Vec<CellPath>),
}

impl IncludeObject {
    /// Parses the `includeObject` query parameter; `None` for a value that Kubernetes does not know.
    pub(crate) fn parse(parameter: &str) -> Option<Self> {
        Some(match parameter {
            "" | "Metadata" => Self::Metadata,
            "None" => Self::None,
            "Object" => Self::Object,
            _ => return None,
        })
    }
}

impl Printer {
    /// The table of `items`.
    ///
    /// `list_metadata` is the `metadata` of the list they come from (its `resourceVersion`, `continue` and
    /// `remainingItemCount` are taken over); for the table of a single object, the object's own `metadata`. Ages are
    /// counted up to `now`.
    pub(crate) fn render<'a>(
        &self,
        items: impl IntoIterator<Item = &'a Value>,
        include_object: IncludeObject,
        list_metadata: &Value,
        now: Timestamp,
    ) -> Value {
        let metadata: Map<String, Value> = ["resourceVersion", "continue", "remainingItemCount"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), list_metadata.get(name)?.clone())))
            .collect();
        let rows: Vec<Value> = items
            .into_iter()
            .map(|item| json!({"cells": self.cells(item, now), "object": include_object.of(item)}))
            .collect();
        json!({
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "columnDefinitions": self.columns.iter().map(Column::definition).collect::<Vec<_>>(),
            "rows": rows,
        })
    }

    fn cells(&self, item: &Value, now: Timestamp) -> Vec<Value> {
        match &self.cells {
            Cells::BuiltIn(row) => row(item, now),
            Cells::Paths(paths) => {
                let name = item.pointer("/metadata/name").cloned().unwrap_or_default();
                std::iter::once(name)
                    .chain(paths.iter().map(|path| path.cell(item, now)))
                    .collect()
            }
        }
    }
}

impl IncludeObject {
    fn of(self, item: &Value) -> Value {
        match self {
            Self::None => Value::Null,
            Self::Metadata => json!({
                "kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": item.get("metadata").cloned().unwrap_or_else(|| json!({})),
            }),
            Self::Object => item.clone(),
        }
    }
}
