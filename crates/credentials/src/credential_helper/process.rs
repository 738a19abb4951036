//! Running a helper: input, limited output, a time limit that leaves nothing behind.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::SecretSlice;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

/// Tokens of cloud registries have a few KiB.
const OUTPUT_LIMIT: usize = 64 * 1024;

/// What a helper left.
pub(super) struct Output {
    pub(super) status: ExitStatus,
    pub(super) stdout: SecretSlice<u8>,
    pub(super) stderr: Vec<u8>,
}

#[derive(Debug)]
pub(super) enum RunError {
    Io(std::io::Error),
    TimedOut,
    TooMuchOutput,
}

impl From<std::io::Error> for RunError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

pub(super) async fn run(
    program: &Path,
    input: &str,
    search_path: Option<&OsStr>,
    limit: Duration,
) -> Result<Output, RunError> {
    let mut command = Command::new(program);
    command
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Many helpers are scripts: their own processes must end with them.
        .process_group(0)
        .kill_on_drop(true);
    if let Some(search_path) = search_path {
        command.env("PATH", search_path);
    }
    let mut child = command.spawn()?;
    let mut group = ProcessGroup::of(&child);
    let outcome = tokio::time::timeout(limit, converse(&mut child, input)).await;
    if let Ok(Ok(output)) = outcome {
        group.has_ended();
        return Ok(output);
    }
    group.kill();
    // The group's end is its end too; waiting leaves no zombie behind.
    let _ = child.start_kill();
    child.wait().await?;
    outcome.unwrap_or(Err(RunError::TimedOut))
}

async fn converse(child: &mut Child, input: &str) -> Result<Output, RunError> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(RunError::Io(std::io::Error::other("it has no pipes")));
    };
    let write = async move {
        // A helper that does not read its input may still answer; what it says decides.
        let _ = stdin.write_all(input.as_bytes()).await;
        let _ = stdin.shutdown().await;
    };
    let ((), stdout, stderr) = tokio::join!(write, read_limited(stdout), read_beginning(stderr));
    let (stdout, stderr) = (stdout?, stderr?);
    let status = child.wait().await?;
    Ok(Output {
        status,
        stdout,
        stderr,
    })
}

async fn read_limited(stream: impl AsyncRead + Unpin) -> Result<SecretSlice<u8>, RunError> {
    // Room for all of it at once, so that no copy is left behind by growing.
    let mut content = Vec::with_capacity(OUTPUT_LIMIT + 1);
    stream
        .take(OUTPUT_LIMIT as u64 + 1)
        .read_to_end(&mut content)
        .await?;
    match content.len() > OUTPUT_LIMIT {
        true => Err(RunError::TooMuchOutput),
        false => Ok(content.into()),
    }
}

async fn read_beginning(mut stream: impl AsyncRead + Unpin) -> Result<Vec<u8>, RunError> {
    let mut content = Vec::new();
    (&mut stream)
        .take(OUTPUT_LIMIT as u64)
        .read_to_end(&mut content)
        .await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(content)
}

/// The helper and everything that it started; killed when the wait for it is given up, whoever gives it up.
struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// Its number may belong to somebody else from now on.
    fn has_ended(&mut self) {
        self.0 = None;
    }

    fn kill(&mut self) {
        if let Some(leader) = self.0.take() {
            // It fails only when the group has ended by itself.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.kill();
    }
}
