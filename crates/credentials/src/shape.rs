//! Things that people take for a docker config, recognised so that the error can say what they are.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::ParseError;

/// Why `text`, which is not JSON, is not a docker config, where that can be told.
pub(crate) fn of_other_text(text: &[u8]) -> Option<ParseError> {
    if text.trim_ascii().is_empty() {
        return Some(ParseError::Empty);
    }
    let text = std::str::from_utf8(text).ok()?;
    let kind = text
        .lines()
        .find_map(|line| line.strip_prefix("kind:"))
        .map(|kind| kind.trim().trim_matches(['"', '\'']));
    if let Some(kind) = kind {
        return Some(ParseError::KubernetesObject {
            kind: kind.to_owned(),
        });
    }
    let unwrapped: String = text.split_ascii_whitespace().collect();
    let decoded = STANDARD.decode(unwrapped).ok()?;
    serde_json::from_slice::<Map<String, Value>>(&decoded)
        .is_ok()
        .then_some(ParseError::StillBase64)
}

/// Why an object is not a `config.json` or `auth.json`, although it is JSON.
pub(crate) fn of_other_object(members: &Map<String, Value>) -> Option<ParseError> {
    if members.contains_key("auths") {
        return None;
    }
    if let (Some(Value::String(kind)), true) =
        (members.get("kind"), members.contains_key("apiVersion"))
    {
        return Some(ParseError::KubernetesObject { kind: kind.clone() });
    }
    members
        .values()
        .any(looks_like_an_entry)
        .then_some(ParseError::LegacyShape)
}

fn looks_like_an_entry(value: &Value) -> bool {
    ["auth", "username", "password", "email"]
        .iter()
        .any(|member| value.get(member).is_some_and(Value::is_string))
}
