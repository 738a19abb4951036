//! Registry credentials: what a docker config says, which entry answers for a repository, and what Tekton makes of the
//! Secrets that are linked to a ServiceAccount.
//!
//! - [`DockerConfig`]: one `config.json`, `auth.json` or `.dockerconfigjson`, read, written and searched
//! - [`AuthEntry`], [`Credential`]: one entry as written, and what it means
//! - [`tekton`]: the merge of linked Secrets into the one file that a step sees
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

mod auth_entry;
mod docker_config;
mod error;
mod json;
mod lookup;
pub mod tekton;

pub use auth_entry::{AuthEntry, Credential};
pub use docker_config::DockerConfig;
pub use error::{EntryProblem, FileError, LookupError, ParseError};
