//! What a program writes: kept up to a limit, told line by line, its end shown in errors.

use std::collections::VecDeque;
use std::io;

use secrecy::{SecretString, zeroize::Zeroize};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;

use super::ProgramError;
use super::error::Tail;

/// More than this much standard output is not kept: `kind` and `kubectl` write less where we read it.
const KEPT: usize = 4 * 1024 * 1024;
/// Lines of the end that an error shows.
const TAIL_LINES: usize = 12;
/// Longest line that is shown or sent, in characters.
const LINE_LENGTH: usize = 400;

/// Where a line was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A line of a running program, without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    /// Where it was written.
    pub stream: OutputStream,
    /// What was written.
    pub text: String,
}

/// What a program wrote that ended well.
pub struct Output {
    pub(super) command: String,
    pub(super) stdout: Captured,
    pub(super) stderr: Captured,
}

/// One stream, read to its end.
#[derive(Default)]
pub(super) struct Captured {
    content: Vec<u8>,
    overflowed: bool,
    tail: VecDeque<String>,
}

impl Output {
    /// All of standard output.
    ///
    /// # Errors
    ///
    /// [`ProgramError::Unusable`] when it is more than 4 MiB or not UTF-8.
    pub fn stdout(&self) -> Result<&str, ProgramError> {
        if self.stdout.overflowed {
            return Err(self.unusable("more than 4 MiB"));
        }
        std::str::from_utf8(&self.stdout.content)
            .map_err(|_| self.unusable("bytes that are not UTF-8"))
    }

    /// All of standard output, as a secret.
    ///
    /// # Errors
    ///
    /// As [`Output::stdout`].
    pub fn secret_stdout(&self) -> Result<SecretString, ProgramError> {
        self.stdout().map(SecretString::from)
    }

    /// The last lines of standard error.
    #[must_use]
    pub fn stderr_tail(&self) -> String {
        self.stderr.tail_text()
    }

    /// An error that says what is wrong with the output of this command.
    #[must_use]
    pub fn unusable(&self, problem: impl Into<String>) -> ProgramError {
        ProgramError::Unusable {
            command: self.command.clone(),
            problem: problem.into(),
        }
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Output")
            .field("command", &self.command)
            .finish_non_exhaustive()
    }
}

impl Drop for Captured {
    fn drop(&mut self) {
        // It may be a kubeconfig with a key in it.
        self.content.zeroize();
    }
}

impl Captured {
    /// Reads a stream to its end, so that the program never waits for a full pipe.
    pub(super) async fn read(
        &mut self,
        mut stream: impl AsyncRead + Unpin,
        name: OutputStream,
        secret: bool,
        lines: Option<&mpsc::Sender<OutputLine>>,
    ) -> io::Result<()> {
        // On the heap: a future carries what it holds across every await.
        let mut buffer = vec![0; 8192];
        let mut line = Vec::new();
        loop {
            let length = stream.read(&mut buffer).await?;
            if length == 0 {
                break;
            }
            let bytes = &buffer[..length];
            self.keep(bytes);
            if secret {
                continue;
            }
            for &byte in bytes {
                // Progress displays rewrite their line with a carriage return.
                if byte == b'\n' || byte == b'\r' {
                    self.end_line(&mut line, name, lines);
                } else if line.len() < LINE_LENGTH * 4 {
                    line.push(byte);
                }
            }
        }
        self.end_line(&mut line, name, lines);
        buffer.zeroize();
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = KEPT.saturating_sub(self.content.len());
        if bytes.len() > room {
            self.overflowed = true;
        }
        self.content
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end_line(
        &mut self,
        line: &mut Vec<u8>,
        stream: OutputStream,
        lines: Option<&mpsc::Sender<OutputLine>>,
    ) {
        let text = shown(line);
        line.clear();
        if text.is_empty() {
            return;
        }
        if let Some(lines) = lines {
            let text = text.clone();
            let _a_slow_reader_misses_it = lines.try_send(OutputLine { stream, text });
        }
        if self.tail.len() == TAIL_LINES {
            self.tail.pop_front();
        }
        self.tail.push_back(text);
    }

    fn tail_text(&self) -> String {
        let lines: Vec<&str> = self.tail.iter().map(String::as_str).collect();
        lines.join("\n")
    }
}

/// The end of standard error, or of standard output where that is empty.
pub(super) fn tail(stdout: &Captured, stderr: &Captured) -> Tail {
    let telling = if stderr.tail.is_empty() {
        stdout
    } else {
        stderr
    };
    Tail(telling.tail_text())
}

/// A line as it may be shown: no control characters, no terminal sequences, not endless.
fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut shown = String::new();
    let mut characters = text.chars().peekable();
    let mut length = 0;
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // CSI sequences end with a letter; colours and cursor movements are of this kind.
            if characters.next_if_eq(&'[').is_some() {
                while characters
                    .next()
                    .is_some_and(|code| !('@'..='~').contains(&code))
                {}
            }
            continue;
        }
        if length == LINE_LENGTH {
            shown.push('…');
            break;
        }
        shown.push(if character.is_control() {
            ' '
        } else {
            character
        });
        length += 1;
    }
    shown.trim_end().to_owned()
}
