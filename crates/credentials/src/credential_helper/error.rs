//! Why a credential helper gave no answer. No variant carries what the helper wrote where a secret could be in it.

use std::time::Duration;

/// A credential helper could not be asked, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// The name is empty or contains a path separator.
    #[error(
        "`{name}` cannot be the name of a credential helper: it is empty or contains a path separator; \
         `credsStore` and `credHelpers` hold NAME of a program docker-credential-NAME"
    )]
    BadName {
        /// The name, as the docker config has it.
        name: String,
    },
    /// There is no such program.
    #[error(
        "the credential helper {program} is not in any absolute folder of PATH; install it, or log in where no helper is configured"
    )]
    NotOnPath {
        /// The program's name.
        program: String,
    },
    /// The operating system could not run it.
    #[error("cannot run the credential helper {program}: {source}")]
    Run {
        /// The program's name.
        program: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// It did not end in time and was killed.
    #[error(
        "`{program} get` did not answer for {server} within {limit:?} and was killed; it may be waiting for a locked key store: \
         unlock it, or log in where no helper is configured"
    )]
    TimedOut {
        /// The program's name.
        program: String,
        /// The address it was asked for.
        server: String,
        /// The time it had.
        limit: Duration,
    },
    /// It ended with an error.
    #[error("`{program} get` failed for {server} ({status}): {said}")]
    Failed {
        /// The program's name.
        program: String,
        /// The address it was asked for.
        server: String,
        /// How it ended, for example `exit status: 1`.
        status: String,
        /// Its error text, shortened.
        said: String,
    },
    /// It ended well but its answer is not a credential. What it wrote is not shown: it may be the secret.
    #[error(
        "`{program} get` answered for {server} with {problem} instead of a JSON object with `Username` and `Secret`; \
         is this the right program for that name?"
    )]
    Nonsense {
        /// The program's name.
        program: String,
        /// The address it was asked for.
        server: String,
        /// What is wrong with the answer.
        problem: &'static str,
    },
}
