//! Text from elsewhere, as a terminal may show it.

/// `text` with every character escaped (`\u{1b}`) that could move the cursor, colour or hide text, or start a line of its own: control
/// characters, and those that change the direction of writing (Unicode Standard Annex 9).
///
/// What a registry, a certificate or a docker config says goes through here on its way into an error or a report.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        let changes_direction = matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        );
        match character.is_control() || changes_direction {
            true => shown.extend(character.escape_unicode()),
            false => shown.push(character),
        }
    }
    shown
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
            assert_eq!(printable(text), shown);
        }
    }
}
