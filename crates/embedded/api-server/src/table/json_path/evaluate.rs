//! The evaluation of paths.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Bound, Operand, Operator, Step};

/// What the steps find, starting at `value`.
pub(super) fn find<'a>(steps: &[Step], value: &'a Value) -> Vec<&'a Value> {
    let mut found = vec![value];
    for step in steps {
        found = found
            .into_iter()
            .flat_map(|value| apply(step, value))
            .collect();
        if found.is_empty() {
            break;
        }
    }
    found
}

fn apply<'a>(step: &Step, value: &'a Value) -> Vec<&'a Value> {
    match step {
        Step::Field(name) => value.get(name).into_iter().collect(),
        Step::Wildcard => children(value),
        Step::Descent => {
            let mut found = vec![value];
            found.extend(children(value).into_iter().flat_map(|child| apply(step, child)));
            found
        }
        Step::Slice { from, to, step } => sliced(items(value), *from, *to, *step),
        Step::Union(alternatives) => alternatives.iter().flat_map(|steps| find(steps, value)).collect(),
        Step::Exists(path) => items(value).iter().filter(|item| !find(path, item).is_empty()).collect(),
        Step::Compare { left, operator, right } => items(value)
            .iter()
            .filter(|item| {
                let left = find(left, item);
                let right = match right {
                    Operand::Literal(literal) => vec![literal],
                    Operand::Path(path) => find(path, item),
                };
                matches!((left.as_slice(), right.as_slice()), ([left], [right]) if compares(left, *operator, right))
            })
            .collect(),
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    }
}

fn sliced(items: &[Value], from: Option<i64>, to: Bound, step: i64) -> Vec<&Value> {
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let from_start = |index: i64| {
        if index < 0 {
            index.saturating_add(length)
        } else {
            index
        }
    };
    let start = from_start(from.unwrap_or(0));
    if !(0..length).contains(&start) {
        return Vec::new();
    }
    let end = match to {
        Bound::One => start + 1,
        Bound::At(index) => from_start(index).clamp(start, length),
        Bound::End => length,
    };
    let range =
        usize::try_from(start).unwrap_or_default()..usize::try_from(end).unwrap_or_default();
    let selected = items.get(range).unwrap_or_default().iter();
    match usize::try_from(step.unsigned_abs()) {
        Ok(stride @ 1..) if step > 0 => selected.step_by(stride).collect(),
        Ok(stride @ 1..) => selected.rev().step_by(stride).collect(),
        _ => Vec::new(),
    }
}

fn compares(left: &Value, operator: Operator, right: &Value) -> bool {
    let ordering = match (left, right) {
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => match (left.as_f64(), right.as_f64()) {
            (Some(left), Some(right)) => left.total_cmp(&right),
            _ => return false,
        },
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        // Values of different types are not equal, and nothing else is true of them.
        _ => return operator == Operator::NotEqual,
    };
    match operator {
        Operator::Equal => ordering == Ordering::Equal,
        Operator::NotEqual => ordering != Ordering::Equal,
        Operator::Less => ordering == Ordering::Less,
        Operator::LessOrEqual => ordering != Ordering::Greater,
        Operator::Greater => ordering == Ordering::Greater,
        Operator::GreaterOrEqual => ordering != Ordering::Less,
    }
}
