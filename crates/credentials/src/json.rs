//! Reading members of a docker config with errors that name the member and never its value.

use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::{ParseError, shape};

/// Parses `text` as a JSON object; `null` counts as the empty object, as it does for Docker.
pub(crate) fn object(text: &[u8]) -> Result<Map<String, Value>, ParseError> {
    let value = serde_json::from_slice(text).map_err(|error| {
        shape::of_other_text(text).unwrap_or(ParseError::NotJson {
            line: error.line(),
            column: error.column(),
        })
    })?;
    object_value(value, || "top level".to_owned())
}

/// Takes `value` as an object.
pub(crate) fn object_value(
    value: Value,
    member: impl Fn() -> String,
) -> Result<Map<String, Value>, ParseError> {
    match value {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err(wrong_type(member(), "an object")),
    }
}

/// Removes `name` from `map` and takes it as a string.
pub(crate) fn take_string(
    map: &mut Map<String, Value>,
    name: &str,
    entry: &str,
) -> Result<Option<String>, ParseError> {
    match map.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong_type(format!("auths.\"{entry}\".{name}"), "a string")),
    }
}

/// Removes `name` from `map` and takes it as a secret string.
pub(crate) fn take_secret(
    map: &mut Map<String, Value>,
    name: &str,
    entry: &str,
) -> Result<Option<SecretString>, ParseError> {
    Ok(take_string(map, name, entry)?.map(SecretString::from))
}

pub(crate) fn wrong_type(member: String, expected: &'static str) -> ParseError {
    ParseError::WrongType { member, expected }
}
