//! Running a helper: input, limited output, a time limit that leaves nothing behind.

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::SecretSlice;
use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::answer::is_whole;

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

/// Ends when the helper has ended and its output has, too; or, where a process that it left behind holds the output open, as soon as what
/// the helper wrote is an answer.
async fn converse(child: &mut Child, input: &str) -> Result<Output, RunError> {
    let (Some(mut stdin), Some(mut stdout), Some(mut stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(RunError::Io(std::io::Error::other("it has no pipes")));
    };
    let write = async move {
        // A helper that does not read its input may still answer; what it says decides.
        let _ = stdin.write_all(input.as_bytes()).await;
        let _ = stdin.shutdown().await;
    };
    let mut write = std::pin::pin!(write);
    let (mut answer, mut complaint) = (Stream::default(), Stream::default());
    let (mut written, mut ended) = (false, None);
    loop {
        if let Some(status) = ended
            && is_decided(status, &answer)
        {
            return Ok(Output {
                status,
                stdout: std::mem::take(&mut *answer.content).into(),
                stderr: std::mem::take(&mut *complaint.content),
            });
        }
        tokio::select! {
            () = &mut write, if !written => written = true,
            read = stdout.read(&mut answer.buffer), if !answer.ended => {
                answer.keep(read?);
                if answer.is_full {
                    return Err(RunError::TooMuchOutput);
                }
            }
            read = stderr.read(&mut complaint.buffer), if !complaint.ended => complaint.keep(read?),
            status = child.wait(), if ended.is_none() => {
                ended = Some(status?);
                // Whatever it wrote itself is in the pipes by now.
                answer.drain(&stdout)?;
                complaint.drain(&stderr)?;
                if answer.is_full {
                    return Err(RunError::TooMuchOutput);
                }
            }
        }
    }
}

/// Whether what comes later cannot change the outcome.
fn is_decided(status: ExitStatus, answer: &Stream) -> bool {
    !status.success() || answer.ended || is_whole(&answer.content)
}

/// The beginning of what a helper writes. It may be a secret wherever it is written, and is wiped.
struct Stream {
    /// With room for all of it from the start, so that no copy is left behind by growing.
    content: Zeroizing<Vec<u8>>,
    buffer: Zeroizing<Vec<u8>>,
    is_full: bool,
    ended: bool,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            content: Zeroizing::new(Vec::with_capacity(OUTPUT_LIMIT)),
            buffer: Zeroizing::new(vec![0; 8192]),
            is_full: false,
            ended: false,
        }
    }
}

impl Stream {
    /// Takes what was read into the buffer.
    fn keep(&mut self, length: usize) {
        self.ended = length == 0;
        let room = OUTPUT_LIMIT - self.content.len();
        self.is_full |= length > room;
        self.content
            .extend_from_slice(&self.buffer[..length.min(room)]);
    }

    /// Reads what is there, waiting for nothing.
    fn drain(&mut self, pipe: &impl AsFd) -> Result<(), RunError> {
        while !self.ended && !self.is_full {
            match rustix::io::read(pipe, self.buffer.as_mut_slice()) {
                Ok(length) => self.keep(length),
                Err(rustix::io::Errno::AGAIN) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(RunError::Io(error.into())),
            }
        }
        Ok(())
    }
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
