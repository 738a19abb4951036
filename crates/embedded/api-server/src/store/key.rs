//! Keys: `<group>/<plural>` NUL `<namespace>` NUL `<name>`.
//!
//! NUL sorts below every character that a name may contain, so the objects of one namespace, and the namespaces of one
//! resource, lie next to each other in name order, which is the order Kubernetes lists in.

const SEPARATOR: char = '\0';

/// The address of one object in the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key(String);

impl Key {
    /// The key of an object; `namespace` is empty for cluster-scoped ones.
    pub(crate) fn new(group: &str, plural: &str, namespace: &str, name: &str) -> Self {
        Self(format!(
            "{group}/{plural}{SEPARATOR}{namespace}{SEPARATOR}{name}"
        ))
    }

    /// A key as it was read from the database.
    pub(crate) fn from_stored(key: &str) -> Self {
        Self(key.to_owned())
    }

    /// The text that is stored.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// API group, plural resource name, namespace and name.
    pub(crate) fn parts(&self) -> KeyParts<'_> {
        let mut parts = self.0.splitn(3, SEPARATOR);
        let resource = parts.next().unwrap_or_default();
        let (group, plural) = resource.split_once('/').unwrap_or(("", resource));
        KeyParts {
            group,
            plural,
            namespace: parts.next().unwrap_or_default(),
            name: parts.next().unwrap_or_default(),
        }
    }
}

/// A key taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyParts<'a> {
    pub(crate) group: &'a str,
    pub(crate) plural: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
}

/// A contiguous part of the key space: all objects of a resource, or those of one namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    prefix: String,
}

impl Range {
    /// Every object of a resource, in all namespaces.
    pub(crate) fn resource(group: &str, plural: &str) -> Self {
        Self {
            prefix: format!("{group}/{plural}{SEPARATOR}"),
        }
    }

    /// The objects of a resource in one namespace.
    pub(crate) fn namespace(group: &str, plural: &str, namespace: &str) -> Self {
        Self {
            prefix: format!("{group}/{plural}{SEPARATOR}{namespace}{SEPARATOR}"),
        }
    }

    /// Whether an object lies in the range.
    pub(crate) fn contains(&self, key: &Key) -> bool {
        key.0.starts_with(&self.prefix)
    }

    /// First key that can be in the range.
    pub(crate) fn start(&self) -> &str {
        &self.prefix
    }

    /// First key behind the range: the prefix with its final NUL raised by one.
    pub(crate) fn end(&self) -> String {
        let mut end = self.prefix.clone();
        end.pop();
        end.push('\u{1}');
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_range_does_not_reach_into_a_namespace_with_a_longer_name() {
        let range = Range::namespace("", "secrets", "user");
        assert!(range.contains(&Key::new("", "secrets", "user", "a")));
        assert!(!range.contains(&Key::new("", "secrets", "user-2", "a")));
        assert!(Key::new("", "secrets", "user", "zzz").as_str() < range.end().as_str());
        assert!(Key::new("", "secrets", "user-2", "a").as_str() >= range.end().as_str());
    }

    #[test]
    fn a_key_comes_apart_into_what_it_was_made_of() {
        let key = Key::new("tekton.dev", "pipelineruns", "ns", "run");
        let parts = key.parts();
        assert_eq!(
            (parts.group, parts.plural, parts.namespace, parts.name),
            ("tekton.dev", "pipelineruns", "ns", "run")
        );
    }
}
