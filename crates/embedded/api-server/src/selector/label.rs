//! Label selectors.

use std::fmt;

use serde_json::Value;

use super::SelectorError;
use super::label_parser;

/// A parsed label selector; the empty one matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LabelSelector {
    pub(super) requirements: Vec<Requirement>,
}

/// One condition on the value of one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Requirement {
    pub(super) key: String,
    pub(super) condition: Condition,
}

/// What a requirement asks of its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// `key`
    Exists,
    /// `!key`
    DoesNotExist,
    /// `key=value`, `key==value`, `key in (value,…)`: the label exists with one of the values.
    In(Vec<String>),
    /// `key!=value`, `key notin (value,…)`: the label is absent or has none of the values.
    NotIn(Vec<String>),
    /// `key>number`: the label exists and is a greater integer.
    GreaterThan(i64),
    /// `key<number`: the label exists and is a smaller integer.
    LessThan(i64),
}

impl LabelSelector {
    /// Parses the `labelSelector` query parameter.
    ///
    /// # Errors
    /// The selector is outside the grammar of `labels.Parse`, or a key or value in it could not be a label.
    pub(crate) fn parse(selector: &str) -> Result<Self, SelectorError> {
        let mut requirements = label_parser::parse(selector)?;
        requirements.sort_by(|left, right| left.key.cmp(&right.key));
        Ok(Self { requirements })
    }

    /// True when the selector asks for nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether an object whose `metadata.labels` is `labels` is selected. Absent labels are no labels.
    pub(crate) fn matches(&self, labels: Option<&Value>) -> bool {
        self.requirements.iter().all(|requirement| {
            let value = labels
                .and_then(|labels| labels.get(&requirement.key))
                .and_then(Value::as_str);
            requirement.condition.holds(value)
        })
    }
}

impl Condition {
    fn holds(&self, value: Option<&str>) -> bool {
        let integer = |value: &str| value.parse::<i64>().ok();
        match self {
            Self::Exists => value.is_some(),
            Self::DoesNotExist => value.is_none(),
            Self::In(values) => {
                value.is_some_and(|value| values.iter().any(|wanted| wanted == value))
            }
            Self::NotIn(values) => {
                value.is_none_or(|value| values.iter().all(|unwanted| unwanted != value))
            }
            Self::GreaterThan(bound) => value.and_then(integer).is_some_and(|value| value > *bound),
            Self::LessThan(bound) => value.and_then(integer).is_some_and(|value| value < *bound),
        }
    }
}

/// The selector in a normal form that parses to an equal selector.
impl fmt::Display for LabelSelector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, Requirement { key, condition }) in self.requirements.iter().enumerate() {
            if position > 0 {
                formatter.write_str(",")?;
            }
            match condition {
                Condition::Exists => formatter.write_str(key)?,
                Condition::DoesNotExist => write!(formatter, "!{key}")?,
                Condition::In(values) => write!(formatter, "{key} in ({})", values.join(","))?,
                Condition::NotIn(values) => {
                    write!(formatter, "{key} notin ({})", values.join(","))?
                }
                Condition::GreaterThan(bound) => write!(formatter, "{key}>{bound}")?,
                Condition::LessThan(bound) => write!(formatter, "{key}<{bound}")?,
            }
        }
        Ok(())
    }
}
