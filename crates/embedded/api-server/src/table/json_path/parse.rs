//! The parser of paths.

use serde_json::Value;

use super::{Bound, JsonPathError, Operand, Operator, Step};

/// Parses the steps of a path. Brackets and filters end at their first closing character, so they do not nest.
pub(super) fn parse(path: &str) -> Result<Vec<Step>, JsonPathError> {
    let mut steps = Vec::new();
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        if let Some(inside) = rest.strip_prefix("[?(") {
            let (filter, after) = split_filter(inside)?;
            steps.push(filter_step(filter)?);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("..") {
            if steps.last() == Some(&Step::Descent) {
                return Err(JsonPathError::MultipleDescent);
            }
            steps.push(Step::Descent);
            rest = after;
            if rest.starts_with(|character: char| character.is_alphanumeric() || character == '_') {
                rest = field(rest, &mut steps);
            }
        } else if let Some(inside) = rest.strip_prefix('[') {
            let end = inside
                .find([']', '\n'])
                .filter(|end| inside[*end..].starts_with(']'));
            let end = end.ok_or(JsonPathError::Unterminated("array"))?;
            brackets(&inside[..end], &mut steps)?;
            rest = &inside[end + 1..];
        } else if let Some(after) = rest.strip_prefix('.') {
            rest = field(after, &mut steps);
        } else if matches!(first, ' ' | '@' | '$') {
            rest = &rest[1..];
        } else {
            return Err(JsonPathError::Character(first));
        }
    }
    Ok(steps)
}

/// Takes a name up to the next unescaped terminator; an empty one means the value itself.
fn field<'a>(text: &'a str, steps: &mut Vec<Step>) -> &'a str {
    let mut name = String::new();
    let mut characters = text.char_indices();
    let mut end = text.len();
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => name.extend(characters.next().map(|(_, escaped)| escaped)),
            ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}' => {
                end = index;
                break;
            }
            _ => name.push(character),
        }
    }
    match name.as_str() {
        "" => {}
        "*" => steps.push(Step::Wildcard),
        _ => steps.push(Step::Field(name)),
    }
    &text[end..]
}

fn brackets(text: &str, steps: &mut Vec<Step>) -> Result<(), JsonPathError> {
    if text.contains(',') {
        let alternatives = text
            .split(',')
            .map(|part| parse(&format!("[{}]", part.trim_matches(' '))));
        steps.push(Step::Union(alternatives.collect::<Result<_, _>>()?));
        return Ok(());
    }
    let name = text
        .strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''))
        .filter(|name| !name.contains('\''));
    if let Some(name) = name {
        steps.extend(parse(&format!(".{name}"))?);
        return Ok(());
    }
    steps.push(slice(text)?);
    Ok(())
}

fn slice(text: &str) -> Result<Step, JsonPathError> {
    let text = if text == "*" { ":" } else { text };
    let number = |part: &str| match part {
        "" => Ok(None),
        part => part
            .parse::<i64>()
            .map(Some)
            .map_err(|_| JsonPathError::Index(text.to_owned())),
    };
    let parts: Vec<&str> = text.split(':').collect();
    let (from, to, step) = match parts.as_slice() {
        [index] if !index.is_empty() => (number(index)?, Bound::One, None),
        [from, to] => (
            number(from)?,
            number(to)?.map_or(Bound::End, Bound::At),
            None,
        ),
        [from, to, step] => (
            number(from)?,
            number(to)?.map_or(Bound::End, Bound::At),
            number(step)?,
        ),
        _ => return Err(JsonPathError::Index(text.to_owned())),
    };
    match step {
        Some(0) => Err(JsonPathError::Step),
        step => Ok(Step::Slice {
            from,
            to,
            step: step.unwrap_or(1),
        }),
    }
}

/// Splits `…)]rest` at the end of the filter, which may contain one quoted text.
fn split_filter(text: &str) -> Result<(&str, &str), JsonPathError> {
    let mut quote = None;
    let mut previous = ' ';
    for (index, character) in text.char_indices() {
        match (character, quote) {
            ('\n', _) => break,
            ('"' | '\'', None) => quote = Some(character),
            (_, Some(open)) if character == open && previous != '\\' => quote = None,
            (')', None) => {
                let after = text[index + 1..]
                    .strip_prefix(']')
                    .ok_or(JsonPathError::Unterminated("filter"))?;
                return Ok((&text[..index], after));
            }
            _ => {}
        }
        previous = character;
    }
    Err(JsonPathError::Unterminated("filter"))
}

fn filter_step(filter: &str) -> Result<Step, JsonPathError> {
    let Some(start) = filter.find(['!', '<', '>', '=']) else {
        return Ok(Step::Exists(parse(filter)?));
    };
    let (left, rest) = filter.split_at(start);
    let right = rest.trim_start_matches(['!', '<', '>', '=', '~']);
    let operator = match &rest[..rest.len() - right.len()] {
        "==" => Operator::Equal,
        "!=" => Operator::NotEqual,
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        _ => return Err(JsonPathError::Filter(filter.to_owned())),
    };
    Ok(Step::Compare {
        left: parse(left)?,
        operator,
        right: operand(right.trim(), filter)?,
    })
}

fn operand(text: &str, filter: &str) -> Result<Operand, JsonPathError> {
    let refused = || JsonPathError::Filter(filter.to_owned());
    if text.starts_with(['@', '.', '[', '$']) {
        return Ok(Operand::Path(parse(text)?));
    }
    if let Some(quote) = text
        .chars()
        .next()
        .filter(|character| matches!(character, '"' | '\''))
    {
        let inside = text[1..].strip_suffix(quote).ok_or_else(refused)?;
        return unquote(inside)
            .map(|text| Operand::Literal(Value::String(text)))
            .ok_or_else(refused);
    }
    match text {
        "true" | "false" => Ok(Operand::Literal(Value::Bool(text == "true"))),
        number => {
            let number: serde_json::Number = number.parse().map_err(|_| refused())?;
            Ok(Operand::Literal(Value::Number(number)))
        }
    }
}

fn unquote(text: &str) -> Option<String> {
    let mut unquoted = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        unquoted.push(match character {
            '\\' => match characters.next()? {
                'n' => '\n',
                't' => '\t',
                literal @ ('\\' | '\'' | '"') => literal,
                _ => return None,
            },
            other => other,
        });
    }
    Some(unquoted)
}
