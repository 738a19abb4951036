//! Why the container engine did not do what was asked.

use bollard::errors::Error;

/// A call to the container engine's API failed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine could not be asked, or its answer made no sense.
    #[error("cannot {attempted}: the container engine {}", in_words(source))]
    Call {
        /// What was attempted, as a fragment.
        attempted: String,
        /// What came back.
        source: Error,
    },
    /// Something of this name is there that we did not make.
    #[error(
        "cannot {attempted}: there is a {object} of that name that konflux-local did not make, and it was not touched; remove or rename it"
    )]
    NotOurs {
        /// What was attempted, as a fragment.
        attempted: String,
        /// What is there, for example `container`.
        object: &'static str,
    },
}

impl EngineError {
    pub(super) fn call(attempted: impl Into<String>) -> impl FnOnce(Error) -> Self {
        let attempted = attempted.into();
        move |source| Self::Call { attempted, source }
    }
}

/// Whether the engine says that there is no such thing; everything else is "could not tell".
pub(super) fn is_absent(error: &Error) -> bool {
    matches!(
        error,
        Error::DockerResponseServerError {
            status_code: 404,
            ..
        }
    )
}

fn in_words(error: &Error) -> String {
    match error {
        Error::RequestTimeoutError => {
            "did not answer in time; see whether it still runs".to_owned()
        }
        Error::SocketNotFoundError(path) => format!("has no socket at {path}; start it"),
        Error::DockerResponseServerError {
            status_code,
            message,
        } => format!("refused it ({status_code}): {}", message.trim()),
        Error::JsonDataError { message, .. } => {
            format!("answered something that is not its API: {message}")
        }
        Error::JsonSerdeError { err } => {
            format!("answered something that is not its API: {err}")
        }
        Error::DockerStreamError { error } => format!("gave it up: {error}"),
        other => {
            let mut text = format!("could not be asked: {other}");
            let mut source = std::error::Error::source(other);
            while let Some(cause) = source {
                let cause_text = cause.to_string();
                if !text.ends_with(&cause_text) {
                    text = format!("{text}: {cause_text}");
                }
                source = cause.source();
            }
            text
        }
    }
}
