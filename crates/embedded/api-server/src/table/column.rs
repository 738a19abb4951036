//! The columns of a table.

use std::borrow::Cow;

use serde_json::{Value, json};

/// One column, as `Table.columnDefinitions` describes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    /// The heading; `kubectl` prints it in capitals.
    pub(crate) name: Cow<'static, str>,
    /// The type of the cells.
    pub(crate) column_type: ColumnType,
    /// A hint such as `name`; empty when there is none.
    pub(crate) format: Cow<'static, str>,
    /// What the column shows.
    pub(crate) description: Cow<'static, str>,
    /// 0 for columns that are always shown, more for those of `kubectl get -o wide`.
    pub(crate) priority: i64,
}

/// The types of cells (`OpenAPI` types, plus `date` for custom resources).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnType {
    Boolean,
    /// A time in the object, shown as an age.
    Date,
    Integer,
    Number,
    String,
}

impl ColumnType {
    /// The type that a CustomResourceDefinition names.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "string" => Self::String,
            _ => return None,
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
        }
    }
}

impl Column {
    /// The column that every table of objects begins with.
    pub(super) const NAME: Self = Self {
        name: Cow::Borrowed("Name"),
        column_type: ColumnType::String,
        format: Cow::Borrowed("name"),
        description: Cow::Borrowed("Name must be unique within a namespace."),
        priority: 0,
    };

    /// A column that is always shown.
    pub(super) const fn shown(
        name: &'static str,
        column_type: ColumnType,
        description: &'static str,
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            column_type,
            format: Cow::Borrowed(""),
            description: Cow::Borrowed(description),
            priority: 0,
        }
    }

    /// A column that `-o wide` shows.
    pub(super) fn wide(name: &'static str, description: &'static str) -> Self {
        Self {
            priority: 1,
            ..Self::shown(name, ColumnType::String, description)
        }
    }

    pub(super) fn definition(&self) -> Value {
        json!({
            "name": self.name,
            "type": self.column_type.as_str(),
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        })
    }
}
