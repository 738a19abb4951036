//! Telling directives from data.

use serde_json::{Map, Value};

use super::error::StrategicMergeError;

pub(super) const PATCH: &str = "$patch";
pub(super) const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_PRIMITIVE_LIST: &str = "$deleteFromPrimitiveList/";
const SET_ELEMENT_ORDER: &str = "$setElementOrder/";

/// What a key of a patch means.
pub(super) enum Key<'a> {
    /// A field.
    Field(&'a str),
    /// Values to delete from this list.
    DeleteFromList(&'a str),
    /// The order of this list.
    ElementOrder(&'a str),
    /// `$patch` and `$retainKeys`, which concern the whole object.
    OfObject,
}

impl<'a> Key<'a> {
    pub(super) fn parse(key: &'a str) -> Result<Self, StrategicMergeError> {
        if let Some(list) = key.strip_prefix(DELETE_FROM_PRIMITIVE_LIST) {
            Ok(Self::DeleteFromList(list))
        } else if let Some(list) = key.strip_prefix(SET_ELEMENT_ORDER) {
            Ok(Self::ElementOrder(list))
        } else if key == PATCH || key == RETAIN_KEYS {
            Ok(Self::OfObject)
        } else if key.starts_with('$') {
            Err(StrategicMergeError::UnknownDirective(key.to_owned()))
        } else {
            Ok(Self::Field(key))
        }
    }
}

/// The error for a `$patch` directive that means nothing where it stands.
pub(super) fn unknown_patch_type(
    patch_type: &Value,
    map: &Map<String, Value>,
) -> StrategicMergeError {
    let patch_type = patch_type
        .as_str()
        .map_or_else(|| patch_type.to_string(), str::to_owned);
    StrategicMergeError::PatchType {
        patch_type,
        map: Value::Object(map.clone()).to_string(),
    }
}

/// What a part of a patch leaves where there was nothing before: no directives, no nulls in objects; nothing at all
/// where it is only there to delete.
pub(super) fn as_data(value: &Value) -> Result<Option<Value>, StrategicMergeError> {
    match value {
        Value::Object(members) => match members.get(PATCH) {
            Some(Value::String(patch_type)) if patch_type == "delete" => Ok(None),
            Some(Value::String(patch_type)) if patch_type == "replace" => fields(members).map(Some),
            Some(other) => Err(unknown_patch_type(other, members)),
            None => fields(members).map(Some),
        },
        Value::Array(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(as_data).collect();
            Ok(Some(Value::Array(items?.into_iter().flatten().collect())))
        }
        scalar => Ok(Some(scalar.clone())),
    }
}

fn fields(members: &Map<String, Value>) -> Result<Value, StrategicMergeError> {
    let mut data = Map::new();
    for (key, value) in members {
        match Key::parse(key)? {
            Key::Field(name) if !value.is_null() => {
                if let Some(value) = as_data(value)? {
                    data.insert(name.to_owned(), value);
                }
            }
            _ => {}
        }
    }
    Ok(Value::Object(data))
}
