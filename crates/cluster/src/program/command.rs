//! A program to run, with everything that decides how it runs.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::OutputLine;
use super::input::Input;

/// How long a program may take whose caller sets no other limit: 60 s.
const LIMIT: Duration = Duration::from_secs(60);

/// A program with its arguments, environment, input and limits.
///
/// It inherits the environment and the working folder of this process, and gets an empty standard input.
#[derive(Debug, Clone)]
pub struct Command {
    pub(super) program: OsString,
    pub(super) arguments: Vec<OsString>,
    pub(super) environment: Vec<(String, Variable)>,
    pub(super) folder: Option<PathBuf>,
    pub(super) search_path: Option<OsString>,
    pub(super) input: Input,
    pub(super) limit: Duration,
    pub(super) cancellation: Option<CancellationToken>,
    pub(super) lines: Option<mpsc::Sender<OutputLine>>,
    pub(super) output_is_secret: bool,
    pub(super) advice: Option<&'static str>,
}

/// What becomes of a variable of the environment.
#[derive(Debug, Clone)]
pub(super) enum Variable {
    Plain(OsString),
    Secret(SecretString),
    Removed,
}

impl Command {
    /// A program by its name on `PATH`, or by its path.
    #[must_use]
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: None,
            search_path: None,
            input: Input::Nothing,
            limit: LIMIT,
            cancellation: None,
            lines: None,
            output_is_secret: false,
            advice: None,
        }
    }

    /// One more argument. Everybody on the machine can read it: never a secret.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// More arguments.
    #[must_use]
    pub fn arguments<I: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = I>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// A variable of the environment, rendered before the program's name.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>, value: impl AsRef<OsStr>) -> Self {
        let value = Variable::Plain(value.as_ref().to_owned());
        self.environment.push((name.into(), value));
        self
    }

    /// A variable of the environment whose value is never rendered.
    #[must_use]
    pub fn secret_environment(mut self, name: impl Into<String>, value: SecretString) -> Self {
        self.environment
            .push((name.into(), Variable::Secret(value)));
        self
    }

    /// A variable that the program must not inherit.
    #[must_use]
    pub fn without_environment(mut self, name: impl Into<String>) -> Self {
        self.environment.push((name.into(), Variable::Removed));
        self
    }

    /// The folder in which it runs.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// The `PATH` on which the program is looked for, and which it inherits, instead of this process's own.
    #[must_use]
    pub fn search_path(mut self, search_path: impl Into<OsString>) -> Self {
        self.search_path = Some(search_path.into());
        self
    }

    /// What it reads from standard input.
    #[must_use]
    pub fn input(mut self, content: impl Into<String>) -> Self {
        self.input = Input::Plain {
            content: content.into(),
            copy: None,
        };
        self
    }

    /// What it reads from standard input, where `copy` is a file with the same content: the rendering reads it from there.
    #[must_use]
    pub fn input_with_copy(mut self, content: impl Into<String>, copy: impl Into<PathBuf>) -> Self {
        self.input = Input::Plain {
            content: content.into(),
            copy: Some(copy.into()),
        };
        self
    }

    /// A secret that it reads from standard input.
    #[must_use]
    pub fn secret_input(mut self, content: SecretString) -> Self {
        self.input = Input::Secret(content);
        self
    }

    /// How long it may take; then it and everything that it started is ended. 60 s unless set.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Ends it, and everything that it started, when the token is cancelled.
    #[must_use]
    pub fn cancelled_by(mut self, cancellation: CancellationToken) -> Self {
        self.cancellation = Some(cancellation);
        self
    }

    /// Sends every line while the program runs. Lines that the receiver does not take in time are dropped: a slow reader
    /// never stops the program.
    #[must_use]
    pub fn lines_to(mut self, receiver: mpsc::Sender<OutputLine>) -> Self {
        self.lines = Some(receiver);
        self
    }

    /// Its standard output is a secret: it is not sent as lines and no error shows it.
    #[must_use]
    pub fn secret_output(mut self) -> Self {
        self.output_is_secret = true;
        self
    }

    /// What to do when the program is not there, as a lowercase fragment: how to install it, where it is documented.
    #[must_use]
    pub fn advice(mut self, advice: &'static str) -> Self {
        self.advice = Some(advice);
        self
    }
}
