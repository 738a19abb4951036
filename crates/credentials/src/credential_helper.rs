//! Programs that keep credentials (`docker-credential-*`) and are asked for them.
//!
//! The protocol: <https://github.com/docker/docker-credential-helpers#development>. `docker-credential-NAME get` reads the server's address
//! and writes `{"ServerURL": …, "Username": …, "Secret": …}`; it fails, with its error on standard **output**, when it has nothing.

mod answer;
mod error;
mod process;
mod words;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

pub use error::HelperError;

use crate::Credential;
use process::RunError;

/// How long a helper may take where the caller says nothing else. Helpers may ask the user to unlock a key.
pub const DEFAULT_HELPER_LIMIT: Duration = Duration::from_secs(30);

/// One credential helper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialHelper {
    program: String,
}

impl CredentialHelper {
    /// The helper that docker configs call `name`.
    ///
    /// # Errors
    /// The name is empty or would leave the folders of `PATH`.
    pub fn named(name: &str) -> Result<Self, HelperError> {
        if name.is_empty() || name.contains(['/', '\\', '\0']) {
            return Err(HelperError::BadName {
                name: name.to_owned(),
            });
        }
        Ok(Self {
            program: format!("docker-credential-{name}"),
        })
    }

    /// The name of its program.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Asks for the credential of `server`; `None` when the helper has none.
    ///
    /// The program is looked for in the absolute folders of `search_path` (the value of `PATH`). When `limit` has passed, it and the
    /// processes that it started are killed.
    ///
    /// # Errors
    /// The program is missing, fails, takes too long, or says something that is not a credential.
    pub async fn get(
        &self,
        server: &str,
        search_path: Option<&OsStr>,
        limit: Duration,
    ) -> Result<Option<Credential>, HelperError> {
        let program = self.find(search_path)?;
        let output = process::run(&program, server, search_path, limit)
            .await
            .map_err(|error| self.describe(error, server, limit))?;
        answer::read(&self.program, server, &output)
    }

    fn find(&self, search_path: Option<&OsStr>) -> Result<PathBuf, HelperError> {
        std::env::split_paths(search_path.unwrap_or_default())
            // A program of the current folder is not one that the user installed.
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(&self.program))
            .find(|program| program.is_file())
            .ok_or_else(|| HelperError::NotOnPath {
                program: self.program.clone(),
            })
    }

    fn describe(&self, error: RunError, server: &str, limit: Duration) -> HelperError {
        let (program, server) = (self.program.clone(), server.to_owned());
        match error {
            RunError::Io(source) => HelperError::Run { program, source },
            RunError::TimedOut => HelperError::TimedOut {
                program,
                server,
                limit,
            },
            RunError::TooMuchOutput => HelperError::Nonsense {
                program,
                server,
                problem: "more than 64 KiB",
            },
        }
    }
}
