//! Columns of custom resources.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age;
use super::column::{Column, ColumnType};
use super::json_path::{JsonPath, JsonPathError};
use super::render::{Cells, Printer};

/// A printer column that a CustomResourceDefinition cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TableError {
    /// The type is not one of those that Kubernetes knows.
    #[error(
        "additional printer column {column:?}: unsupported type {column_type:?}; supported types: boolean, date, \
         integer, number, string"
    )]
    Type {
        /// The column's name.
        column: String,
        /// The type it declares.
        column_type: String,
    },
    /// The path cannot be parsed.
    #[error(
        "additional printer column {column:?}: unrecognized column definition {path:?}: {source}"
    )]
    Path {
        /// The column's name.
        column: String,
        /// The path as written.
        path: String,
        /// What is wrong with it.
        source: JsonPathError,
    },
}

/// Where a cell comes from.
#[derive(Debug, Clone)]
pub(super) struct CellPath {
    column_type: ColumnType,
    path: JsonPath,
}

impl Printer {
    /// The printer of a custom resource with the given `additionalPrinterColumns` (a list of
    /// `{name, type, jsonPath, format, description, priority}`); with none, a column of ages.
    ///
    /// # Errors
    /// The first column whose type or path Kubernetes would refuse.
    pub(crate) fn custom(additional_printer_columns: &[Value]) -> Result<Self, TableError> {
        let default = [
            json!({"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp",
            "description": "CreationTimestamp is a timestamp representing the server time when this object was created."}),
        ];
        let definitions = if additional_printer_columns.is_empty() {
            &default[..]
        } else {
            additional_printer_columns
        };
        let (mut columns, mut paths) = (vec![Column::NAME], Vec::new());
        for definition in definitions {
            let text = |name: &str| {
                definition
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            };
            let (name, path) = (text("name"), text("jsonPath"));
            let column_type = ColumnType::parse(text("type")).ok_or_else(|| TableError::Type {
                column: name.to_owned(),
                column_type: text("type").to_owned(),
            })?;
            let json_path = JsonPath::parse(path).map_err(|source| TableError::Path {
                column: name.to_owned(),
                path: path.to_owned(),
                source,
            })?;
            let description = match text("description") {
                "" => format!("Custom resource definition column (in JSONPath format): {path}"),
                description => description.to_owned(),
            };
            columns.push(Column {
                name: Cow::Owned(name.to_owned()),
                column_type,
                format: Cow::Owned(text("format").to_owned()),
                description: Cow::Owned(description),
                priority: definition
                    .get("priority")
                    .and_then(Value::as_i64)
                    .unwrap_or_default(),
            });
            paths.push(CellPath {
                column_type,
                path: json_path,
            });
        }
        Ok(Self {
            columns,
            cells: Cells::Paths(paths),
        })
    }
}

impl CellPath {
    /// The first value found, as the column's type; null when there is none or it has another type.
    pub(super) fn cell(&self, item: &Value, now: Timestamp) -> Value {
        let Some(value) = self.path.find(item).into_iter().next() else {
            return Value::Null;
        };
        match (self.column_type, value) {
            (_, Value::Null) => Value::Null,
            (ColumnType::String, Value::String(text)) => json!(text),
            (ColumnType::String, other) => json!(other.to_string()),
            (ColumnType::Integer, Value::Number(number)) => {
                // A fraction is cut off, as Go's conversion does.
                number
                    .as_i64()
                    .or_else(|| number.as_f64().map(|float| float as i64))
                    .into()
            }
            (ColumnType::Number, Value::Number(_)) | (ColumnType::Boolean, Value::Bool(_)) => {
                value.clone()
            }
            (ColumnType::Date, Value::String(_)) => json!(age::since(Some(value), now)),
            _ => Value::Null,
        }
    }
}
