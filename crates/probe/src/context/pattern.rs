//! Wildcards of COPY: Go's `filepath.Match`.

use super::ContextError;

/// `*` and `?` match within a name, `[a-z]` and `[^a-z]` one character, `\` takes the meaning of the next character away.
#[derive(Debug)]
pub(super) struct Pattern(Vec<Token>);

#[derive(Debug)]
enum Token {
    Literal(char),
    AnyCharacter,
    AnyCharacters,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// Whether `text` is more than a plain path.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '\\'])
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, ContextError> {
        let wrong = |detail| ContextError::Pattern {
            pattern: text.to_owned(),
            detail,
        };
        let mut tokens = Vec::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            tokens.push(match character {
                '*' => Token::AnyCharacters,
                '?' => Token::AnyCharacter,
                '\\' => Token::Literal(
                    characters
                        .next()
                        .ok_or_else(|| wrong("it ends with a backslash"))?,
                ),
                '[' => {
                    let negated = characters.next_if_eq(&'^').is_some();
                    let mut ranges = Vec::new();
                    loop {
                        let low = match characters.next() {
                            Some(']') if !ranges.is_empty() => break,
                            Some(']' | '-') => {
                                return Err(wrong("`]` and `-` in a class need a backslash"));
                            }
                            Some('\\') => characters.next(),
                            other => other,
                        };
                        let low = low.ok_or_else(|| wrong("a `[` is not closed"))?;
                        let high = match characters.next_if_eq(&'-') {
                            None => low,
                            Some(_) => match characters.next() {
                                Some('\\') => characters.next(),
                                Some(']' | '-') => None,
                                other => other,
                            }
                            .ok_or_else(|| wrong("a range has no end"))?,
                        };
                        ranges.push((low, high));
                    }
                    Token::Class { negated, ranges }
                }
                other => Token::Literal(other),
            });
        }
        Ok(Self(tokens))
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        let path: Vec<char> = path.chars().collect();
        matches(&self.0, &path)
    }
}

fn matches(tokens: &[Token], path: &[char]) -> bool {
    let Some((token, tokens)) = tokens.split_first() else {
        return path.is_empty();
    };
    if let Token::AnyCharacters = token {
        let within_name = path
            .iter()
            .take_while(|character| **character != '/')
            .count();
        return (0..=within_name).any(|count| matches(tokens, &path[count..]));
    }
    let Some((character, path)) = path.split_first() else {
        return false;
    };
    let fits = match token {
        Token::Literal(literal) => literal == character,
        Token::AnyCharacter => *character != '/',
        Token::Class { negated, ranges } => {
            let inside = ranges
                .iter()
                .any(|(low, high)| (low..=high).contains(&character));
            *character != '/' && inside != *negated
        }
        Token::AnyCharacters => false,
    };
    fits && matches(tokens, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases of Go's `path/filepath/match_test.go`, in our own selection.
    #[test]
    fn patterns_match_as_in_go() {
        for (pattern, path, expected) in [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "a", true),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("ab[c]", "abc", true),
            ("ab[b-d]", "abc", true),
            ("ab[e-g]", "abc", false),
            ("ab[^c]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("a?b", "a☺b", true),
            ("a???b", "a☺b", false),
            ("a?b", "a/b", false),
            ("[\\]a]", "]", true),
            ("[\\-x]", "-", true),
            ("[^a-z]x", "/x", false),
            ("*x", "xxx", true),
        ] {
            assert_eq!(
                Pattern::parse(pattern).unwrap().matches(path),
                expected,
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn malformed_patterns_are_refused() {
        for pattern in [
            "[]a]", "[-]", "[x-]", "[-x]", "[", "[^", "[a", "[a-", "a\\", "[a\\",
        ] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
