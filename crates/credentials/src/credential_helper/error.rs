//! Why a credential helper gave no answer. No variant carries what the helper wrote where a secret could be in it.

use std::time::Duration;

use crate::printable;

/// A credential helper could not be asked, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// The name is empty or contains a path separator.
    #[error(
        "`{}` cannot be the name of a credential helper: it is empty or contains a path separator; \
         `credsStore` and `credHelpers` hold NAME of a program docker-credential-NAME",
        printable(name)
    )]
    BadName {
        /// The name, as the docker config has it.
        name: String,
    },
    /// There is no such program.
    #[error(
        "the credential helper {} is not in any absolute folder of PATH; install it, or log in where no helper is configured",
        printable(program)
    )]
    NotOnPath {
        /// The program's name.
        program: String,
    },
    /// The operating system could not run it.
    #[error("cannot run the credential helper {}: {source}", printable(program))]
    Run {
        /// The program's name.
        program: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// It did not end in time and was killed.
    #[error(
        "`{} get` did not answer for {} within {limit:?} and was killed; it may be waiting for a locked key store: \
         unlock it, or log in where no helper is configured",
        printable(program),
        printable(server)
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
    #[error(
        "`{program} get` failed for {server} ({status}): {said}",
        program = printable(program),
        server = printable(server)
    )]
    Failed {
        /// The program's name.
        program: String,
        /// The address it was asked for.
        server: String,
        /// How it ended, for example `exit status: 1`.
        status: String,
        /// What it said, where that is known to be no secret; else how to see it.
        said: String,
    },
    /// It ended well but its answer is not a credential. What it wrote is not shown: it may be the secret.
    #[error(
        "`{} get` answered for {} with {problem} instead of a JSON object with `Username` and `Secret`; \
         is this the right program for that name?",
        printable(program),
        printable(server)
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
