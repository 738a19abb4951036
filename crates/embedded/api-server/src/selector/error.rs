//! What is wrong with a selector, in the words of the real API server.

/// A selector that cannot be used; the API answers it with `400 BadRequest`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SelectorError {
    /// The label selector is not in the grammar.
    #[error("unable to parse requirement: {0}")]
    Requirement(String),
    /// The label selector has something unexpected between its requirements.
    #[error("{0}")]
    Syntax(String),
    /// A term of a field selector has no operator.
    #[error("invalid selector: '{selector}'; can't understand '{term}'")]
    FieldTerm {
        /// The whole selector.
        selector: String,
        /// The term without an operator.
        term: String,
    },
    /// A backslash in a field selector's value escapes something that needs no escape.
    #[error("invalid field selector: invalid escape sequence: {0}")]
    EscapeSequence(String),
    /// A `,` or `=` in a field selector's value is not escaped by a backslash.
    #[error("invalid field selector: unescaped character in value: {0}")]
    UnescapedCharacter(char),
    /// The kind declares its selectable fields, and this is not one of them.
    #[error("field label not supported: {0}")]
    FieldNotSupported(String),
    /// The kind can be selected by its name and namespace only.
    #[error("{0:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")]
    FieldNotKnown(String),
}
