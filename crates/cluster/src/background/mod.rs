//! A background process of a deployment: started from the program's own binary with a hidden subcommand, found by the lock that it holds
//! for its whole life, ended by a signal.

pub(crate) mod body;
mod life;

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

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

/// What makes one background process another than the next.
pub(crate) trait Role {
    /// What the process tells about itself when it listens.
    type Words: Serialize + DeserializeOwned;
    /// What it is called in errors.
    const NAME: &'static str;
    /// Its hidden subcommand.
    const ENTRY: &'static str;
    /// The files of its lock and its words, in the deployment's `data`.
    const FILES: (&'static str, &'static str);
    /// Its log.
    fn log(deployment: &DeploymentDirectory) -> PathBuf;
    /// The process that said these words.
    fn pid(words: &Self::Words) -> u32;
}

/// The background process with a role, of one deployment.
#[derive(Debug)]
pub(crate) struct Background<'a, R> {
    deployment: &'a DeploymentDirectory,
    role: PhantomData<R>,
}

/// What had to be done so that a process runs.
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
    #[error("cannot tell whether {name} runs: {source}")]
    State {
        /// The process.
        name: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The program could not be started.
    #[error("cannot start {program}: {source}")]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It ended, or said nothing, before it listened.
    #[error("{name} {what}; the end of its log, {log}:\n{tail}")]
    NotReady {
        /// The process.
        name: &'static str,
        /// What happened, as a fragment.
        what: String,
        /// The log file.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// It does not end.
    #[error(
        "process {pid} of {name} does not end, not even after SIGKILL; look at it with `ps -p {pid}`"
    )]
    NotStopped {
        /// What it is.
        name: &'static str,
        /// The process.
        pid: u32,
    },
}

impl<'a, R: Role> Background<'a, R> {
    pub(crate) fn of(deployment: &'a DeploymentDirectory) -> Self {
        Self {
            deployment,
            role: PhantomData,
        }
    }

    /// The process's words, if it runs and listens.
    pub(crate) fn find(&self) -> Result<Option<R::Words>, DaemonError> {
        self.listening().map_err(Self::state)
    }

    /// What the last process, running or not, told about itself.
    pub(crate) fn last(&self) -> Result<Option<R::Words>, DaemonError> {
        self.last_words().map_err(Self::state)
    }

    /// Makes sure that the process runs: starts `program` with the hidden subcommand and these arguments if it does not.
    pub(crate) async fn ensure(
        &self,
        program: &Path,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<(R::Words, Ensured), DaemonError> {
        if self.lives().map_err(Self::state)? {
            return Ok((self.wait_for_words().await?, Ensured::Running));
        }
        self.start(program, arguments).await?;
        Ok((self.wait_for_words().await?, Ensured::Started))
    }

    /// Ends the process. Gives back the process that was ended, `None` when none ran.
    pub(crate) async fn stop(&self) -> Result<Option<u32>, DaemonError> {
        if !self.lives().map_err(Self::state)? {
            return Ok(None);
        }
        let words = self.wait_for_words().await?;
        let pid = R::pid(&words);
        for signal in [rustix::process::Signal::TERM, rustix::process::Signal::KILL] {
            let process = i32::try_from(pid)
                .ok()
                .and_then(rustix::process::Pid::from_raw);
            if let Some(process) = process {
                // A process that ended by itself a moment ago is what we want.
                let _gone_already = rustix::process::kill_process(process, signal);
            }
            if self.wait_for_end().await? {
                return Ok(Some(pid));
            }
        }
        let name = R::NAME;
        Err(DaemonError::NotStopped { name, pid })
    }

    fn state(source: io::Error) -> DaemonError {
        let name = R::NAME;
        DaemonError::State { name, source }
    }

    async fn start(
        &self,
        program: &Path,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<(), DaemonError> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(R::log(self.deployment))
            .map_err(Self::state)?;
        let (root, name) = self.place();
        let mut child = Command::new(program)
            .arg(R::ENTRY)
            .args([root.as_os_str(), name])
            .args(arguments)
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
    async fn wait_for_words(&self) -> Result<R::Words, DaemonError> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Some(words) = self.listening().map_err(Self::state)? {
                return Ok(words);
            }
            if !self.lives().map_err(Self::state)? {
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
        while self.lives().map_err(Self::state)? {
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
        let log = R::log(self.deployment);
        let content = std::fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = content.lines().collect();
        let tail = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
        DaemonError::NotReady {
            name: R::NAME,
            what,
            log,
            tail,
        }
    }
}
