//! Values of variables, and their substitution in texts.

use std::collections::{BTreeMap, BTreeSet};

use konflux_api::tekton::{Param, ParamValue};

use super::reference::{Index, Piece, Reference, pieces};

/// Variables by the parts of their path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    values: BTreeMap<Vec<String>, ParamValue>,
    complete: BTreeSet<&'static str>,
}

/// Why a reference cannot be replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reference} {problem}")]
pub(crate) struct VariableError {
    reference: String,
    problem: &'static str,
}

enum Found<'a> {
    Text(&'a str),
    List(&'a [String]),
    Object(&'a BTreeMap<String, String>),
}

impl Variables {
    /// No variables. A reference whose first part is in `complete` must be defined; any other stays as it is.
    pub(crate) fn new(complete: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            values: BTreeMap::new(),
            complete: complete.into_iter().collect(),
        }
    }

    pub(crate) fn set(&mut self, path: &[&str], value: impl Into<ParamValue>) {
        self.values.insert(
            path.iter().map(|part| (*part).to_owned()).collect(),
            value.into(),
        );
    }

    pub(crate) fn set_params(&mut self, params: &BTreeMap<String, ParamValue>) {
        for (name, value) in params {
            self.set(&["params", name], value.clone());
        }
    }

    /// The text with every reference replaced.
    pub(crate) fn text(&self, text: &str) -> Result<String, VariableError> {
        let mut replaced = String::with_capacity(text.len());
        for piece in pieces(text) {
            match piece {
                Piece::Literal(literal) => replaced.push_str(literal),
                Piece::Reference(reference) => match self.find(&reference)? {
                    None => replaced.push_str(reference.text),
                    Some(Found::Text(value)) => replaced.push_str(value),
                    Some(Found::List(_) | Found::Object(_)) => {
                        return Err(error(
                            &reference,
                            "is a list or an object where a text is needed",
                        ));
                    }
                },
            }
        }
        Ok(replaced)
    }

    /// The texts with every reference replaced; an element that is nothing but a reference to a list becomes its elements.
    pub(crate) fn list(&self, texts: &[String]) -> Result<Vec<String>, VariableError> {
        let mut replaced = Vec::with_capacity(texts.len());
        for text in texts {
            match self.whole(text)? {
                Some(Found::List(items)) => replaced.extend_from_slice(items),
                _ => replaced.push(self.text(text)?),
            }
        }
        Ok(replaced)
    }

    /// The value with every reference replaced; a text that is nothing but a reference takes the type of what it names.
    pub(crate) fn value(&self, value: &ParamValue) -> Result<ParamValue, VariableError> {
        Ok(match value {
            ParamValue::String(text) => match self.whole(text)? {
                Some(Found::List(items)) => ParamValue::Array(items.to_vec()),
                Some(Found::Object(entries)) => ParamValue::Object(entries.clone()),
                _ => ParamValue::String(self.text(text)?),
            },
            ParamValue::Array(texts) => ParamValue::Array(self.list(texts)?),
            ParamValue::Object(entries) => ParamValue::Object(
                entries
                    .iter()
                    .map(|(key, text)| Ok((key.clone(), self.text(text)?)))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }

    /// The parameters with every reference in their values replaced.
    pub(crate) fn params(&self, params: &[Param]) -> Result<Vec<Param>, VariableError> {
        params
            .iter()
            .map(|param| {
                Ok(Param {
                    value: self.value(&param.value)?,
                    ..param.clone()
                })
            })
            .collect()
    }

    fn whole(&self, text: &str) -> Result<Option<Found<'_>>, VariableError> {
        match pieces(text).as_slice() {
            [Piece::Reference(reference)] => self.find(reference),
            _ => Ok(None),
        }
    }

    fn find(&self, reference: &Reference<'_>) -> Result<Option<Found<'_>>, VariableError> {
        let path: Vec<String> = reference
            .path
            .iter()
            .map(|part| (*part).to_owned())
            .collect();
        if let Some(value) = self.values.get(&path) {
            return match (value, reference.index) {
                (ParamValue::String(text), None) => Ok(Some(Found::Text(text))),
                (ParamValue::Array(items), Some(Index::All)) => Ok(Some(Found::List(items))),
                (ParamValue::Object(entries), Some(Index::All)) => Ok(Some(Found::Object(entries))),
                (ParamValue::Array(items), Some(Index::At(position))) => {
                    match items.get(position) {
                        Some(item) => Ok(Some(Found::Text(item))),
                        None => Err(error(reference, "is beyond the end of the list")),
                    }
                }
                (ParamValue::String(_), Some(_)) => {
                    Err(error(reference, "is a text and has no elements"))
                }
                (_, None) => Err(error(
                    reference,
                    "is a list or an object where a text is needed; [*] takes all of it",
                )),
                (ParamValue::Object(_), Some(Index::At(_))) => {
                    Err(error(reference, "is an object and has no positions"))
                }
            };
        }
        if let Some((key, parent)) = path.split_last()
            && let Some(ParamValue::Object(entries)) = self.values.get(parent)
        {
            return match entries.get(key) {
                Some(text) if reference.index.is_none() => Ok(Some(Found::Text(text))),
                _ => Err(error(reference, "is not a key of the object")),
            };
        }
        if self.complete.contains(reference.path[0]) {
            return Err(error(reference, "is not defined here"));
        }
        Ok(None)
    }
}

fn error(reference: &Reference<'_>, problem: &'static str) -> VariableError {
    VariableError {
        reference: reference.text.to_owned(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        let mut variables = Variables::new(["params"]);
        variables.set(&["params", "name"], "world");
        variables.set(
            &["params", "list"],
            ParamValue::Array(vec!["a".to_owned(), "b".to_owned()]),
        );
        variables.set(
            &["params", "object"],
            ParamValue::Object(BTreeMap::from([("key".to_owned(), "v".to_owned())])),
        );
        variables
    }

    #[test]
    fn references_within_a_text_are_replaced() {
        let replaced = variables()
            .text("hello $(params.name), $(params.list[1]), $(params.object.key)")
            .unwrap();
        assert_eq!(replaced, "hello world, b, v");
    }

    #[test]
    fn a_list_spreads_among_arguments() {
        let texts = [
            "x".to_owned(),
            "$(params.list[*])".to_owned(),
            "$(params.name)".to_owned(),
        ];
        assert_eq!(variables().list(&texts).unwrap(), ["x", "a", "b", "world"]);
    }

    #[test]
    fn a_whole_reference_keeps_the_type_of_its_value() {
        let value = variables().value(&"$(params.object[*])".into()).unwrap();
        assert_eq!(
            value,
            ParamValue::Object(BTreeMap::from([("key".to_owned(), "v".to_owned())]))
        );
    }

    #[test]
    fn an_undefined_reference_is_an_error_only_where_all_variables_are_known() {
        let error = variables().text("$(params.missing)").unwrap_err();
        assert_eq!(error.to_string(), "$(params.missing) is not defined here");
        assert_eq!(
            variables().text("$(tasks.t.results.r) $(HOME)").unwrap(),
            "$(tasks.t.results.r) $(HOME)"
        );
    }

    #[test]
    fn a_list_in_the_middle_of_a_text_is_an_error() {
        for text in [
            "x$(params.list[*])",
            "$(params.list)",
            "$(params.list[7])",
            "$(params.object.other)",
        ] {
            assert!(variables().text(text).is_err(), "{text}");
        }
    }
}
