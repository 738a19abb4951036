//! Names out of an archive, as an error may show them.

/// Longest text that is shown, in characters.
const LONGEST: usize = 200;

/// The beginning of a text, with what a terminal would obey escaped (`\u{1b}`).
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            shown.push('…');
            break;
        }
        match character.is_control() {
            true => shown.extend(character.escape_unicode()),
            false => shown.push(character),
        }
    }
    shown
}

/// [`shown`] for the bytes of a name.
pub(super) fn shown_bytes(name: &[u8]) -> String {
    // A character has at most four bytes.
    let beginning = &name[..name.len().min(4 * (LONGEST + 1))];
    shown(&String::from_utf8_lossy(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_and_what_a_terminal_would_obey_is_escaped() {
        assert_eq!(shown_bytes("dir/ä".as_bytes()), "dir/ä");
        assert_eq!(shown_bytes(b"\x1b[2J"), r"\u{1b}[2J");
        for text in ["a".repeat(201), "日".repeat(5000)] {
            let cut = shown_bytes(text.as_bytes());
            assert_eq!(cut.chars().count(), 201);
            assert!(cut.ends_with('…'));
        }
        assert_eq!(shown(&"a".repeat(200)), "a".repeat(200));
    }
}
