//! `deploy-local.env`: parsed as a shell would read plain assignments, never executed.
//!
//! Accepted: `NAME=value`, an optional `export`, comments, single quotes (literal, over several lines) and double
//! quotes (over several lines; `\"`, `\\`, `\$` and `` \` `` escape). What only a shell could evaluate is refused.

use std::iter::Peekable;
use std::str::Chars;

/// One assignment, with the line on which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) value: String,
}

/// A line that is no plain assignment. The message never repeats a value: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct EnvFileError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there and what to write instead.
    pub problem: String,
}

/// Parses the text of an env file.
pub(super) fn parse(text: &str) -> Result<Vec<Assignment>, EnvFileError> {
    let mut reader = Reader {
        characters: text.chars().peekable(),
        line: 1,
    };
    let mut assignments = Vec::new();
    while let Some(assignment) = reader.assignment()? {
        assignments.push(assignment);
    }
    Ok(assignments)
}

struct Reader<'text> {
    characters: Peekable<Chars<'text>>,
    line: usize,
}

impl Reader<'_> {
    fn assignment(&mut self) -> Result<Option<Assignment>, EnvFileError> {
        self.skip_blank_lines_and_comments();
        if self.characters.peek().is_none() {
            return Ok(None);
        }
        let line = self.line;
        let mut name = self.name();
        if name == "export"
            && self
                .characters
                .peek()
                .is_some_and(|&character| character == ' ' || character == '\t')
        {
            self.skip_spaces();
            name = self.name();
        }
        if name.is_empty()
            || name.starts_with(|first: char| first.is_ascii_digit())
            || self.next() != Some('=')
        {
            return Err(EnvFileError {
                line,
                problem: "expected NAME=value, without spaces around `=`".to_owned(),
            });
        }
        let value = self.value()?;
        Ok(Some(Assignment { line, name, value }))
    }

    fn skip_blank_lines_and_comments(&mut self) {
        while let Some(&character) = self.characters.peek() {
            match character {
                '#' => {
                    while self.characters.peek().is_some_and(|&other| other != '\n') {
                        self.next();
                    }
                }
                ' ' | '\t' | '\r' | '\n' => {
                    self.next();
                }
                _ => return,
            }
        }
    }

    fn skip_spaces(&mut self) {
        while self
            .characters
            .next_if(|&character| character == ' ' || character == '\t')
            .is_some()
        {}
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(character) = self
            .characters
            .next_if(|&other| other.is_ascii_alphanumeric() || other == '_')
        {
            name.push(character);
        }
        name
    }

    fn value(&mut self) -> Result<String, EnvFileError> {
        let mut value = String::new();
        while let Some(&character) = self.characters.peek() {
            match character {
                '\n' => break,
                ' ' | '\t' | '\r' => return self.end_of_value(value),
                '\'' => self.single_quoted(&mut value)?,
                '"' => self.double_quoted(&mut value)?,
                '\\' => {
                    self.next();
                    value.push(
                        self.next()
                            .ok_or_else(|| self.problem("a backslash ends the file"))?,
                    );
                }
                '$' | '`' => return Err(self.evaluated(character)),
                ';' | '&' | '|' | '<' | '>' | '(' | ')' => {
                    return Err(self.problem(&format!(
                        "`{character}` belongs to a shell; put the value in single quotes"
                    )));
                }
                _ => value.extend(self.next()),
            }
        }
        Ok(value)
    }

    /// After a space only a comment may follow: `NAME=a b` would run a command in a shell.
    fn end_of_value(&mut self, value: String) -> Result<String, EnvFileError> {
        while self
            .characters
            .next_if(|&character| matches!(character, ' ' | '\t' | '\r'))
            .is_some()
        {}
        match self.characters.peek() {
            None | Some('\n' | '#') => Ok(value),
            Some(_) => {
                Err(self
                    .problem("text follows the value; put a value that contains spaces in quotes"))
            }
        }
    }

    fn single_quoted(&mut self, value: &mut String) -> Result<(), EnvFileError> {
        let opened = self.line;
        self.next();
        loop {
            match self.next() {
                Some('\'') => return Ok(()),
                Some(character) => value.push(character),
                None => {
                    return Err(EnvFileError {
                        line: opened,
                        problem: "a single quote is opened here and never closed".to_owned(),
                    });
                }
            }
        }
    }

    fn double_quoted(&mut self, value: &mut String) -> Result<(), EnvFileError> {
        let opened = self.line;
        self.next();
        loop {
            match self.next() {
                Some('"') => return Ok(()),
                Some('\\') => match self.next() {
                    Some(escaped @ ('"' | '\\' | '$' | '`')) => value.push(escaped),
                    Some('\n') => {}
                    Some(other) => value.extend(['\\', other]),
                    None => {}
                },
                Some(character @ ('$' | '`')) => return Err(self.evaluated(character)),
                Some(character) => value.push(character),
                None => {
                    return Err(EnvFileError {
                        line: opened,
                        problem: "a double quote is opened here and never closed".to_owned(),
                    });
                }
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let character = self.characters.next();
        if character == Some('\n') {
            self.line += 1;
        }
        character
    }

    fn evaluated(&self, character: char) -> EnvFileError {
        self.problem(&format!("`{character}` asks for evaluation and this file is never executed; write the value itself, in single quotes"))
    }

    fn problem(&self, problem: &str) -> EnvFileError {
        EnvFileError {
            line: self.line,
            problem: problem.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(text: &str) -> Vec<(String, String)> {
        parse(text)
            .unwrap()
            .into_iter()
            .map(|assignment| (assignment.name, assignment.value))
            .collect()
    }

    fn problem(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn plain_assignments_comments_and_export_are_read() {
        let text = "# comment\n\nexport A=1 # one\nB=\nC='x y'\"z\"\r\n";
        let expected = [("A", "1"), ("B", ""), ("C", "x yz")];
        assert_eq!(
            values(text),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn a_quoted_pem_keeps_its_lines() {
        let text = "KEY=\"-----BEGIN-----\nabc\n-----END-----\"\nB=2";
        let assignments = parse(text).unwrap();
        assert_eq!(assignments[0].value, "-----BEGIN-----\nabc\n-----END-----");
        assert_eq!(assignments[1].line, 4);
    }

    #[test]
    fn what_only_a_shell_could_evaluate_is_refused_with_its_line() {
        assert!(problem("A=1\nB=$HOME").starts_with("line 2: `$` asks for evaluation"));
        assert!(problem("A=`id`").contains("never executed"));
        assert!(problem("A=\"$(id)\"").contains("never executed"));
        assert!(problem("A=1; rm").contains("belongs to a shell"));
        assert!(problem("A=1 rm").contains("text follows the value"));
    }

    #[test]
    fn damaged_lines_name_the_line_and_never_the_value() {
        assert!(problem("A = 1").contains("expected NAME=value"));
        assert!(problem("just words").contains("expected NAME=value"));
        let message = problem("A=1\nTOKEN='s3cret");
        assert_eq!(
            message,
            "line 2: a single quote is opened here and never closed"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = parse(&text);
        }

        #[test]
        fn every_value_survives_single_quotes(value in "[^']*") {
            let text = format!("NAME='{value}'\n");
            prop_assert_eq!(&parse(&text).unwrap()[0].value, &value);
        }
    }
}
