//! Field selectors.

use serde_json::Value;

use super::{SelectableFields, SelectorError};

/// A parsed field selector; the empty one matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FieldSelector {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    field: String,
    equal: bool,
    value: String,
}

impl FieldSelector {
    /// Parses the `fieldSelector` query parameter: terms `field=value`, `field==value` and `field!=value` between
    /// commas; in a value `\\`, `\,` and `\=` stand for the characters themselves
    /// (`k8s.io/apimachinery/pkg/fields/selector.go`). A term with neither field nor value asks for nothing.
    ///
    /// # Errors
    /// A term without an operator, an unknown escape, or an unescaped `,` or `=` in a value.
    pub(crate) fn parse(selector: &str) -> Result<Self, SelectorError> {
        let mut terms = Vec::new();
        for term in split_terms(selector)
            .into_iter()
            .filter(|term| !term.is_empty())
        {
            let (field, equal, value) =
                split_term(term).ok_or_else(|| SelectorError::FieldTerm {
                    selector: selector.to_owned(),
                    term: term.to_owned(),
                })?;
            let value = unescape(value)?;
            if !(field.is_empty() && value.is_empty()) {
                terms.push(Term {
                    field: field.to_owned(),
                    equal,
                    value,
                });
            }
        }
        Ok(Self { terms })
    }

    /// True when the selector asks for nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Checks that the kind can be selected by every field named; to be called once, before [`Self::matches`].
    ///
    /// # Errors
    /// The first field that the kind cannot be selected by, in the words of the real API server.
    pub(crate) fn check(&self, fields: &SelectableFields) -> Result<(), SelectorError> {
        self.terms
            .iter()
            .try_for_each(|term| fields.check(&term.field))
    }

    /// Whether the object is selected. A field that the object lacks has the value `""`.
    pub(crate) fn matches(&self, object: &Value, fields: &SelectableFields) -> bool {
        self.terms
            .iter()
            .all(|term| (fields.value(object, &term.field) == term.value) == term.equal)
    }

    /// The value that the selector demands of `field`, when it demands exactly one: lets a list by
    /// `metadata.name` become a single look-up.
    pub(crate) fn required_value(&self, field: &str) -> Option<&str> {
        self.terms
            .iter()
            .find(|term| term.equal && term.field == field)
            .map(|term| term.value.as_str())
    }
}

fn split_terms(selector: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (index, character) in selector.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                terms.push(&selector[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    terms.push(&selector[start..]);
    terms
}

/// Splits at the first operator; a field cannot contain one.
fn split_term(term: &str) -> Option<(&str, bool, &str)> {
    term.char_indices().find_map(|(index, _)| {
        let (field, rest) = term.split_at(index);
        [("!=", false), ("==", true), ("=", true)]
            .into_iter()
            .find_map(|(operator, equal)| Some((field, equal, rest.strip_prefix(operator)?)))
    })
}

fn unescape(value: &str) -> Result<String, SelectorError> {
    let mut unescaped = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(literal @ ('\\' | ',' | '=')) => unescaped.push(literal),
                other => {
                    let sequence = std::iter::once('\\').chain(other).collect();
                    return Err(SelectorError::EscapeSequence(sequence));
                }
            },
            ',' | '=' => return Err(SelectorError::UnescapedCharacter(character)),
            other => unescaped.push(other),
        }
    }
    Ok(unescaped)
}
