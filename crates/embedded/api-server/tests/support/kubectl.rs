//! Running `kubectl` against a test server.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::TestServer;

/// `kubectl` with a kubeconfig of its own.
pub struct Kubectl {
    folder: TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub struct Finished {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Kubectl {
    /// `kubectl` as the administrator of the server.
    pub fn of(server: &TestServer) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::write_kubeconfig(server, folder.path());
        Self { folder }
    }

    /// Writes a kubeconfig of the administrator, with its certificates, into a folder.
    pub fn write_kubeconfig(server: &TestServer, folder: &Path) {
        let write = |name: &str, content: &str| std::fs::write(folder.join(name), content).unwrap();
        write("ca.crt", &server.authority.certificate_pem);
        write("client.crt", &server.administrator.certificate_pem);
        write("client.key", &server.administrator.key_pem);
        let kubeconfig = format!(
            "apiVersion: v1
kind: Config
clusters: [{{name: test, cluster: {{server: \"{}\", certificate-authority: ca.crt}}}}]
users: [{{name: test, user: {{client-certificate: client.crt, client-key: client.key}}}}]
contexts: [{{name: test, context: {{cluster: test, user: test}}}}]
current-context: test
",
            server.url()
        );
        // Whoever waits for the file finds all of it.
        write("config.new", &kubeconfig);
        std::fs::rename(folder.join("config.new"), folder.join("config")).unwrap();
    }

    /// Path of the kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// Runs a command that must succeed; gives back what it printed.
    pub async fn run(&self, arguments: &[&str]) -> String {
        self.run_with_input(arguments, "").await
    }

    /// The same with something on standard input.
    pub async fn run_with_input(&self, arguments: &[&str], input: &str) -> String {
        let finished = self.try_run(arguments, input).await;
        assert!(
            finished.success,
            "kubectl {} failed: {}{}",
            arguments.join(" "),
            finished.stdout,
            finished.stderr
        );
        finished.stdout
    }

    /// Version of the client, such as `1.20.2`.
    pub async fn version(&self) -> String {
        let version = self.run(&["version", "--client", "-o", "json"]).await;
        let version: serde_json::Value = serde_json::from_str(&version).unwrap();
        version["clientVersion"]["gitVersion"]
            .as_str()
            .unwrap()
            .trim_start_matches('v')
            .to_owned()
    }

    /// Runs a command that may fail.
    pub async fn try_run(&self, arguments: &[&str], input: &str) -> Finished {
        let mut child = self.command(arguments).spawn().unwrap_or_else(|error| {
            panic!("kubectl cannot be run ({error}): install Debian's package kubernetes-client, or kubectl from kubernetes.io")
        });
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .await
            .unwrap();
        let output = child.wait_with_output().await.unwrap();
        Finished {
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// A command that has not been started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command =
            Command::new(std::env::var_os("KUBECTL").unwrap_or_else(|| "kubectl".into()));
        command
            .args(arguments)
            .env("KUBECONFIG", self.kubeconfig())
            .env("HOME", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}
