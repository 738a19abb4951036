//! The `kind` program: everything that only it can do.

mod create;
mod discard;
mod existence;
mod kubeconfig;
mod load;

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{ClusterName, KindError};
use crate::program::Command;

pub use create::Creation;
pub use existence::Existence;
pub use kubeconfig::PinnedContext;

/// The variable by which `kind` is told which engine to use.
const PROVIDER: &str = "KIND_EXPERIMENTAL_PROVIDER";
/// The variable by which `kind` is told to use another network than `kind`.
const OTHER_NETWORK: &str = "KIND_EXPERIMENTAL_DOCKER_NETWORK";
/// How long `kind` may take to look at what there is.
const LOOK: Duration = Duration::from_secs(30);
/// How long it may take to remove a cluster.
const DELETE: Duration = Duration::from_secs(180);
const ADVICE: &str =
    "install kind v0.26.0 or newer (https://kind.sigs.k8s.io/docs/user/quick-start/#installation)";

/// The `kind` program with the engine it uses.
#[derive(Debug, Clone)]
pub struct Kind {
    provider: String,
    search_path: Option<OsString>,
    environment: Vec<(String, OsString)>,
    cancellation: CancellationToken,
    limit: Option<Duration>,
}

impl Kind {
    /// `kind` on this process's `PATH`, with the engine that `KIND_EXPERIMENTAL_PROVIDER` calls `provider`: `docker`, `podman`,
    /// `nerdctl` or another word that `kind` knows. It is always said, so that `kind` looks where we look.
    #[must_use]
    pub fn new(provider: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            search_path: None,
            environment: Vec::new(),
            cancellation: CancellationToken::new(),
            limit: None,
        }
    }

    /// The engine's word, which is also the name of its command line program.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Looks for `kind`, and lets it look for the engine's program, on another `PATH`.
    #[must_use]
    pub fn search_path(mut self, search_path: impl Into<OsString>) -> Self {
        self.search_path = Some(search_path.into());
        self
    }

    /// A variable for `kind` and the engine's program, for example `DOCKER_HOST`.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Ends what runs when the token is cancelled. What is left behind is still listed then.
    #[must_use]
    pub fn cancelled_by(mut self, cancellation: CancellationToken) -> Self {
        self.cancellation = cancellation;
        self
    }

    /// One limit for every run of `kind`, instead of one that suits each.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The names of all Kind clusters in the engine.
    ///
    /// # Errors
    ///
    /// [`KindError::Program`]: that none could be listed does not mean that there are none.
    pub async fn list(&self) -> Result<Vec<ClusterName>, KindError> {
        let parse = |name: &str| name.parse().ok();
        self.lines(&["get", "clusters"], "list Kind clusters", parse)
            .await
    }

    /// Whether there is a cluster of this name, stopped ones included.
    pub async fn exists(&self, name: &ClusterName) -> Existence {
        match self.list().await {
            Ok(names) if names.contains(name) => Existence::Yes,
            Ok(_) => Existence::No,
            Err(error) => Existence::Unknown(error),
        }
    }

    /// The names of a cluster's nodes, which are those of their containers. Empty where there is no such cluster.
    ///
    /// # Errors
    ///
    /// [`KindError::Program`].
    pub async fn nodes(&self, name: &ClusterName) -> Result<Vec<String>, KindError> {
        let arguments = ["get", "nodes", "--name", name.as_str()];
        let parse = |name: &str| is_container_name(name).then(|| name.to_owned());
        self.lines(&arguments, &format!("list the nodes of {name}"), parse)
            .await
    }

    /// Removes a cluster with its nodes' volumes, and its context from `kubeconfig`. It is no error when there is none.
    ///
    /// # Errors
    ///
    /// [`KindError::Program`].
    pub async fn delete(&self, name: &ClusterName, kubeconfig: &Path) -> Result<(), KindError> {
        let command = self
            .command(["delete", "cluster", "--name", name.as_str()], DELETE)
            .argument("--kubeconfig")
            .argument(kubeconfig);
        let attempted = format!("delete Kind cluster {name}");
        command.run().await.map_err(KindError::program(attempted))?;
        Ok(())
    }

    /// The lines of standard output, each of them parsed.
    async fn lines<T>(
        &self,
        arguments: &[&str],
        attempted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, KindError> {
        let command = self.command(arguments.iter().copied(), LOOK);
        let output = command.run().await.map_err(KindError::program(attempted))?;
        let text = output.stdout().map_err(KindError::program(attempted))?;
        let parsed = text.lines().map(|line| {
            parse(line.trim()).ok_or_else(|| {
                let shown: String = line.escape_debug().take(80).collect();
                output.unusable(format!("`{shown}` where a name was expected"))
            })
        });
        parsed
            .collect::<Result<_, _>>()
            .map_err(KindError::program(attempted))
    }

    fn command<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
        limit: Duration,
    ) -> Command {
        let command = self
            .program("kind", limit)
            .arguments(arguments)
            .environment(PROVIDER, &self.provider)
            .advice(ADVICE);
        if std::env::var_os(OTHER_NETWORK).is_some() {
            // We look for leftovers on the network `kind`, and the image cache is there.
            return command.without_environment(OTHER_NETWORK);
        }
        command
    }

    /// A program with this one's search path, environment, token and limit.
    fn program(&self, name: &str, limit: Duration) -> Command {
        let mut command = Command::new(name)
            .cancelled_by(self.cancellation.clone())
            .limit(self.limit.unwrap_or(limit));
        if let Some(search_path) = &self.search_path {
            command = command.search_path(search_path);
        }
        for (name, value) in &self.environment {
            command = command.environment(name, value);
        }
        command
    }
}

/// What engines accept as a container's name.
fn is_container_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "_.-".contains(letter))
}
