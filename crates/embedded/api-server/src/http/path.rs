//! What a path addresses.

/// A parsed request path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// `/api`: versions of the core group.
    CoreVersions,
    /// `/apis`: all groups.
    Groups,
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/v1` or `/apis/GROUP/VERSION`.
    GroupVersion { group: String, version: String },
    /// Objects.
    Objects(ObjectPath),
    /// Anything else, with its segments.
    Other(Vec<String>),
}

/// The path of a resource, of one object of it, or of a subresource of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectPath {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    /// The namespace of the path; for `namespaces` themselves none.
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

impl Target {
    /// Parses a percent-encoded path.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let segments: Vec<String> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(decode)
            .collect::<Option<_>>()?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        Some(match segments.as_slice() {
            ["api"] => Self::CoreVersions,
            ["apis"] => Self::Groups,
            ["apis", group] => Self::Group((*group).to_owned()),
            ["api", version] => Self::GroupVersion {
                group: String::new(),
                version: (*version).to_owned(),
            },
            ["apis", group, version] => Self::GroupVersion {
                group: (*group).to_owned(),
                version: (*version).to_owned(),
            },
            ["api", version, rest @ ..] => {
                objects("", version, rest).map_or_else(|| other(&segments), Self::Objects)
            }
            ["apis", group, version, rest @ ..] => {
                objects(group, version, rest).map_or_else(|| other(&segments), Self::Objects)
            }
            _ => other(&segments),
        })
    }
}

fn other(segments: &[&str]) -> Target {
    Target::Other(segments.iter().map(ToString::to_string).collect())
}

fn objects(group: &str, version: &str, rest: &[&str]) -> Option<ObjectPath> {
    let (namespace, rest) = match rest {
        // `namespaces/NAME/status` and `/finalize` are subresources of the namespace, not resources in it.
        ["namespaces", _, "status" | "finalize"] => (None, rest),
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => {
            (Some((*namespace).to_owned()), rest)
        }
        _ => (None, rest),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (plural, None, None),
        [plural, name] => (plural, Some(*name), None),
        [plural, name, subresource @ ..] => (plural, Some(*name), Some(subresource.join("/"))),
        [] => return None,
    };
    Some(ObjectPath {
        group: group.to_owned(),
        version: version.to_owned(),
        plural: (*plural).to_owned(),
        namespace,
        name: name.map(str::to_owned),
        subresource,
    })
}

/// Resolves `%XX`; nothing when that does not give UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects_of(path: &str) -> ObjectPath {
        match Target::parse(path) {
            Some(Target::Objects(objects)) => objects,
            other => panic!("{path} is {other:?}"),
        }
    }

    #[test]
    fn a_namespaced_object_path_has_all_its_parts() {
        let path =
            objects_of("/apis/tekton.dev/v1/namespaces/user-ns1/pipelineruns/run%2D1/status");
        assert_eq!(
            (
                path.group.as_str(),
                path.version.as_str(),
                path.plural.as_str()
            ),
            ("tekton.dev", "v1", "pipelineruns")
        );
        assert_eq!(path.namespace.as_deref(), Some("user-ns1"));
        assert_eq!(path.name.as_deref(), Some("run-1"));
        assert_eq!(path.subresource.as_deref(), Some("status"));
    }

    #[test]
    fn a_namespace_is_an_object_and_not_the_namespace_of_its_own_path() {
        let path = objects_of("/api/v1/namespaces/user-ns1");
        assert_eq!(
            (path.plural.as_str(), path.namespace, path.name.as_deref()),
            ("namespaces", None, Some("user-ns1"))
        );
        let path = objects_of("/api/v1/namespaces/user-ns1/finalize");
        assert_eq!(
            (path.name.as_deref(), path.subresource.as_deref()),
            (Some("user-ns1"), Some("finalize"))
        );
    }

    #[test]
    fn discovery_paths_are_told_from_objects() {
        assert_eq!(Target::parse("/apis/"), Some(Target::Groups));
        assert_eq!(
            Target::parse("/api/v1"),
            Some(Target::GroupVersion {
                group: String::new(),
                version: "v1".into()
            })
        );
        assert_eq!(
            Target::parse("/openapi/v2"),
            Some(Target::Other(vec!["openapi".into(), "v2".into()]))
        );
    }

    #[test]
    fn a_path_that_is_not_utf8_is_no_path() {
        assert_eq!(Target::parse("/api/%ff"), None);
    }
}
