//! The options of writes.

use http::HeaderMap;
use http::header::USER_AGENT;

use crate::http::query::Query;
use crate::status::ApiError;

/// What to do about fields that a kind does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    /// Drop them.
    Ignore,
    /// Drop them and say so in a `Warning` header.
    Warn,
    /// Refuse the object.
    Strict,
}

/// Options of create, update and patch.
#[derive(Debug, Clone)]
pub(crate) struct WriteOptions {
    pub(crate) dry_run: bool,
    pub(crate) field_manager: String,
    pub(crate) field_validation: FieldValidation,
    /// Whether server-side apply may take fields from other managers.
    pub(crate) force: bool,
}

impl WriteOptions {
    /// Reads `dryRun`, `fieldManager`, `fieldValidation` and `force`.
    pub(crate) fn parse(query: &Query, headers: &HeaderMap) -> Result<Self, ApiError> {
        let field_validation = match query.get("fieldValidation") {
            None | Some("Warn") => FieldValidation::Warn,
            Some("Ignore") => FieldValidation::Ignore,
            Some("Strict") => FieldValidation::Strict,
            Some(other) => {
                return Err(unsupported(
                    "fieldValidation",
                    other,
                    "Ignore, Warn, Strict",
                ));
            }
        };
        let field_manager = query
            .get("fieldManager")
            .map_or_else(|| manager_of(headers), str::to_owned);
        if field_manager.len() > 128 || field_manager.chars().any(char::is_control) {
            return Err(ApiError::bad_request(
                "fieldManager must be at most 128 printable characters",
            ));
        }
        Ok(Self {
            dry_run: dry_run(query.get("dryRun"))?,
            field_manager,
            field_validation,
            force: query.flag("force")?,
        })
    }

    /// The options of a write that the server itself makes.
    pub(crate) fn of_server(part: &str) -> Self {
        Self {
            dry_run: false,
            field_manager: part.to_owned(),
            field_validation: FieldValidation::Ignore,
            force: false,
        }
    }
}

/// The only modelled value of `dryRun` is the only one that Kubernetes knows.
pub(crate) fn dry_run(value: Option<&str>) -> Result<bool, ApiError> {
    match value {
        None => Ok(false),
        Some("All") => Ok(true),
        Some(other) => Err(unsupported("dryRun", other, "All")),
    }
}

fn unsupported(option: &str, value: &str, supported: &str) -> ApiError {
    ApiError::bad_request(format!(
        "{option}: Unsupported value: {value:?}: supported values: {supported}"
    ))
}

/// A client that names no manager is called by its user agent up to the first slash.
fn manager_of(headers: &HeaderMap) -> String {
    let agent = headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let name = agent.split('/').next().unwrap_or_default();
    if name.is_empty() {
        "unknown".to_owned()
    } else {
        name.chars().take(128).collect()
    }
}
