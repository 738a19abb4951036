//! References to variables: `$(params.x)`, `$(params["x.y"][*])`, `$(tasks.build.results.IMAGE_URL)`.

/// A text between references, or a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Literal(&'a str),
    Reference(Reference<'a>),
}

/// A reference to a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference<'a> {
    /// The reference as written, with `$(` and `)`.
    pub(crate) text: &'a str,
    /// The parts of its path; `params["a.b"]` has the parts `params` and `a.b`.
    pub(crate) path: Vec<&'a str>,
    /// What is taken of a list.
    pub(crate) index: Option<Index>,
}

/// What a reference takes of a list or of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Index {
    /// `[*]`: all of it.
    All,
    /// `[2]`: the element of that position, counted from 0.
    At(usize),
}

/// Cuts a text into literals and references. `$(…)` that is no reference, such as a shell command, is a literal.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut literal, mut search) = (0, 0);
    while let Some(offset) = text[search..].find("$(") {
        let start = search + offset;
        let Some(length) = text[start..].find(')') else {
            break;
        };
        let end = start + length + 1;
        match parse(&text[start..end]) {
            Some(reference) => {
                if literal < start {
                    found.push(Piece::Literal(&text[literal..start]));
                }
                found.push(Piece::Reference(reference));
                (literal, search) = (end, end);
            }
            None => search = start + 2,
        }
    }
    if literal < text.len() {
        found.push(Piece::Literal(&text[literal..]));
    }
    found
}

/// The references in a text.
pub(crate) fn references(text: &str) -> impl Iterator<Item = Reference<'_>> {
    pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Reference(reference) => Some(reference),
        Piece::Literal(_) => None,
    })
}

fn parse(text: &str) -> Option<Reference<'_>> {
    let mut rest = text.strip_prefix("$(")?.strip_suffix(')')?;
    let mut path = vec![take_word(&mut rest)?];
    let mut index = None;
    while !rest.is_empty() {
        if index.is_some() {
            return None;
        }
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
            path.push(take_word(&mut rest)?);
        } else {
            let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
            rest = after;
            match inside {
                "*" => index = Some(Index::All),
                _ => match inside.parse() {
                    Ok(position) => index = Some(Index::At(position)),
                    Err(_) => path.push(unquote(inside)?),
                },
            }
        }
    }
    Some(Reference { text, path, index })
}

fn take_word<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let in_word =
        |character: char| character.is_ascii_alphanumeric() || character == '-' || character == '_';
    let end = rest
        .find(|character| !in_word(character))
        .unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    *rest = after;
    (!word.is_empty()).then_some(word)
}

fn unquote(text: &str) -> Option<&str> {
    ['"', '\'']
        .iter()
        .find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(text: &str) -> (Vec<&str>, Option<Index>) {
        let reference = references(text).next().unwrap();
        (reference.path, reference.index)
    }

    #[test]
    fn every_notation_of_a_parameter_is_read() {
        assert_eq!(path("$(params.x)"), (vec!["params", "x"], None));
        assert_eq!(path("$(params['x.y'])"), (vec!["params", "x.y"], None));
        assert_eq!(
            path("$(params[\"x\"][*])"),
            (vec!["params", "x"], Some(Index::All))
        );
        assert_eq!(
            path("$(tasks.a.results.r[1])"),
            (vec!["tasks", "a", "results", "r"], Some(Index::At(1)))
        );
        assert_eq!(
            path("$(params.object.key)"),
            (vec!["params", "object", "key"], None)
        );
    }

    #[test]
    fn shell_commands_and_unfinished_references_are_literals() {
        for text in ["$(ls -l)", "$(params.x", "$()", "a $ b", "$(params..x)"] {
            assert_eq!(pieces(text), [Piece::Literal(text)], "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_pieces_of_a_text_are_the_text(text in r"[a-z$().\[\]*'0-9 é]{0,40}") {
            let joined: String = pieces(&text)
                .into_iter()
                .map(|piece| match piece {
                    Piece::Literal(literal) => literal,
                    Piece::Reference(reference) => reference.text,
                })
                .collect();
            prop_assert_eq!(joined, text);
        }
    }
}
