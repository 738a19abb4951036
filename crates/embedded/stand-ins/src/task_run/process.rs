//! One step as a process.

use std::{
    ffi::OsString,
    fs::File,
    io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

/// What to start.
pub(crate) struct StepCommand {
    /// The program and its leading arguments.
    pub(crate) program: Vec<OsString>,
    /// The step's arguments.
    pub(crate) arguments: Vec<String>,
    /// The whole environment.
    pub(crate) environment: Vec<(String, String)>,
    /// The working directory.
    pub(crate) directory: PathBuf,
    /// Where standard output and standard error go.
    pub(crate) log: File,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// By itself, with this code; 128 and the signal's number when a signal ended it, as in a container.
    Code(i32),
    /// Its own limit was reached, and it was killed.
    TimedOut,
    /// It was killed because the run was to end.
    Cancelled,
}

/// Runs a process in a process group of its own and waits for it. The whole group is killed at the limit and on
/// cancellation, and when this future is dropped.
pub(crate) async fn run(
    command: StepCommand,
    limit: Option<Duration>,
    cancelled: &CancellationToken,
    started: impl FnOnce(u32),
) -> io::Result<Exit> {
    let (program, leading) = command
        .program
        .split_first()
        .ok_or(io::ErrorKind::InvalidInput)?;
    let mut child = Command::new(program)
        .args(leading)
        .args(&command.arguments)
        .env_clear()
        .envs(command.environment)
        .current_dir(&command.directory)
        .stdin(Stdio::null())
        .stdout(command.log.try_clone()?)
        .stderr(command.log)
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(id) = child.id() {
        started(id);
    }
    let mut group = Group(group);
    let expired = async {
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    let exit = tokio::select! {
        status = child.wait() => {
            group.0 = None;
            return Ok(Exit::Code(code(status?)));
        }
        () = expired => Exit::TimedOut,
        () = cancelled.cancelled() => Exit::Cancelled,
    };
    drop(group);
    child.wait().await?;
    Ok(exit)
}

/// A process group that is killed when it is dropped.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended in this moment; then there is nothing to kill.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    async fn run_shell(
        script: &str,
        limit: Option<Duration>,
        cancelled: &CancellationToken,
    ) -> (Exit, String) {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let command = StepCommand {
            program: ["/bin/sh", "-c"].map(OsString::from).to_vec(),
            arguments: vec![script.to_owned()],
            environment: vec![("GREETING".to_owned(), "hello".to_owned())],
            directory: folder.path().to_owned(),
            log: File::create(&log).unwrap(),
        };
        let exit = run(command, limit, cancelled, |_| ()).await.unwrap();
        (exit, fs::read_to_string(log).unwrap())
    }

    #[tokio::test]
    async fn output_and_exit_code_are_kept() {
        let (exit, log) = run_shell(
            "echo $GREETING; echo $UNSET_HERE >&2; exit 3",
            None,
            &CancellationToken::new(),
        )
        .await;
        assert_eq!(exit, Exit::Code(3));
        assert_eq!(log, "hello\n\n");
    }

    #[tokio::test]
    async fn the_environment_of_this_process_is_not_inherited() {
        let (_, log) = run_shell("/usr/bin/env", None, &CancellationToken::new()).await;
        assert!(!log.contains("CARGO"), "{log}");
    }

    #[tokio::test]
    async fn a_limit_ends_the_whole_group() {
        let limit = Some(Duration::from_millis(50));
        let (exit, _) = run_shell(
            "/bin/sleep 60 & /bin/sleep 60",
            limit,
            &CancellationToken::new(),
        )
        .await;
        assert_eq!(exit, Exit::TimedOut);
    }

    #[tokio::test]
    async fn a_cancelled_run_ends_its_process() {
        let cancelled = CancellationToken::new();
        cancelled.cancel();
        let (exit, _) = run_shell("/bin/sleep 60", None, &cancelled).await;
        assert_eq!(exit, Exit::Cancelled);
    }

    #[tokio::test]
    async fn a_process_killed_by_a_signal_has_the_code_of_a_container() {
        let (exit, _) = run_shell("kill -9 $$", None, &CancellationToken::new()).await;
        assert_eq!(exit, Exit::Code(137));
    }
}
