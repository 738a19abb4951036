//! A state folder of its own for each test, and the program run in it as a person would.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A folder with a state root; its deployments are destroyed at the end, however the test ends.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

/// What a command printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn deployment(&self) -> PathBuf {
        self.state().join("konflux")
    }

    /// The program with these arguments; any free port unless the test says otherwise.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("KONFLUX_LOCAL_STATE_DIR", self.state())
            .env("REGISTRY_HOST_PORT", "0");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    pub(crate) fn deploy(&self) -> Ran {
        let ran = self.run(&["deploy-local"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran
    }

    /// A file below the deployment, as JSON.
    pub(crate) fn json(&self, path: &str) -> serde_json::Value {
        let content = std::fs::read(self.deployment().join(path)).unwrap();
        serde_json::from_slice(&content).unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        u32::try_from(self.json("data/running.json")["pid"].as_u64().unwrap()).unwrap()
    }

    pub(crate) fn registry_port(&self) -> u16 {
        u16::try_from(
            self.json("data/running.json")["ports"]["registry"]
                .as_u64()
                .unwrap(),
        )
        .unwrap()
    }

    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Ran {
        let output = Command::new("kubectl")
            .arg("--kubeconfig")
            .arg(self.deployment().join("kubeconfig"))
            .args(arguments)
            .env("HOME", self.folder.path())
            .output()
            .expect("kubectl must be on PATH (Debian: apt-get install kubernetes-client)");
        Ran::from(output)
    }

    /// Kills the background process as a crash would, and waits until it is gone.
    pub(crate) fn kill_cluster(&self) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        let lock = std::fs::File::open(self.deployment().join("data/embedded.lock")).unwrap();
        lock.lock().unwrap();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // Evidence of a failed destroy is the test's business; here nothing must stay behind.
        let _ = self.command(&["destroy"]).output();
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
