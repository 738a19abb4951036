//! Starting, finding and stopping the background process of an embedded cluster.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use super::running::{self, Ports, Running};
use crate::entry::EMBEDDED_CLUSTER;
use crate::registry_access::RegistryAuth;
use crate::state::DeploymentDirectory;

/// How long the process may take from its start until it listens.
const START_LIMIT: Duration = Duration::from_secs(20);
/// How long it may take to end after being asked to; then it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// How often another process's lock is looked at; the kernel offers no event for it.
const LOCK_INTERVAL: Duration = Duration::from_millis(5);
/// Lines of the log that an error shows.
const LOG_LINES: usize = 8;
/// What the process inherits. Settings with secrets in them stay behind.
const INHERITED: [&str; 8] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "TZ",
    "RUST_BACKTRACE",
    "KONFLUX_LOCAL_LOG",
    "SSL_CERT_FILE",
];

/// The background process of one deployment.
#[derive(Debug)]
pub struct Daemon<'a> {
    deployment: &'a DeploymentDirectory,
}

/// What [`Daemon::ensure`] had to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ensured {
    /// It ran already.
    Running,
    /// It was started, on the data that was there.
    Started,
}

/// The background process cannot be started, found or stopped.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// A state file cannot be used.
    #[error("cannot tell whether the embedded cluster runs: {0}")]
    State(#[source] io::Error),
    /// The program could not be started.
    #[error("cannot start {program}: {source}")]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It ended, or said nothing, before it listened.
    #[error("the embedded cluster {what}; the end of its log, {log}:\n{tail}")]
    NotReady {
        /// What happened, as a fragment.
        what: String,
        /// The log file.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// It does not end.
    #[error(
        "process {pid} of the embedded cluster does not end, not even after SIGKILL; look at it with `ps -p {pid}`"
    )]
    NotStopped {
        /// The process.
        pid: u32,
    },
}

impl<'a> Daemon<'a> {
    /// The process of this deployment, whether it runs or not.
    #[must_use]
    pub fn of(deployment: &'a DeploymentDirectory) -> Self {
        Self { deployment }
    }

    /// The process, if it runs and listens.
    ///
    /// # Errors
    ///
    /// [`DaemonError::State`].
    pub fn find(&self) -> Result<Option<Running>, DaemonError> {
        running::listening(self.deployment).map_err(DaemonError::State)
    }

    /// What the last process, running or not, told about itself: a new one takes the same ports.
    ///
    /// # Errors
    ///
    /// [`DaemonError::State`].
    pub fn last(&self) -> Result<Option<Running>, DaemonError> {
        running::last_words(self.deployment).map_err(DaemonError::State)
    }

    /// Makes sure that the process runs: starts `program` with the hidden subcommand if it does not.
    ///
    /// # Errors
    ///
    /// [`DaemonError`]; [`DaemonError::NotReady`] carries the end of the log.
    pub async fn ensure(
        &self,
        program: &Path,
        ports: Ports,
        registry_auth: RegistryAuth,
    ) -> Result<(Running, Ensured), DaemonError> {
        if running::lives(self.deployment).map_err(DaemonError::State)? {
            return Ok((self.wait_for_words().await?, Ensured::Running));
        }
        self.start(program, ports, registry_auth).await?;
        Ok((self.wait_for_words().await?, Ensured::Started))
    }

    /// Ends the process. Gives back the process that was ended, `None` when none ran.
    ///
    /// # Errors
    ///
    /// [`DaemonError::NotStopped`] when it survives SIGKILL, [`DaemonError::State`].
    pub async fn stop(&self) -> Result<Option<u32>, DaemonError> {
        if !running::lives(self.deployment).map_err(DaemonError::State)? {
            return Ok(None);
        }
        let running = self.wait_for_words().await?;
        for signal in [rustix::process::Signal::TERM, rustix::process::Signal::KILL] {
            let pid = i32::try_from(running.pid)
                .ok()
                .and_then(rustix::process::Pid::from_raw);
            if let Some(pid) = pid {
                // A process that ended by itself a moment ago is what we want.
                let _gone_already = rustix::process::kill_process(pid, signal);
            }
            if self.wait_for_end().await? {
                return Ok(Some(running.pid));
            }
        }
        Err(DaemonError::NotStopped { pid: running.pid })
    }

    async fn start(
        &self,
        program: &Path,
        ports: Ports,
        registry_auth: RegistryAuth,
    ) -> Result<(), DaemonError> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.deployment.embedded_log())
            .map_err(DaemonError::State)?;
        let (root, name) = self.place();
        let mut child = Command::new(program)
            .arg(EMBEDDED_CLUSTER)
            .args([root.as_os_str(), name])
            .args([ports.api_server.to_string(), ports.registry.to_string()])
            .arg(registry_auth.to_string())
            .env_clear()
            .envs(
                INHERITED
                    .iter()
                    .filter_map(|name| std::env::var_os(name).map(|value| (name, value))),
            )
            .current_dir(root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(|source| DaemonError::Spawn {
                program: program.to_owned(),
                source,
            })?;
        let output = child.stdout.take().expect("stdout was asked to be a pipe");
        let mut line = String::new();
        match timeout(START_LIMIT, BufReader::new(output).read_line(&mut line)).await {
            Ok(Ok(length)) if length > 0 => Ok(()),
            Ok(_) => {
                let status = child
                    .wait()
                    .await
                    .map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(self.not_ready(format!("ended before it listened ({status})")))
            }
            Err(_) => {
                // It is ours and useless: do not leave it behind.
                let _ended = child.kill().await;
                Err(self.not_ready(format!("did not listen within {} s", START_LIMIT.as_secs())))
            }
        }
    }

    /// A process that lives has written its words, or will in a moment.
    async fn wait_for_words(&self) -> Result<Running, DaemonError> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Some(running) =
                running::listening(self.deployment).map_err(DaemonError::State)?
            {
                return Ok(running);
            }
            if !running::lives(self.deployment).map_err(DaemonError::State)? {
                return Err(self.not_ready("ended before it listened".to_owned()));
            }
            if Instant::now() > deadline {
                return Err(
                    self.not_ready(format!("did not listen within {} s", START_LIMIT.as_secs()))
                );
            }
            sleep(LOCK_INTERVAL).await;
        }
    }

    async fn wait_for_end(&self) -> Result<bool, DaemonError> {
        let deadline = Instant::now() + STOP_LIMIT;
        while running::lives(self.deployment).map_err(DaemonError::State)? {
            if Instant::now() > deadline {
                return Ok(false);
            }
            sleep(LOCK_INTERVAL).await;
        }
        Ok(true)
    }

    fn place(&self) -> (&Path, &OsStr) {
        let path = self.deployment.path();
        (
            path.parent().unwrap_or(path),
            path.file_name().unwrap_or_default(),
        )
    }

    fn not_ready(&self, what: String) -> DaemonError {
        let log = self.deployment.embedded_log();
        let content = std::fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = content.lines().collect();
        let tail = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
        DaemonError::NotReady { what, log, tail }
    }
}
