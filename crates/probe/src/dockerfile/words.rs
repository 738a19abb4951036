//! Words, quotes and variables, as Docker's shell lexer reads them.

use super::Problem;

/// `NAME=VALUE NAME2=VALUE2` or the old form `NAME the whole rest`.
pub(super) fn assignments(text: &str, escape: char) -> Result<Vec<(String, String)>, Problem> {
    let words = split(text, escape)?;
    let first = words.first().map(String::as_str).unwrap_or_default();
    if !first.contains('=') {
        return match text.trim().split_once(char::is_whitespace) {
            Some((name, value)) => Ok(vec![(name.to_owned(), value.trim().to_owned())]),
            None => Err(Problem::NotAssignment(text.to_owned())),
        };
    }
    words
        .iter()
        .map(|word| match word.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            _ => Err(Problem::NotAssignment(word.clone())),
        })
        .collect()
}

/// Cuts at white space outside of quotes. Quotes and escapes stay in the words.
fn split(text: &str, escape: char) -> Result<Vec<String>, Problem> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, space) if space.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None | Some('"'), _) if character == escape => {
                word.push(character);
                word.extend(characters.next());
                continue;
            }
            _ => {}
        }
        word.push(character);
    }
    if let Some(open) = quote {
        return Err(unclosed(open, text));
    }
    if !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}

/// Takes quotes and escapes away and replaces `$NAME` and `${NAME}`.
pub(crate) fn expand<'a>(
    word: &str,
    escape: char,
    variable: impl Fn(&str) -> Option<&'a str>,
) -> Result<String, Problem> {
    let mut result = String::new();
    let mut quote = None;
    let mut characters = word.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('\''), _) => result.push(character),
            (None, '"' | '\'') => quote = Some(character),
            (None, _) if character == escape => result.extend(characters.next()),
            (Some(_), _) if character == escape => match characters.peek() {
                Some(next) if ['"', '$', escape].contains(next) => result.extend(characters.next()),
                _ => result.push(character),
            },
            (_, '$') => {
                let name = variable_name(&mut characters, word)?;
                match name.as_str() {
                    "" => result.push('$'),
                    name => result.push_str(
                        variable(name).ok_or_else(|| Problem::UnknownVariable(name.to_owned()))?,
                    ),
                }
            }
            _ => result.push(character),
        }
    }
    match quote {
        Some(open) => Err(unclosed(open, word)),
        None => Ok(result),
    }
}

/// The name after a `$`; empty when none follows.
fn variable_name(
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    word: &str,
) -> Result<String, Problem> {
    let is_name = |character: &char| character.is_ascii_alphanumeric() || *character == '_';
    if characters.next_if_eq(&'{').is_none() {
        let mut name = String::new();
        while let Some(character) = characters.next_if(is_name) {
            name.push(character);
        }
        return Ok(name);
    }
    let name: String = characters
        .by_ref()
        .take_while(|character| *character != '}')
        .collect();
    match !name.is_empty() && name.chars().all(|character| is_name(&character)) {
        true => Ok(name),
        false => Err(Problem::Feature(format!(
            "`${{{name}}}` in `{word}` (only ${{NAME}} is known)"
        ))),
    }
}

fn unclosed(quote: char, text: &str) -> Problem {
    let name = if quote == '"' { "double" } else { "single" };
    Problem::Quote(name, text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(word: &str) -> Result<String, String> {
        let variable = |name: &str| (name == "A").then_some("one");
        expand(word, '\\', variable).map_err(|problem| problem.to_string())
    }

    fn pairs(text: &str) -> Vec<(String, String)> {
        assignments(text, '\\').unwrap()
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn assignments_have_two_forms() {
        assert_eq!(
            pairs(r#"A=1 B="x y" C=a\ b D='='"#),
            owned(&[("A", "1"), ("B", "\"x y\""), ("C", "a\\ b"), ("D", "'='")])
        );
        assert_eq!(
            pairs("A some  value = x"),
            owned(&[("A", "some  value = x")])
        );
        assert!(matches!(
            assignments("A", '\\'),
            Err(Problem::NotAssignment(_))
        ));
        assert!(
            matches!(assignments("A=1 B", '\\'), Err(Problem::NotAssignment(word)) if word == "B")
        );
        assert!(matches!(
            assignments("A=1 =2", '\\'),
            Err(Problem::NotAssignment(_))
        ));
        assert!(matches!(
            assignments("A=\"1", '\\'),
            Err(Problem::Quote("double", _))
        ));
    }

    #[test]
    fn quotes_and_escapes_do_what_a_shell_does() {
        assert_eq!(expanded(r#""x y"z"#).as_deref(), Ok("x yz"));
        assert_eq!(expanded(r#"'$A\'"#).as_deref(), Ok(r"$A\"));
        assert_eq!(expanded(r#""a\"b\$A\n""#).as_deref(), Ok(r#"a"b$A\n"#));
        assert_eq!(expanded(r"a\ b\$A").as_deref(), Ok("a b$A"));
    }

    #[test]
    fn variables_are_replaced_or_refused() {
        assert_eq!(expanded("x${A}y$A-$").as_deref(), Ok("xoneyone-$"));
        assert_eq!(expanded("\"$A\"").as_deref(), Ok("one"));
        assert!(expanded("$B").unwrap_err().contains("`$B` is not set"));
        assert!(expanded("${A:-x}").unwrap_err().contains("${A:-x}"));
    }
}
