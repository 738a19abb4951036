//! What a value is, seen through its shape.

use serde_json::{Map, Value};

use super::error::ApplyError;
use super::path::{PathElement, Scalar};
use super::topology::{Merge, Shape};

/// The parts of a value that are owned apart from each other.
pub(super) enum Form<'a> {
    /// There is no value.
    Absent,
    /// Null, which stands for any value without parts.
    Null,
    /// A value without parts: a scalar, or something atomic.
    Leaf,
    /// An object with members.
    Fields(&'a Map<String, Value>),
    /// A list with items that are known by what they are, in order; identities may repeat.
    Items(Vec<(PathElement, &'a Value)>),
}

impl<'a> Form<'a> {
    pub(super) fn of(value: Option<&'a Value>, shape: &Shape) -> Self {
        let Some(value) = value else {
            return Self::Absent;
        };
        match (value, &shape.merge) {
            (Value::Null, _) => Self::Null,
            (Value::Object(members), Merge::Granular) => Self::Fields(members),
            (Value::Array(items), Merge::Set | Merge::Map(_)) => {
                let identified: Option<_> = items
                    .iter()
                    .map(|item| Some((identity(item, &shape.merge).ok()?, item)))
                    .collect();
                identified.map_or(Self::Leaf, Self::Items)
            }
            _ => Self::Leaf,
        }
    }

    pub(super) fn has_parts(&self) -> bool {
        match self {
            Self::Fields(members) => !members.is_empty(),
            Self::Items(items) => !items.is_empty(),
            Self::Absent | Self::Null | Self::Leaf => false,
        }
    }

    pub(super) fn is_leaf(&self) -> bool {
        matches!(self, Self::Leaf)
    }
}

/// How an item of a set or list map is known.
///
/// # Errors
/// Why the item cannot be known, in the words of structured-merge-diff.
pub(super) fn identity(item: &Value, merge: &Merge) -> Result<PathElement, String> {
    match (merge, item) {
        (Merge::Map(keys), Value::Object(members)) => {
            let mut fields: Vec<(String, Scalar)> = keys
                .iter()
                .filter_map(|(name, default)| {
                    let value = members.get(name).or(default.as_ref())?;
                    Some((name.clone(), Scalar(value.clone())))
                })
                .collect();
            if fields.is_empty() {
                let names: Vec<String> = keys.iter().map(|(name, _)| format!("{name:?}")).collect();
                return Err(format!(
                    "associative list with keys has an element that omits all key fields [{}] (and doesn't have \
                     default values for any key fields)",
                    names.join(" ")
                ));
            }
            fields.sort();
            Ok(PathElement::Key(fields))
        }
        (Merge::Map(_), Value::Null) => {
            Err("associative list with keys may not have a null element".to_owned())
        }
        (Merge::Map(_), _) => {
            Err("associative list with keys may not have non-map elements".to_owned())
        }
        (_, Value::Object(_)) => {
            Err("associative list without keys has an element that's a map type".to_owned())
        }
        (_, Value::Array(_)) => {
            Err("not supported: associative list with lists as elements".to_owned())
        }
        (_, Value::Null) => {
            Err("associative list without keys has an element that's an explicit null".to_owned())
        }
        (_, scalar) => Ok(PathElement::Value(Scalar(scalar.clone()))),
    }
}

/// Checks that the items of every list map and set in an applied configuration can be told apart.
pub(super) fn check_identities(value: &Value, shape: &Shape, path: &str) -> Result<(), ApplyError> {
    match value {
        Value::Object(members) if shape.merge == Merge::Granular => {
            members.iter().try_for_each(|(name, member)| {
                check_identities(member, shape.field(name), &format!("{path}.{name}"))
            })
        }
        Value::Array(items) => {
            let scalars = items.iter().all(|item| !item.is_object());
            let associative =
                matches!(shape.merge, Merge::Map(_)) || (shape.merge == Merge::Set && scalars);
            if !associative {
                return Ok(());
            }
            let mut seen = std::collections::BTreeSet::new();
            for (index, item) in items.iter().enumerate() {
                let problem = |problem| ApplyError::List {
                    path: path.to_owned(),
                    problem,
                };
                let element = identity(item, &shape.merge)
                    .map_err(|error| problem(format!("element {index}: {error}")))?;
                check_identities(item, shape.element(), &format!("{path}{element}"))?;
                let text = element.to_string();
                if !seen.insert(element) {
                    return Err(problem(format!("duplicate entries for key {text}")));
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
