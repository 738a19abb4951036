//! Paths of a container, found again on the host.
//!
//! A container sees its mounts at the paths that the task names; a process of the host cannot. Arguments and environment
//! values are therefore rewritten: a mount path becomes the host's directory wherever it stands at the beginning of a
//! text or after one of `= : , ;`, a space or a quote, and ends there or at a `/`.

use std::path::{Path, PathBuf};

/// Mount paths with the directories behind them, longest path first.
#[derive(Clone, Debug, Default)]
pub(crate) struct PathMap(Vec<(String, PathBuf)>);

impl PathMap {
    pub(crate) fn insert(&mut self, mount_path: &str, directory: impl Into<PathBuf>) {
        let mount_path = mount_path.trim_end_matches('/').to_owned();
        self.0.retain(|(existing, _)| *existing != mount_path);
        self.0.push((mount_path, directory.into()));
        self.0
            .sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
    }

    /// The text with every mount path replaced.
    pub(crate) fn rewrite(&self, text: &str) -> String {
        let mut rewritten = String::with_capacity(text.len());
        let mut rest = text;
        let mut at_boundary = true;
        while let Some(character) = rest.chars().next() {
            let hit = self
                .0
                .iter()
                .find(|(path, _)| at_boundary && starts_with_path(rest, path));
            let length = match hit {
                Some((path, directory)) => {
                    rewritten.push_str(&directory.to_string_lossy());
                    path.len()
                }
                None => {
                    rewritten.push(character);
                    character.len_utf8()
                }
            };
            at_boundary = hit.is_none() && is_separator(character);
            rest = &rest[length..];
        }
        rewritten
    }

    /// The directory of the host that a container's absolute path is in; `None` when no mount covers it.
    pub(crate) fn directory(&self, path: &str) -> Option<PathBuf> {
        let (mount_path, directory) = self
            .0
            .iter()
            .find(|(mount_path, _)| starts_with_path(path, mount_path))?;
        let within = path[mount_path.len()..].trim_start_matches('/');
        Some(if within.is_empty() {
            directory.clone()
        } else {
            directory.join(Path::new(within))
        })
    }
}

fn starts_with_path(text: &str, path: &str) -> bool {
    let after = text.strip_prefix(path).map(|rest| rest.chars().next());
    after.is_some_and(|next| {
        next.is_none_or(|character| character == '/' || is_separator(character))
    })
}

fn is_separator(character: char) -> bool {
    "=:,; \"'".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> PathMap {
        let mut map = PathMap::default();
        map.insert("/workspace/source", "/host/source");
        map.insert("/workspace/source/deep", "/host/deep");
        map.insert("/mnt/trusted-ca/", "/host/ca");
        map
    }

    #[test]
    fn a_mount_path_becomes_its_directory() {
        assert_eq!(
            map().rewrite("/workspace/source/Dockerfile"),
            "/host/source/Dockerfile"
        );
        assert_eq!(
            map().rewrite("--ca-file=/mnt/trusted-ca/ca-bundle.crt"),
            "--ca-file=/host/ca/ca-bundle.crt"
        );
        assert_eq!(
            map().rewrite("/workspace/source:/workspace/source/deep"),
            "/host/source:/host/deep"
        );
    }

    #[test]
    fn what_only_looks_like_a_mount_path_stays() {
        for text in [
            "https://host/workspace/source",
            "/workspace/sources",
            "/workspace",
            "x/workspace/source",
        ] {
            assert_eq!(map().rewrite(text), text);
        }
    }

    #[test]
    fn a_directory_is_found_below_the_longest_mount() {
        assert_eq!(
            map().directory("/workspace/source/deep/a"),
            Some(PathBuf::from("/host/deep/a"))
        );
        assert_eq!(map().directory("/opt"), None);
    }
}
