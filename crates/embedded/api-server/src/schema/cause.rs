//! Why a value is refused, as `Status.details.causes` tells it.

use std::fmt;

use serde_json::Value;

/// One reason why an object is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    /// The machine-readable reason.
    pub(crate) reason: CauseReason,
    /// Path of the field, such as `spec.components[0].name`; empty where Kubernetes names no field.
    pub(crate) field: String,
    /// The sentence without the field path, such as `Invalid value: 3: must be a string`.
    pub(crate) message: String,
}

/// The reasons of `k8s.io/apimachinery/pkg/util/validation/field.ErrorType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CauseReason {
    /// A value that must be unique is not.
    Duplicate,
    /// A value or keyword is not allowed here.
    Forbidden,
    /// A value is malformed or out of bounds.
    Invalid,
    /// A value is not one of an enumeration.
    NotSupported,
    /// A value is missing.
    Required,
    /// A string is too long.
    TooLong,
    /// A list or map has too many members.
    TooMany,
    /// A value has the wrong type.
    TypeInvalid,
}

impl CauseReason {
    /// The reason as `Status.details.causes[].reason` spells it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "FieldValueDuplicate",
            Self::Forbidden => "FieldValueForbidden",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Required => "FieldValueRequired",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::TypeInvalid => "FieldValueTypeInvalid",
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Duplicate => "Duplicate value",
            Self::Forbidden => "Forbidden",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Required => "Required value",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
        }
    }
}

impl Cause {
    /// A cause that shows the refused value.
    pub(crate) fn with_value(
        reason: CauseReason,
        field: impl Into<String>,
        value: &Value,
        detail: &str,
    ) -> Self {
        let heading = reason.heading();
        let detail = if detail.is_empty() {
            String::new()
        } else {
            format!(": {detail}")
        };
        Self {
            reason,
            field: field.into(),
            message: format!("{heading}: {value}{detail}"),
        }
    }

    /// A cause that shows no value.
    pub(crate) fn without_value(
        reason: CauseReason,
        field: impl Into<String>,
        detail: &str,
    ) -> Self {
        let heading = reason.heading();
        let detail = if detail.is_empty() {
            String::new()
        } else {
            format!(": {detail}")
        };
        Self {
            reason,
            field: field.into(),
            message: format!("{heading}{detail}"),
        }
    }
}

/// `field: message`, as `Status.message` lists it.
impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = if self.field.is_empty() {
            "<nil>"
        } else {
            &self.field
        };
        write!(formatter, "{field}: {}", self.message)
    }
}

/// One line for several causes, as `ErrorList.ToAggregate` prints it.
pub(super) fn join(causes: &[Cause]) -> String {
    match causes {
        [cause] => cause.to_string(),
        causes => {
            let causes: Vec<String> = causes.iter().map(Cause::to_string).collect();
            format!("[{}]", causes.join(", "))
        }
    }
}

/// The path of a member of the object at `path`.
pub(super) fn child(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
