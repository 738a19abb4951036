//! Errors as clients see them: `meta/v1` Status objects with the reasons and words of a real API server.

use http::StatusCode;
use serde_json::{Value, json};

use crate::store::{CommitError, StoreError};

/// One entry of `details.causes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatusCause {
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) field: String,
}

impl StatusCause {
    pub(crate) fn new(reason: &str, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            reason: reason.to_owned(),
            message: message.into(),
            field: field.into(),
        }
    }

    /// A value that is not acceptable.
    pub(crate) fn invalid(field: impl Into<String>, value: &str, problem: &str) -> Self {
        Self::new(
            "FieldValueInvalid",
            field,
            format!("Invalid value: {}: {problem}", Value::from(value)),
        )
    }

    /// A value that is missing.
    pub(crate) fn required(field: impl Into<String>, problem: &str) -> Self {
        let separator = if problem.is_empty() { "" } else { ": " };
        Self::new(
            "FieldValueRequired",
            field,
            format!("Required value{separator}{problem}"),
        )
    }

    /// A value that may not be there.
    pub(crate) fn forbidden(field: impl Into<String>, problem: &str) -> Self {
        Self::new(
            "FieldValueForbidden",
            field,
            format!("Forbidden: {problem}"),
        )
    }
}

/// An answer other than success.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ApiError {
    pub(crate) code: StatusCode,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    details: Option<Value>,
}

/// What an error is about, for its message and its details.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) group: &'a str,
    /// Plural resource name, or the kind in `Invalid` errors.
    pub(crate) resource: &'a str,
    pub(crate) name: &'a str,
}

impl std::fmt::Display for Subject<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.resource)?;
        if !self.group.is_empty() {
            write!(formatter, ".{}", self.group)?;
        }
        Ok(())
    }
}

impl ApiError {
    pub(crate) fn new(code: StatusCode, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: None,
        }
    }

    fn about(
        code: StatusCode,
        reason: &'static str,
        subject: Subject<'_>,
        message: String,
    ) -> Self {
        let mut details = json!({"name": subject.name, "kind": subject.resource});
        if !subject.group.is_empty() {
            details["group"] = subject.group.into();
        }
        Self {
            code,
            reason,
            message,
            details: Some(details),
        }
    }

    pub(crate) fn with_causes(mut self, causes: &[StatusCause]) -> Self {
        let causes: Vec<Value> = causes
            .iter()
            .map(|cause| json!({"reason": cause.reason, "message": cause.message, "field": cause.field}))
            .collect();
        self.details.get_or_insert_with(|| json!({}))["causes"] = causes.into();
        self
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
    }

    /// The path is not served at all.
    pub(crate) fn no_such_path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NotFound",
            "the server could not find the requested resource",
        )
    }

    pub(crate) fn not_found(subject: Subject<'_>) -> Self {
        Self::about(
            StatusCode::NOT_FOUND,
            "NotFound",
            subject,
            format!("{subject} {:?} not found", subject.name),
        )
    }

    pub(crate) fn already_exists(subject: Subject<'_>) -> Self {
        Self::about(
            StatusCode::CONFLICT,
            "AlreadyExists",
            subject,
            format!("{subject} {:?} already exists", subject.name),
        )
    }

    /// The write was based on an old state.
    pub(crate) fn conflict(subject: Subject<'_>, problem: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {subject} {:?}: {problem}",
            subject.name
        );
        Self::about(StatusCode::CONFLICT, "Conflict", subject, message)
    }

    /// [`conflict`](Self::conflict) with the words for a stale `resourceVersion`.
    pub(crate) fn stale(subject: Subject<'_>) -> Self {
        Self::conflict(
            subject,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    pub(crate) fn forbidden(subject: Subject<'_>, problem: &str) -> Self {
        let message = format!("{subject} {:?} is forbidden: {problem}", subject.name);
        Self::about(StatusCode::FORBIDDEN, "Forbidden", subject, message)
    }

    /// The object breaks rules of its kind; `subject.resource` is the kind.
    pub(crate) fn invalid(subject: Subject<'_>, causes: &[StatusCause]) -> Self {
        let problems: Vec<String> = causes
            .iter()
            .map(|cause| {
                if cause.field.is_empty() {
                    cause.message.clone()
                } else {
                    format!("{}: {}", cause.field, cause.message)
                }
            })
            .collect();
        let problems = match problems.as_slice() {
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let message = format!("{subject} {:?} is invalid: {problems}", subject.name);
        Self::about(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Invalid",
            subject,
            message,
        )
        .with_causes(causes)
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )
    }

    pub(crate) fn unsupported_media_type(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedMediaType",
            message,
        )
    }

    /// The revision that was asked for is no longer known.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "Expired", message)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("Request entity too large: limit is {limit}");
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            message,
        )
    }

    /// Something a real API server does and this one does not model.
    pub(crate) fn not_modelled(what: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            format!("this embedded API server does not model {what}"),
        )
    }

    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            format!("Internal error occurred: {error}"),
        )
    }

    /// The `Status` object.
    pub(crate) fn to_status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code.as_u16(),
        });
        if let Some(details) = &self.details {
            status["details"] = details.clone();
        }
        status
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(format!("a stored object is not JSON: {error}"))
    }
}

impl From<CommitError> for ApiError {
    fn from(error: CommitError) -> Self {
        Self::internal(error)
    }
}
