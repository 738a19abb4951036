//! The grammar of label selectors: a lexer and a recursive-descent parser, token by token those of
//! `k8s.io/apimachinery/pkg/labels/selector.go`, so that the same strings are accepted and refused.

use std::collections::BTreeSet;

use super::SelectorError;
use super::label::{Condition, Requirement};
use super::syntax::{label_key_problems, label_value_problems};

/// Parses a whole selector into its requirements, in the order written.
pub(super) fn parse(selector: &str) -> Result<Vec<Requirement>, SelectorError> {
    let mut parser = Parser {
        tokens: tokens(selector),
        position: 0,
    };
    let mut requirements = Vec::new();
    loop {
        match parser.peek() {
            Token::End => return Ok(requirements),
            token if token.is_word() || token == Token::Not => {
                requirements.push(parser.requirement().map_err(SelectorError::Requirement)?);
            }
            token => {
                let found = token.literal();
                return Err(SelectorError::Syntax(format!(
                    "found '{found}', expected: !, identifier, or 'end of string'"
                )));
            }
        }
        match parser.next() {
            Token::End => return Ok(requirements),
            Token::Comma => {
                let token = parser.peek();
                if !token.is_word() && token != Token::Not {
                    let found = token.literal();
                    return Err(SelectorError::Syntax(format!(
                        "found '{found}', expected: identifier after ','"
                    )));
                }
            }
            token => {
                let found = token.literal();
                return Err(SelectorError::Syntax(format!(
                    "found '{found}', expected: ',' or 'end of string'"
                )));
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// A key, a value, or one of the words `in` and `notin`, which may be either.
    Word(&'a str),
    Not,
    Open,
    Close,
    Comma,
    Equals,
    DoubleEquals,
    NotEquals,
    GreaterThan,
    LessThan,
    End,
}

impl<'a> Token<'a> {
    fn is_word(self) -> bool {
        matches!(self, Token::Word(_))
    }

    fn literal(self) -> &'a str {
        match self {
            Token::Word(word) => word,
            Token::Not => "!",
            Token::Open => "(",
            Token::Close => ")",
            Token::Comma => ",",
            Token::Equals => "=",
            Token::DoubleEquals => "==",
            Token::NotEquals => "!=",
            Token::GreaterThan => ">",
            Token::LessThan => "<",
            Token::End => "",
        }
    }
}

const SYMBOLS: [(&str, Token<'static>); 9] = [
    ("==", Token::DoubleEquals),
    ("!=", Token::NotEquals),
    ("=", Token::Equals),
    ("!", Token::Not),
    ("(", Token::Open),
    (")", Token::Close),
    (",", Token::Comma),
    (">", Token::GreaterThan),
    ("<", Token::LessThan),
];

fn tokens(selector: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = selector.trim_start_matches(is_space);
    while !rest.is_empty() {
        let length = match SYMBOLS.iter().find(|(symbol, _)| rest.starts_with(symbol)) {
            Some((symbol, token)) => {
                tokens.push(*token);
                symbol.len()
            }
            None => {
                let end =
                    rest.find(|character| is_space(character) || "=!(),><".contains(character));
                let (word, _) = rest.split_at(end.unwrap_or(rest.len()));
                tokens.push(Token::Word(word));
                word.len()
            }
        };
        rest = rest[length..].trim_start_matches(is_space);
    }
    tokens
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    position: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Token<'a> {
        self.tokens
            .get(self.position)
            .copied()
            .unwrap_or(Token::End)
    }

    fn next(&mut self) -> Token<'a> {
        let token = self.peek();
        self.position += 1;
        token
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let negated = self.peek() == Token::Not;
        if negated {
            self.next();
        }
        let token = self.next();
        let Token::Word(key) = token else {
            return Err(format!("found '{}', expected: identifier", token.literal()));
        };
        let problems = label_key_problems(key);
        if !problems.is_empty() {
            return Err(format!(
                "<nil>: Invalid value: {key:?}: {}",
                problems.join("; ")
            ));
        }
        let condition = match self.peek() {
            _ if negated => Condition::DoesNotExist,
            Token::End | Token::Comma => Condition::Exists,
            _ => self.comparison(key)?,
        };
        Ok(Requirement {
            key: key.to_owned(),
            condition,
        })
    }

    /// The operator and its values.
    fn comparison(&mut self, key: &str) -> Result<Condition, String> {
        match self.next() {
            Token::Equals | Token::DoubleEquals => Ok(Condition::In(vec![self.exact_value(key)?])),
            Token::NotEquals => Ok(Condition::NotIn(vec![self.exact_value(key)?])),
            Token::GreaterThan => Ok(Condition::GreaterThan(self.integer(key)?)),
            Token::LessThan => Ok(Condition::LessThan(self.integer(key)?)),
            Token::Word("in") => Ok(Condition::In(self.values(key)?)),
            Token::Word("notin") => Ok(Condition::NotIn(self.values(key)?)),
            token => {
                let found = token.literal();
                Err(format!(
                    "found '{found}', expected: in, notin, =, ==, !=, gt, lt"
                ))
            }
        }
    }

    fn exact_value(&mut self, key: &str) -> Result<String, String> {
        if matches!(self.peek(), Token::End | Token::Comma) {
            return Ok(String::new());
        }
        match self.next() {
            Token::Word(value) => checked(key, value, 0),
            token => Err(format!("found '{}', expected: identifier", token.literal())),
        }
    }

    fn integer(&mut self, key: &str) -> Result<i64, String> {
        let value = self.exact_value(key)?;
        value.parse().map_err(|_| {
            format!("values[0]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value must be an integer")
        })
    }

    /// `(a,b)`, where an empty place is the empty value.
    fn values(&mut self, key: &str) -> Result<Vec<String>, String> {
        let token = self.next();
        if token != Token::Open {
            return Err(format!("found '{}' expected: '('", token.literal()));
        }
        let mut values = BTreeSet::new();
        let mut place_is_empty = true;
        loop {
            match self.next() {
                Token::Word(word) if place_is_empty => {
                    values.insert(word);
                    place_is_empty = false;
                }
                token @ (Token::Comma | Token::Close) => {
                    if place_is_empty {
                        values.insert("");
                    }
                    place_is_empty = true;
                    if token == Token::Close {
                        break;
                    }
                }
                token if place_is_empty => {
                    return Err(format!(
                        "found '{}', expected: ',', or identifier",
                        token.literal()
                    ));
                }
                token => return Err(format!("found '{}', expected: ',' or ')'", token.literal())),
            }
        }
        values
            .into_iter()
            .enumerate()
            .map(|(index, value)| checked(key, value, index))
            .collect()
    }
}

fn checked(key: &str, value: &str, index: usize) -> Result<String, String> {
    let problems = label_value_problems(value);
    if problems.is_empty() {
        return Ok(value.to_owned());
    }
    Err(format!(
        "values[{index}][{key}]: Invalid value: {value:?}: {}",
        problems.join("; ")
    ))
}
