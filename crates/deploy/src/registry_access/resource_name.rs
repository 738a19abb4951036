//! Names of Kubernetes objects, parsed before they become part of a request.

use std::fmt;
use std::str::FromStr;

/// The longest name of a namespace (RFC 1123 label).
const LONGEST_LABEL: usize = 63;
/// The longest name of any other object (RFC 1123 subdomain).
const LONGEST_NAME: usize = 253;

/// The name of a namespaced object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceName(String);

/// The name of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamespaceName(String);

/// A name that no such object can have.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{name}` cannot name {kind}: use 1 to {longest} characters of a-z, 0-9{dot} and '-', beginning and ending with a letter or digit"
)]
pub struct InvalidResourceName {
    name: String,
    kind: &'static str,
    longest: usize,
    dot: &'static str,
}

impl FromStr for ResourceName {
    type Err = InvalidResourceName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.len() <= LONGEST_NAME && text.split('.').all(is_label) {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidResourceName {
                name: text.to_owned(),
                kind: "a Kubernetes object",
                longest: LONGEST_NAME,
                dot: ", '.'",
            }),
        }
    }
}

impl FromStr for NamespaceName {
    type Err = InvalidResourceName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.len() <= LONGEST_LABEL && is_label(text) {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidResourceName {
                name: text.to_owned(),
                kind: "a namespace",
                longest: LONGEST_LABEL,
                dot: "",
            }),
        }
    }
}

fn is_label(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().all(|byte| is_word(byte) || byte == b'-')
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().next_back().is_some_and(is_word)
}

macro_rules! text {
    ($name:ident) => {
        impl $name {
            /// The name itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }
    };
}

text!(ResourceName);
text!(NamespaceName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_their_place_in_a_request_are_refused() {
        for text in [
            "",
            "..",
            "../secrets",
            "a/b",
            "A",
            "-a",
            "a-",
            "a b",
            "a\n",
            "ä",
        ] {
            assert!(text.parse::<ResourceName>().is_err(), "{text:?}");
            assert!(text.parse::<NamespaceName>().is_err(), "{text:?}");
        }
        assert!("a.b-1".parse::<ResourceName>().is_ok());
        assert!("user-ns1".parse::<NamespaceName>().is_ok());
    }

    #[test]
    fn a_namespace_has_a_shorter_limit_and_no_dots() {
        let long = "a".repeat(LONGEST_LABEL + 1);
        assert!(long.parse::<ResourceName>().is_ok());
        let error = long.parse::<NamespaceName>().unwrap_err().to_string();
        assert!(
            error.contains("cannot name a namespace: use 1 to 63"),
            "{error}"
        );
        assert!("a.b".parse::<NamespaceName>().is_err());
    }
}
