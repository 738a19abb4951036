//! Paths within the image.

/// `path` as an absolute path, relative ones below `directory`; without `.`, `..` and double slashes.
pub(super) fn absolute(directory: &str, path: &str) -> String {
    let joined = match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("{directory}/{path}"),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Whether a destination says that it is a directory.
pub(super) fn is_directory(path: &str) -> bool {
    path.ends_with('/')
        || matches!(path, "." | "..")
        || path.ends_with("/.")
        || path.ends_with("/..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_absolute_and_cannot_leave_the_root() {
        for (directory, path, expected) in [
            ("", "a", "/a"),
            ("/w", "a/", "/w/a"),
            ("/w", "/a//b/.", "/a/b"),
            ("/w", "../../..", "/"),
            ("/w", ".", "/w"),
            ("", "/", "/"),
        ] {
            assert_eq!(absolute(directory, path), expected);
        }
    }

    #[test]
    fn directories_are_recognised_by_their_end() {
        for (path, expected) in [
            ("a/", true),
            (".", true),
            ("a/.", true),
            ("/", true),
            ("a", false),
            ("a.", false),
        ] {
            assert_eq!(is_directory(path), expected, "{path}");
        }
    }
}
