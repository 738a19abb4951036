//! Registry credentials: what a docker config says, which entry answers for a repository, and what Tekton makes of the
//! Secrets that are linked to a ServiceAccount.
//!
//! - [`DockerConfig`]: one `config.json`, `auth.json` or `.dockerconfigjson`, read, written, searched and merged
//! - [`AuthEntry`], [`Credential`]: one entry as written, and what it means
//! - [`Search`]: the credential for a repository on this computer, from the usual files ([`locations()`]) and credential helpers
//! - [`tekton`]: the merge of linked Secrets into the one file that a step sees
//! - `cluster` (feature `kubernetes`): push secrets and their links in a cluster
//! - `redaction` (feature `redaction`): secrets kept out of evidence
//!
//! Secret values are [`secrecy`] types from the moment they are read; no error text and no `Debug` output contains one.
//!
//! ```
//! use credentials::DockerConfig;
//!
//! let config = DockerConfig::parse(br#"{"auths": {"quay.io/team": {"auth": "cm9ib3Q6cGFzczp3b3Jk"}}}"#)?;
//! let credential = config.lookup("quay.io/team/application")?.expect("quay.io/team is a prefix");
//! assert_eq!(credential.username, "robot");
//! assert!(config.lookup("quay.io/another")?.is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod advice;
mod auth_entry;
#[cfg(feature = "kubernetes")]
pub mod cluster;
mod credential_helper;
mod docker_config;
mod environment;
mod error;
mod json;
mod locations;
mod lookup;
mod merge;
mod printable;
mod push_config;
#[cfg(feature = "redaction")]
pub mod redaction;
mod registries_conf;
mod search;
mod shape;
pub mod tekton;

pub use advice::advice;
pub use auth_entry::{AuthEntry, Credential};
pub use credential_helper::{CredentialHelper, DEFAULT_HELPER_LIMIT, HelperError};
pub use docker_config::DockerConfig;
pub use environment::Environment;
pub use error::{EntryProblem, FileError, LookupError, ParseError};
pub use locations::{Location, LocationSource, locations};
pub use merge::EntryChanges;
pub(crate) use printable::{printable, printable_path};
pub use push_config::PushConfigError;
pub use registries_conf::RegistriesConfError;
pub use search::{FindError, Found, NotFound, Origin, Search, Searched, Seen};
