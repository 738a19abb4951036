//! Debian's `docker-registry`, the peer that images are exchanged with.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::certificates::Certificates;

pub struct DockerRegistry {
    /// `localhost:<port>`
    pub host: String,
    /// A folder with `ca.crt`.
    pub certificate_directory: PathBuf,
    _data: tempfile::TempDir,
    _process: Child,
}

impl DockerRegistry {
    pub async fn start() -> Self {
        let certificates = Certificates::new();
        let data = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(data.path().join(name), text).unwrap();
        write("ca.crt", &certificates.authority);
        write("tls.crt.pem", &certificates.certificate);
        write("tls.key.pem", &certificates.key);
        let free = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let directory = data.path().display();
        write(
            "config.yml",
            &format!(
                "version: 0.1\nlog: {{level: error}}\nstorage:\n  delete: {{enabled: true}}\n  filesystem: {{rootdirectory: {directory}/storage}}\n\
                 http:\n  addr: {free}\n  tls: {{certificate: {directory}/tls.crt.pem, key: {directory}/tls.key.pem}}\n"
            ),
        );
        let mut command = Command::new("docker-registry");
        command
            .arg("serve")
            .arg(data.path().join("config.yml"))
            .kill_on_drop(true);
        let process = command.stdout(std::process::Stdio::null()).spawn().unwrap_or_else(|error| {
            panic!("docker-registry could not be started ({error}): install Debian's package docker-registry")
        });
        let limit = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(free).await.is_err() {
            assert!(
                Instant::now() < limit,
                "docker-registry does not accept connections after 30 seconds"
            );
            tokio::task::yield_now().await;
        }
        let host = format!("localhost:{}", free.port());
        Self {
            host,
            certificate_directory: data.path().to_owned(),
            _data: data,
            _process: process,
        }
    }
}
