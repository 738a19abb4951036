//! Patterns that select scenarios.

/// Does a pattern match a name? It matches anywhere in it, whatever the case; `*` stands for any text.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    let mut rest = name.as_str();
    pattern
        .to_lowercase()
        .split('*')
        .all(|part| match rest.find(part) {
            Some(at) => {
                rest = &rest[at + part.len()..];
                true
            }
            None => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_anywhere_and_its_parts_in_order() {
        let name = "A build pushes its image";
        for pattern in [
            "build",
            "",
            "*",
            "a build",
            "build*image",
            "*pushes*",
            "IMAGE",
        ] {
            assert!(matches(pattern, name), "{pattern}");
        }
        for pattern in ["image*build", "release", "builds", "image*image"] {
            assert!(!matches(pattern, name), "{pattern}");
        }
    }
}
