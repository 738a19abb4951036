//! Kubernetes' own JSONPath dialect (`k8s.io/client-go/util/jsonpath`,
//! <https://kubernetes.io/docs/reference/kubectl/jsonpath/>).
//!
//! It is not RFC 9535, which is why no general JSONPath library is used: paths have no `$`, names may contain `-` and
//! `/` without quotes, a backslash escapes a dot in a name (also in quotes: `['a\.b']` is one name, `['a.b']` two),
//! filters need parentheses and compare one value with one value, and `[n]` outside a list finds nothing instead of
//! being a mistake. Supported: fields, quoted fields, `*`, `..`, indexes, slices with steps, unions and filters.

mod evaluate;
mod parse;

use serde_json::Value;

/// A parsed path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JsonPath {
    steps: Vec<Step>,
}

/// What is wrong with a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JsonPathError {
    /// A character that begins no step.
    #[error("unrecognized character in action: {0:?}")]
    Character(char),
    /// A bracket that is not closed.
    #[error("unterminated {0}")]
    Unterminated(&'static str),
    /// Something in brackets that is neither a name, an index, a slice nor a filter.
    #[error("invalid array index {0}")]
    Index(String),
    /// A slice whose step is zero.
    #[error("step must be non-zero")]
    Step,
    /// A filter that cannot be understood.
    #[error("invalid filter {0:?}")]
    Filter(String),
    /// `....`
    #[error("invalid multiple recursive descent")]
    MultipleDescent,
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Field(String),
    Wildcard,
    /// The value and everything below it.
    Descent,
    Slice {
        from: Option<i64>,
        to: Bound,
        step: i64,
    },
    Union(Vec<Vec<Step>>),
    /// The items for which the left side compares so with the right side.
    Compare {
        left: Vec<Step>,
        operator: Operator,
        right: Operand,
    },
    /// The items in which the path finds something.
    Exists(Vec<Step>),
}

/// Where a slice ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bound {
    /// After its first item: a plain index.
    One,
    /// Before this index.
    At(i64),
    /// With the list.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Literal(Value),
    Path(Vec<Step>),
}

impl JsonPath {
    /// Parses a path such as `.spec.a`, `.status.conditions[?(@.type=="Ready")].status` or `.items[0]`.
    ///
    /// # Errors
    /// The path is outside the dialect.
    pub(crate) fn parse(path: &str) -> Result<Self, JsonPathError> {
        Ok(Self {
            steps: parse::parse(path)?,
        })
    }

    /// What the path finds, in document order; nothing where a part of it does not apply.
    pub(crate) fn find<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        evaluate::find(&self.steps, value)
    }
}
