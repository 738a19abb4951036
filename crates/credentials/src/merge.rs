//! Adding entries to a docker config that somebody else may have written.

use crate::{AuthEntry, DockerConfig};

/// What a merge did, by key; each list is sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryChanges {
    /// Keys that were not there before.
    pub added: Vec<String>,
    /// Keys whose entry is another one now.
    pub changed: Vec<String>,
    /// Keys whose entry is as it was.
    pub kept: Vec<String>,
}

impl EntryChanges {
    /// Whether the merge left everything as it was.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty()
    }
}

impl DockerConfig {
    /// This config with the entries of `new`, which win over entries with exactly the same key. Nothing else changes: other spellings of a
    /// registry are other entries (for Tekton too), and members outside `auths` stay as they are.
    #[must_use]
    pub fn merged_with(&self, new: &Self) -> (Self, EntryChanges) {
        let mut merged = self.clone();
        let mut changes = EntryChanges::default();
        for (key, entry) in new.entries() {
            let before = merged.insert(key, entry.clone());
            let list = match before {
                None => &mut changes.added,
                Some(before) if before.to_json() == entry.to_json() => continue,
                Some(_) => &mut changes.changed,
            };
            list.push(key.to_owned());
        }
        let is_kept = |key: &&str| {
            !changes.added.iter().any(|added| added == key)
                && !changes.changed.iter().any(|changed| changed == key)
        };
        let kept = merged.entries().map(|(key, _)| key).filter(is_kept);
        changes.kept = kept.map(str::to_owned).collect();
        (merged, changes)
    }

    /// This config without the entries that `other` has too, key and login alike, and their keys. The inverse of
    /// [`merged_with`](Self::merged_with), except that what a merge replaced does not come back.
    #[must_use]
    pub fn without_entries_of(&self, other: &Self) -> (Self, Vec<String>) {
        let is_same = |key: &str, entry: &AuthEntry| {
            let here = self.get(key).map(AuthEntry::credential);
            match (here, entry.credential()) {
                (Some(Ok(Some(here))), Ok(Some(there))) => here.is_same_as(&there),
                _ => false,
            }
        };
        let same = other.entries().filter(|(key, entry)| is_same(key, entry));
        let keys: Vec<String> = same.map(|(key, _)| key.to_owned()).collect();
        let mut rest = self.clone();
        for key in &keys {
            rest.remove(key);
        }
        (rest, keys)
    }
}
