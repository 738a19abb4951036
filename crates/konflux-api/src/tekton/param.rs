//! Parameters: what a pipeline or task declares, and what a run gives it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::unmodelled::{UnmodelledFields, modelled};

/// A value of one of Tekton's three types.
///
/// Reading one never fails: like Tekton, whatever is none of the three becomes the text of its JSON (`5` is `"5"`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, from = "Value")]
pub enum ParamValue {
    /// A text.
    String(String),
    /// A list of texts.
    Array(Vec<String>),
    /// Texts by key.
    Object(BTreeMap<String, String>),
}

/// The name of a value's type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamType {
    /// A text.
    #[default]
    String,
    /// A list of texts.
    Array,
    /// Texts by key.
    Object,
}

/// A value for a parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Param {
    /// The parameter.
    pub name: String,
    /// Its value.
    pub value: ParamValue,
    /// Every other field, as given.
    #[serde(flatten)]
    pub unmodelled: UnmodelledFields,
}

modelled!(Param {});

/// A parameter that a pipeline or task declares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParamSpec {
    /// The parameter.
    pub name: String,
    /// Its type; when absent, the type of the default, else a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<ParamType>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The value of runs that give none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<ParamValue>,
    /// The keys of an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<Value>,
    /// Every other field, as given.
    #[serde(flatten)]
    pub unmodelled: UnmodelledFields,
}

modelled!(ParamSpec {});

impl ParamValue {
    /// The type of this value.
    pub fn value_type(&self) -> ParamType {
        match self {
            Self::String(_) => ParamType::String,
            Self::Array(_) => ParamType::Array,
            Self::Object(_) => ParamType::Object,
        }
    }

    /// The text, when the value is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Array(_) | Self::Object(_) => None,
        }
    }
}

impl From<Value> for ParamValue {
    fn from(value: Value) -> Self {
        let text = |item: &Value| item.as_str().map(str::to_owned);
        match &value {
            Value::String(text) => return Self::String(text.clone()),
            Value::Null => return Self::String(String::new()),
            Value::Array(items) => {
                if let Some(texts) = items.iter().map(text).collect() {
                    return Self::Array(texts);
                }
            }
            Value::Object(entries) => {
                let texts = entries
                    .iter()
                    .map(|(key, item)| Some((key.clone(), text(item)?)))
                    .collect();
                if let Some(texts) = texts {
                    return Self::Object(texts);
                }
            }
            Value::Bool(_) | Value::Number(_) => {}
        }
        Self::String(value.to_string())
    }
}

impl From<&str> for ParamValue {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl Param {
    /// A parameter with a text as its value.
    pub fn string(name: &str, value: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: value.into(),
            unmodelled: UnmodelledFields::new(),
        }
    }
}

impl ParamSpec {
    /// The declared type, by Tekton's rule for an absent `type`.
    pub fn effective_type(&self) -> ParamType {
        self.r#type
            .or_else(|| self.default.as_ref().map(ParamValue::value_type))
            .or_else(|| self.properties.as_ref().map(|_| ParamType::Object))
            .unwrap_or_default()
    }
}

impl std::fmt::Display for ParamType {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_of_no_known_type_becomes_the_text_of_its_json() {
        let read = |value: Value| serde_json::from_value::<ParamValue>(value).unwrap();
        assert_eq!(read(json!(5)), "5".into());
        assert_eq!(read(json!([1, "a"])), r#"[1,"a"]"#.into());
        assert_eq!(read(json!({"a": {"b": "c"}})), r#"{"a":{"b":"c"}}"#.into());
        assert_eq!(read(json!(["a"])), ParamValue::Array(vec!["a".to_owned()]));
        assert_eq!(
            read(json!({"a": "b"})),
            ParamValue::Object(BTreeMap::from([("a".to_owned(), "b".to_owned())]))
        );
    }

    #[test]
    fn a_parameter_without_a_type_has_the_type_of_its_default() {
        let declared = |spec: Value| {
            serde_json::from_value::<ParamSpec>(spec)
                .unwrap()
                .effective_type()
        };
        assert_eq!(declared(json!({"name": "a"})), ParamType::String);
        assert_eq!(
            declared(json!({"name": "a", "default": ["x"]})),
            ParamType::Array
        );
        assert_eq!(
            declared(json!({"name": "a", "properties": {"k": {}}})),
            ParamType::Object
        );
    }
}
