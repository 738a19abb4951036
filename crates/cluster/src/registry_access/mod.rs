//! Who may use the registry of an embedded cluster: its accounts, in two files that it follows while it runs.
//!
//! ```text
//! data/registry-access/htpasswd   accounts with hashed passwords, mode 0600
//! data/registry-access/rules      what each may do where, mode 0600
//! ```
//!
//! Passwords themselves are nowhere in the deployment's data; whoever makes an account keeps the one it was given.

mod accounts;
mod error;
mod password;
mod right;

pub use accounts::Accounts;
pub use error::AccountsError;
pub use password::generate_password;
pub use right::RepositoryRight;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How the internal registry finds out who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegistryAuth {
    /// It does not ask: everybody may do everything.
    #[default]
    None,
    /// By user name and password, from a file as `htpasswd` writes it.
    Htpasswd,
}

impl fmt::Display for RegistryAuth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::None => "none",
            Self::Htpasswd => "htpasswd",
        })
    }
}

impl FromStr for RegistryAuth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "htpasswd" => Ok(Self::Htpasswd),
            _ => Err("expected none or htpasswd".to_owned()),
        }
    }
}
