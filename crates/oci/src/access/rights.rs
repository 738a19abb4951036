//! What one may want to do with a repository.

use std::fmt;

use serde::Serialize;

/// Something that can be done with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Reading: manifests, blobs, tags.
    Pull,
    /// Writing: blobs, manifests, tags.
    Push,
}

impl Right {
    /// The name in token scopes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A set of rights on a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Rights {
    /// Reading.
    pub pull: bool,
    /// Writing.
    pub push: bool,
}

impl Rights {
    /// Reading alone.
    pub const PULL: Self = Self {
        pull: true,
        push: false,
    };
    /// Writing alone.
    pub const PUSH: Self = Self {
        pull: false,
        push: true,
    };
    /// Both.
    pub const PULL_AND_PUSH: Self = Self {
        pull: true,
        push: true,
    };

    /// Those that `others` lack.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self {
            pull: self.pull && !others.pull,
            push: self.push && !others.push,
        }
    }

    /// True when nothing of `wanted` is missing.
    #[must_use]
    pub fn include(self, wanted: Self) -> bool {
        (self.pull || !wanted.pull) && (self.push || !wanted.push)
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match (self.pull, self.push) {
            (true, true) => "pull and push",
            (true, false) => "pull",
            (false, true) => "push",
            (false, false) => "nothing",
        })
    }
}
