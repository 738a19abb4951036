//! Connecting to an engine and asking what it is.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use bollard::models::{SystemInfo, SystemVersion};
use bollard::{API_DEFAULT_VERSION, Docker};

use super::super::environment::Environment;
use super::super::programs;
use super::{Address, EngineError, Facts, Located, Selected, locate, select};

/// How long an engine has to say what it is. Docker needs moments; a Podman that its socket has to start first, seconds.
const LIMIT: Duration = Duration::from_secs(3);
/// How long it may take to decide for an engine and ask it.
const WHOLE_LIMIT: Duration = Duration::from_secs(4);
/// Seconds that any single later request may take.
const REQUEST_SECONDS: u64 = 30;

/// An engine that answers.
#[derive(Debug)]
pub struct Engine {
    client: Option<Docker>,
    selected: Selected,
    located: Located,
    facts: Facts,
}

/// Selects, locates and asks the engine that Kind would use. Takes 4 s at most.
///
/// # Errors
///
/// [`EngineError`], whose remedy says what to do.
pub async fn find(environment: &Environment) -> Result<Engine, EngineError> {
    tokio::time::timeout(WHOLE_LIMIT, select_and_ask(environment))
        .await
        .unwrap_or(Err(EngineError::Undecided { limit: WHOLE_LIMIT }))
}

async fn select_and_ask(environment: &Environment) -> Result<Engine, EngineError> {
    let selected = select(environment).await?;
    let located = locate(environment, &selected).await?;
    if !located.address.is_this_machine() {
        return Err(EngineError::Elsewhere {
            address: located.address,
            origin: located.origin,
        });
    }
    let (client, facts) = if let Address::Command(command) = &located.address {
        (
            None,
            by_command(environment, command, &selected, &located).await?,
        )
    } else {
        let client = connect(&selected, &located)?;
        let asked = tokio::time::timeout(LIMIT, ask(client)).await;
        let (client, version, info) = asked
            .map_err(|_| EngineError::Silent {
                provider: selected.provider,
                address: located.address.clone(),
                origin: located.origin.clone(),
                limit: LIMIT,
            })?
            .map_err(|error| explain(error, &selected, &located))?;
        (Some(client), Facts::new(version, info, selected.provider))
    };
    if !facts.are_an_engines() {
        return Err(nonsense(
            &located,
            "it names neither version nor memory".to_owned(),
        ));
    }
    Ok(Engine {
        client,
        selected,
        located,
        facts,
    })
}

impl Engine {
    /// A client of its API; `None` for one that has only a command.
    #[must_use]
    pub fn client(&self) -> Option<&Docker> {
        self.client.as_ref()
    }

    /// Which engine was selected, and why.
    #[must_use]
    pub fn selected(&self) -> &Selected {
        &self.selected
    }

    /// Where it is.
    #[must_use]
    pub fn located(&self) -> &Located {
        &self.located
    }

    /// What it says of itself.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Is the image in its store? `None` when it cannot be asked.
    pub async fn has_image(&self, image: &str) -> Option<bool> {
        match self.client.as_ref()?.inspect_image(image).await {
            Ok(_) => Some(true),
            Err(bollard::errors::Error::DockerResponseServerError {
                status_code: 404, ..
            }) => Some(false),
            Err(_) => None,
        }
    }
}

fn connect(selected: &Selected, located: &Located) -> Result<Docker, EngineError> {
    let client = match &located.address {
        Address::Unix(path) => {
            let path = path.to_string_lossy();
            Docker::connect_with_unix(&path, REQUEST_SECONDS, API_DEFAULT_VERSION)
        }
        address => {
            Docker::connect_with_http(&address.to_string(), REQUEST_SECONDS, API_DEFAULT_VERSION)
        }
    };
    client.map_err(|error| explain(error, selected, located))
}

async fn ask(
    client: Docker,
) -> Result<(Docker, SystemVersion, SystemInfo), bollard::errors::Error> {
    // An engine refuses requests of a newer API than its own.
    let client = client.negotiate_version().await?;
    let (version, info) = tokio::try_join!(client.version(), client.info())?;
    Ok((client, version, info))
}

/// `nerdctl` has no API, and answers with the same document.
async fn by_command(
    environment: &Environment,
    command: &str,
    selected: &Selected,
    located: &Located,
) -> Result<Facts, EngineError> {
    let arguments = ["info", "--format", "{{json .}}"];
    let answer = programs::ask(environment, command, &arguments, LIMIT).await?;
    let info: SystemInfo =
        serde_json::from_str(&answer).map_err(|error| nonsense(located, error.to_string()))?;
    Ok(Facts::new(
        SystemVersion::default(),
        info,
        selected.provider,
    ))
}

fn explain(error: bollard::errors::Error, selected: &Selected, located: &Located) -> EngineError {
    let (provider, address, origin) = (
        selected.provider,
        located.address.clone(),
        located.origin.clone(),
    );
    if matches!(error, bollard::errors::Error::SocketNotFoundError(_)) {
        return EngineError::Absent {
            provider,
            address,
            origin,
        };
    }
    if let bollard::errors::Error::DockerResponseServerError {
        status_code,
        message,
    } = &error
    {
        return EngineError::Troubled {
            provider,
            address,
            origin,
            status: *status_code,
            message: on_a_line(message),
        };
    }
    if matches!(error, bollard::errors::Error::RequestTimeoutError) {
        return EngineError::Silent {
            provider,
            address,
            origin,
            limit: LIMIT,
        };
    }
    match system_error(&error) {
        Some(io::ErrorKind::NotFound) => EngineError::Absent {
            provider,
            address,
            origin,
        },
        Some(io::ErrorKind::PermissionDenied) => EngineError::Denied {
            provider,
            address,
            origin,
        },
        Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::TimedOut) => EngineError::Refused {
            provider,
            address,
            origin,
        },
        _ => nonsense(located, in_words(&error)),
    }
}

fn nonsense(located: &Located, problem: String) -> EngineError {
    EngineError::Nonsense {
        address: located.address.clone(),
        origin: located.origin.clone(),
        problem,
    }
}

fn system_error(error: &bollard::errors::Error) -> Option<io::ErrorKind> {
    let mut cause = error.source();
    if let bollard::errors::Error::IOError { err } = error {
        return Some(err.kind());
    }
    if let bollard::errors::Error::HyperLegacyError { err } = error {
        cause = err.source();
    }
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        cause = error.source();
    }
    None
}

/// An error with its deepest cause.
fn in_words(error: &bollard::errors::Error) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    let mut words = error.to_string();
    let cause = deepest.to_string();
    if !words.contains(&cause) {
        words = format!("{words}: {cause}");
    }
    on_a_line(&words)
}

/// One line of reasonable length: an answer may be a whole web page.
fn on_a_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::engine::Provider;

    /// Whoever runs the tests may be root, whom no socket denies anything.
    #[test]
    fn a_socket_that_denies_access_is_told_from_one_that_is_not_there() {
        let selected = Selected {
            provider: Provider::Docker,
            command: "docker".to_owned(),
            because: String::new(),
        };
        let located = Located {
            address: Address::Unix("/var/run/docker.sock".into()),
            origin: "the default socket".to_owned(),
        };
        let explained = |kind: io::ErrorKind| {
            let error = bollard::errors::Error::IOError { err: kind.into() };
            explain(error, &selected, &located)
        };
        let denied = explained(io::ErrorKind::PermissionDenied);
        assert!(matches!(denied, EngineError::Denied { .. }), "{denied}");
        let environment = Environment::new(
            std::path::Path::new("/"),
            crate::host::Platform::Linux,
            1000,
        );
        let command = denied.remedy(&environment).command.unwrap();
        assert!(command.starts_with("sudo usermod"), "{command}");
        let absent = explained(io::ErrorKind::NotFound);
        assert!(matches!(absent, EngineError::Absent { .. }), "{absent}");
    }
}
