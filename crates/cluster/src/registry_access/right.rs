//! What an account may do where.

/// A right in a repository and in everything below it, or in all repositories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryRight {
    actions: &'static str,
    /// The repository's path; `*` stands for every one.
    prefix: String,
}

impl RepositoryRight {
    /// May read what is in `prefix` and below it.
    pub fn pull(prefix: impl Into<String>) -> Self {
        Self {
            actions: "pull",
            prefix: prefix.into(),
        }
    }

    /// May read, write and delete what is in `prefix` and below it.
    pub fn push(prefix: impl Into<String>) -> Self {
        Self {
            actions: "pull,push",
            prefix: prefix.into(),
        }
    }

    /// In every repository.
    pub const EVERYWHERE: &'static str = "*";

    /// The line of the registry's rules that gives it to an account.
    pub(super) fn line(&self, account: &str) -> String {
        format!("{account} {} {}", self.actions, self.prefix)
    }
}
