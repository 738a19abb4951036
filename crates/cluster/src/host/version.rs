//! Versions as programs and engines print them: `v0.32.0`, `20.10.24+dfsg1`, `v1.32.4-dispatcher`.

use std::fmt;

/// The three numbers of a version. What follows them (`-rc.1`, `+dfsg1`) is a packager's business and decides nothing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    /// A known version.
    #[must_use]
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// Reads a text that is a version, `None` where it is none. Missing minor and patch numbers are zero.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let end = text
            .find(|character: char| !character.is_ascii_digit() && character != '.')
            .unwrap_or(text.len());
        let mut numbers = text[..end].trim_end_matches('.').split('.');
        let major = numbers.next()?.parse().ok()?;
        let mut next = || numbers.next().map_or(Some(0), |number| number.parse().ok());
        Some(Self::new(major, next()?, next()?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_programs_print_them() {
        assert_eq!(Version::read("0.32.0\n"), Some(Version::new(0, 32, 0)));
        assert_eq!(
            Version::read("v1.32.4-dispatcher"),
            Some(Version::new(1, 32, 4))
        );
        assert_eq!(
            Version::read("20.10.24+dfsg1"),
            Some(Version::new(20, 10, 24))
        );
        assert_eq!(Version::read("24.0"), Some(Version::new(24, 0, 0)));
        assert_eq!(Version::read("27.x"), Some(Version::new(27, 0, 0)));
    }

    #[test]
    fn other_text_is_no_version() {
        for text in ["", "v", "unknown", "dev-1.2", "1..2", "99999999999.0.0"] {
            assert_eq!(Version::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_tenth_minor_version_is_newer_than_the_ninth() {
        assert!(Version::new(0, 10, 0) > Version::new(0, 9, 9));
    }
}
