//! Source code without a git server.
//!
//! A bare machine has no git host, so a Component's source URL may name a ConfigMap in a tenant's namespace:
//! `https://git.konflux-local.dev/<namespace>/<name>`. The ConfigMap carries the label
//! [`crate::labels::SOURCE_REPOSITORY`]; each key of its `data` or `binaryData` is a file's path with every `/` written
//! as `..`, because a ConfigMap key may not hold a slash.

use crate::SOURCE_HOST;

/// A repository that is kept in a ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRepository {
    /// The ConfigMap's namespace.
    pub namespace: String,
    /// The ConfigMap's name.
    pub name: String,
}

/// Why a source URL does not name a ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceUrlError {
    /// The URL is on another host; a real git host is needed to build it.
    #[error("{url} is not on https://{SOURCE_HOST}, the only git host that is modelled here")]
    OtherHost {
        /// The URL as given.
        url: String,
    },
    /// The URL is on the right host, but its path is not `<namespace>/<name>`.
    #[error("{url} must have the form https://{SOURCE_HOST}/<namespace>/<name>")]
    Path {
        /// The URL as given.
        url: String,
    },
}

/// Why a path cannot be a ConfigMap key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path's key would be read back as another path.
    #[error("the path {0:?} contains \"..\", which stands for \"/\" in a ConfigMap key")]
    Ambiguous(String),
    /// The path has characters that a ConfigMap key may not have, or is empty, absolute or longer than 253 characters.
    #[error(
        "the path {0:?} cannot be a ConfigMap key: relative paths of at most 253 letters, digits, '-', '_', '.' and '/' can"
    )]
    Unsupported(String),
}

impl SourceRepository {
    /// Reads a Component's `spec.source.git.url`.
    ///
    /// # Errors
    ///
    /// When the URL is on another host or its path is not `<namespace>/<name>`.
    pub fn from_url(url: &str) -> Result<Self, SourceUrlError> {
        let path = url
            .strip_prefix("https://")
            .and_then(|rest| rest.strip_prefix(SOURCE_HOST))
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or_else(|| SourceUrlError::OtherHost {
                url: url.to_owned(),
            })?;
        match path.split_once('/') {
            Some((namespace, name)) if is_object_name(namespace) && is_object_name(name) => {
                Ok(Self {
                    namespace: namespace.to_owned(),
                    name: name.to_owned(),
                })
            }
            _ => Err(SourceUrlError::Path {
                url: url.to_owned(),
            }),
        }
    }

    /// The URL that [`SourceRepository::from_url`] reads.
    pub fn url(&self) -> String {
        format!("https://{SOURCE_HOST}/{}/{}", self.namespace, self.name)
    }
}

/// The ConfigMap key of a file.
///
/// # Errors
///
/// When the path cannot be written as a key, or would not be read back as the same path.
pub fn key_of_path(path: &str) -> Result<String, PathError> {
    if path.contains("..") {
        return Err(PathError::Ambiguous(path.to_owned()));
    }
    let key = path.replace('/', "..");
    let usable = !key.is_empty()
        && key.len() <= 253
        && !key.starts_with("..")
        && key != "."
        && path_of_key(&key) == path
        && key
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character));
    if usable {
        Ok(key)
    } else {
        Err(PathError::Unsupported(path.to_owned()))
    }
}

/// The path of the file that a ConfigMap key holds.
pub fn path_of_key(key: &str) -> String {
    key.replace("..", "/")
}

fn is_object_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 253
        && name.chars().all(|character| {
            character.is_ascii_lowercase()
                || character.is_ascii_digit()
                || character == '-'
                || character == '.'
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_and_its_repository_name_each_other() {
        let url = "https://git.konflux-local.dev/user-ns1/sample-component";
        let repository = SourceRepository::from_url(url).unwrap();
        assert_eq!(repository.namespace, "user-ns1");
        assert_eq!(repository.name, "sample-component");
        assert_eq!(repository.url(), url);
    }

    #[test]
    fn a_url_on_a_real_git_host_is_refused_by_name() {
        let error =
            SourceRepository::from_url("https://github.com/konflux-ci/testrepo").unwrap_err();
        assert!(matches!(error, SourceUrlError::OtherHost { .. }));
        assert!(error.to_string().contains("github.com"));
        let lookalike = SourceRepository::from_url("https://git.konflux-local.dev.example.com/a/b")
            .unwrap_err();
        assert!(matches!(lookalike, SourceUrlError::OtherHost { .. }));
    }

    #[test]
    fn a_url_with_a_path_of_another_depth_is_refused() {
        for url in [
            "https://git.konflux-local.dev/only",
            "https://git.konflux-local.dev/a/b/c",
        ] {
            assert!(
                matches!(
                    SourceRepository::from_url(url),
                    Err(SourceUrlError::Path { .. })
                ),
                "{url}"
            );
        }
    }

    #[test]
    fn a_path_survives_the_way_through_a_key() {
        for path in [
            "Dockerfile",
            "web/index.html",
            "web/static/site.css",
            ".dockerignore",
        ] {
            assert_eq!(path_of_key(&key_of_path(path).unwrap()), path);
        }
    }

    #[test]
    fn a_path_that_a_key_cannot_hold_is_refused() {
        assert_eq!(
            key_of_path("a..b"),
            Err(PathError::Ambiguous("a..b".to_owned()))
        );
        for path in ["", "/etc/passwd", "a b", "web./x", &"a".repeat(254)] {
            assert_eq!(
                key_of_path(path),
                Err(PathError::Unsupported(path.to_owned())),
                "{path}"
            );
        }
    }
}
