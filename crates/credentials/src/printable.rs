//! Text from elsewhere, as a terminal may show it.

use std::fmt::{self, Display, Write};

/// Shows `text` with every character escaped (`\u{1b}`) that could move the cursor, colour or hide text, or start a line of its own: control
/// characters, and those that change the direction of writing.
///
/// Everything that a file, a program or a variable says goes through here on its way into an error or a report.
pub(crate) fn printable(text: impl Display) -> Printable {
    Printable(text.to_string())
}

/// [`printable`] for a path.
pub(crate) fn printable_path(path: &std::path::Path) -> Printable {
    printable(path.display())
}

pub(crate) struct Printable(String);

impl Display for Printable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character.is_control() || changes_direction(character) {
                true => write!(formatter, "{}", character.escape_unicode())?,
                false => formatter.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// Unicode Standard Annex 9, "Directional Formatting Characters"; and the line and paragraph separators.
fn changes_direction(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_a_terminal_would_obey_is_shown_and_the_rest_stays() {
        for (text, shown) in [
            ("robot$ü 日", "robot$ü 日"),
            ("\u{1b}[2Jrobot", r"\u{1b}[2Jrobot"),
            ("a\r\nb\tc\u{9b}", r"a\u{d}\u{a}b\u{9}c\u{9b}"),
            ("a\u{202e}b", r"a\u{202e}b"),
        ] {
            assert_eq!(printable(text).to_string(), shown);
        }
    }
}
