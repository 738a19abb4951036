//! What can be wrong with a docker config. No variant carries a secret value.

use std::path::PathBuf;

use crate::{printable, printable_path};

/// The text is not a docker config.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ParseError {
    /// The text is not JSON. Only the position is told: the text around it may be a secret.
    #[error("the docker config is not valid JSON (line {line}, column {column})")]
    NotJson {
        /// Line of the first offending character, from 1.
        line: usize,
        /// Column of the first offending character, from 1.
        column: usize,
    },
    /// The text is empty or blank.
    #[error(
        "the file is empty, which is not a docker config; log in again to have it written, or delete it"
    )]
    Empty,
    /// A Kubernetes object, which may have a docker config inside.
    #[error(
        "this is a Kubernetes {}, not a docker config; take the config out of a Secret with: \
         kubectl get secret NAME -n NAMESPACE -o jsonpath='{{.data.\\.dockerconfigjson}}' | base64 -d > auth.json",
        printable(kind)
    )]
    KubernetesObject {
        /// Its kind, normally `Secret`.
        kind: String,
    },
    /// The value of a Secret's `data`, as Kubernetes encodes it.
    #[error("this is a docker config in base64; decode it first: base64 -d")]
    StillBase64,
    /// Entries without `auths` around them, as Docker wrote them before version 1.7.
    #[error(
        "this is a docker config of the wrong version: it has the shape of the old .dockercfg, with registries at the top level; \
         put `{{\"auths\": ` before it and `}}` after it, or log in again"
    )]
    LegacyShape,
    /// A member has another JSON type than the format gives it.
    #[error("the docker config's {} must be {expected}", printable(member))]
    WrongType {
        /// Path of the member, for example `auths."quay.io".username`.
        member: String,
        /// The JSON type that the format asks for.
        expected: &'static str,
    },
}

/// A docker config file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Reading failed.
    #[error("cannot read the docker config {}: {source}", printable_path(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The content is not a docker config.
    #[error("{}: {source}", printable_path(path))]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ParseError,
    },
    /// Writing failed; the file that was there before is unchanged.
    #[error(
        "cannot write the docker config {} (what was there is unchanged): {source}",
        printable_path(path)
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// The entry that answers for a repository is damaged.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "the docker config's entry `{}` cannot be used: {problem}; log in to that registry again to replace it",
    printable(key)
)]
pub struct LookupError {
    /// The entry's key, as written.
    pub key: String,
    /// What is wrong with its value.
    pub problem: EntryProblem,
}

/// What is wrong with one entry.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum EntryProblem {
    /// `auth` is not base64.
    #[error("its `auth` is not base64")]
    AuthNotBase64,
    /// `auth` decodes to something that is not text.
    #[error("its `auth` does not decode to UTF-8 text")]
    AuthNotText,
    /// `auth` decodes to a text without a colon.
    #[error("its `auth` does not decode to `username:password`")]
    AuthWithoutColon,
    /// There is a password but no user name, or a user name but no password.
    #[error("it has a `{present}` but no `{absent}`")]
    Incomplete {
        /// The member that is there.
        present: &'static str,
        /// The member that is missing.
        absent: &'static str,
    },
}
