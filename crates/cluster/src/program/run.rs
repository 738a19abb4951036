//! Running a command to its end, within its limit, leaving no process behind.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};

use secrecy::ExposeSecret;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command as Process};
use tokio::time::{Instant, timeout, timeout_at};

use super::capture::{Captured, tail};
use super::command::{Command, Variable};
use super::process_group::{GRACE, ProcessGroup};
use super::search::locate;
use super::{Output, OutputStream, ProgramError};

/// How a run ended that did not end by itself.
enum GivenUp {
    Limit,
    Cancelled,
}

impl Command {
    /// Runs it, and gives what it wrote when it ended with exit code 0.
    ///
    /// The run ends when the program has ended and everything that holds its output has, too. When the limit passes, when
    /// the token is cancelled or when the returned future is dropped, the whole process group is ended and reaped.
    ///
    /// # Errors
    ///
    /// [`ProgramError`], which shows [`Command::rendering`] and the last lines of the output.
    pub async fn run(self) -> Result<Output, ProgramError> {
        let command = self.rendering();
        let cannot_run = |source| ProgramError::Run {
            command: command.clone(),
            source,
        };
        let mut child = self.start(&command)?;
        let mut group = ProcessGroup::of(&child);
        let deadline = Instant::now() + self.limit;
        let (mut stdout, mut stderr) = (Captured::default(), Captured::default());
        let mut talked = {
            let conversation = converse(&self, &mut child, &mut stdout, &mut stderr);
            let mut conversation = std::pin::pin!(conversation);
            let talked = self.limited(deadline, &mut conversation).await;
            if talked.is_err() {
                group.terminate();
                // Its pipes close when it has ended; what it writes until then may tell why.
                let _ended = timeout(GRACE, &mut conversation).await;
            }
            talked
        };
        if let Ok(Ok(())) = talked {
            // A program may close its output and go on.
            match self.limited(deadline, child.wait()).await {
                Ok(status) => {
                    group.was_reaped();
                    return self.judge(
                        command.clone(),
                        status.map_err(cannot_run)?,
                        stdout,
                        stderr,
                    );
                }
                Err(given_up) => talked = Err(given_up),
            }
        }
        group.kill();
        child.wait().await.map_err(cannot_run)?;
        let tail = tail(&stdout, &stderr);
        match talked {
            Ok(Err(source)) => Err(cannot_run(source)),
            Ok(Ok(())) | Err(GivenUp::Limit) => Err(ProgramError::TimedOut {
                limit: self.limit,
                tail,
                command,
            }),
            Err(GivenUp::Cancelled) => Err(ProgramError::Cancelled { tail, command }),
        }
    }

    /// Waits for something until the deadline, or until the token is cancelled.
    async fn limited<F: Future>(&self, deadline: Instant, work: F) -> Result<F::Output, GivenUp> {
        tokio::select! {
            biased;
            () = cancelled(self) => Err(GivenUp::Cancelled),
            outcome = timeout_at(deadline, work) => outcome.map_err(|_| GivenUp::Limit),
        }
    }

    fn start(&self, command: &str) -> Result<Child, ProgramError> {
        let program = locate(&self.program, self.search_path.as_deref());
        let program = program.ok_or_else(|| self.not_found())?;
        let mut process = Process::new(program);
        process
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // What it starts must end with it, and Ctrl-C on our terminal is ours to pass on.
            .process_group(0)
            .kill_on_drop(true);
        if let Some(folder) = &self.folder {
            process.current_dir(folder);
        }
        if let Some(search_path) = &self.search_path {
            process.env("PATH", search_path);
        }
        for (name, value) in &self.environment {
            match value {
                Variable::Plain(value) => process.env(name, value),
                Variable::Secret(value) => process.env(name, value.expose_secret()),
                Variable::Removed => process.env_remove(name),
            };
        }
        process.spawn().map_err(|source| ProgramError::Run {
            command: command.to_owned(),
            source,
        })
    }

    fn not_found(&self) -> ProgramError {
        let is_a_path = std::path::Path::new(&self.program).components().count() > 1;
        ProgramError::NotFound {
            program: self.program.to_string_lossy().into_owned(),
            place: if is_a_path { "" } else { " on PATH" },
            advice: self
                .advice
                .unwrap_or("install it, or put its folder on PATH"),
        }
    }

    fn judge(
        &self,
        command: String,
        status: ExitStatus,
        stdout: Captured,
        stderr: Captured,
    ) -> Result<Output, ProgramError> {
        if status.success() {
            return Ok(Output {
                command,
                stdout,
                stderr,
            });
        }
        Err(ProgramError::Failed {
            command,
            status: in_words(status),
            tail: tail(&stdout, &stderr),
        })
    }
}

async fn converse(
    command: &Command,
    child: &mut Child,
    stdout: &mut Captured,
    stderr: &mut Captured,
) -> io::Result<()> {
    let (Some(mut stdin), Some(out), Some(err)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("it has no pipes"));
    };
    let write = async move {
        // A program that does not read its input may still do its work; how it ends decides.
        let _broken_pipe = stdin.write_all(command.input.bytes()).await;
        let _broken_pipe = stdin.shutdown().await;
    };
    let lines = command.lines.as_ref();
    let secret = command.output_is_secret;
    let ((), out, err) = tokio::join!(
        write,
        stdout.read(out, OutputStream::Stdout, secret, lines),
        stderr.read(err, OutputStream::Stderr, false, lines),
    );
    out.and(err)
}

async fn cancelled(command: &Command) {
    match &command.cancellation {
        Some(token) => token.cancelled().await,
        None => std::future::pending().await,
    }
}

fn in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}
