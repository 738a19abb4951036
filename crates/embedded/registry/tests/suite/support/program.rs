//! The program `registry`, as a process.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

pub struct Program {
    child: Child,
    /// What it printed: where it serves.
    pub url: String,
}

impl Program {
    /// Serves a directory over plain HTTP.
    pub async fn start(data: &Path) -> Self {
        let arguments = ["--plain-http", "--storage"].map(OsStr::new);
        let arguments = arguments.into_iter().chain([data.as_os_str()]);
        Self::spawn(Self::command().args(arguments)).await
    }

    /// The program on a free port, to which options can be added.
    pub fn command() -> Command {
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut command = Command::new(env!("CARGO_BIN_EXE_registry"));
        command.args(["--listen", "127.0.0.1:0"]);
        command
    }

    pub async fn spawn(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        // The program prints its URL once it accepts connections.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines
            .next_line()
            .await
            .unwrap()
            .expect("the registry ended instead of serving");
        Self { child, url }
    }

    /// Ends it the way nothing can prepare for.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Ends it the way it is meant to end.
    pub async fn stop(mut self) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().await.unwrap().success());
    }
}
