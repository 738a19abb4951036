//! Debian's `docker-registry`, the peer that images are exchanged with.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use testcontainers::ImageExt as _;
use testcontainers::runners::AsyncRunner as _;

use super::certificates::Certificates;
use super::container;

pub struct DockerRegistry {
    /// `localhost:<port>`
    pub host: String,
    /// A folder with `ca.crt`.
    pub certificate_directory: PathBuf,
    _data: tempfile::TempDir,
    /// The process or the container, which ends with this value.
    _running: Box<dyn Any + Send>,
}

impl DockerRegistry {
    /// As a process.
    pub async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        write_files(data.path(), data.path(), &free.to_string());
        let mut command = Command::new("docker-registry");
        command
            .arg("serve")
            .arg(data.path().join("config.yml"))
            .kill_on_drop(true);
        let process = command.stdout(std::process::Stdio::null()).spawn().unwrap_or_else(|error| {
            panic!("docker-registry could not be started ({error}): install Debian's package docker-registry")
        });
        Self::accepting(free.port(), data, Box::new(process)).await
    }

    /// In a container of the engine that `docker` talks to, from an image made of the same package.
    pub async fn start_in_container() -> Self {
        let data = tempfile::tempdir().unwrap();
        write_files(data.path(), Path::new("/etc/registry"), "0.0.0.0:5000");
        container::import(&data.path().join("image.tar")).await;
        let mut request = container::request();
        for name in ["config.yml", "tls.crt.pem", "tls.key.pem"] {
            let bytes = std::fs::read(data.path().join(name)).unwrap();
            request = request.with_copy_to(format!("/etc/registry/{name}"), bytes);
        }
        let container = request.start().await.unwrap();
        let port = container.get_host_port_ipv4(5000).await.unwrap();
        Self::accepting(port, data, Box::new(container)).await
    }

    async fn accepting(port: u16, data: tempfile::TempDir, running: Box<dyn Any + Send>) -> Self {
        let limit = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(
                Instant::now() < limit,
                "docker-registry does not accept connections after 30 seconds"
            );
            tokio::task::yield_now().await;
        }
        Self {
            host: format!("localhost:{port}"),
            certificate_directory: data.path().to_owned(),
            _data: data,
            _running: running,
        }
    }
}

/// Writes what the registry reads to `directory`, which it sees as `seen`.
fn write_files(directory: &Path, seen: &Path, address: &str) {
    let certificates = Certificates::new();
    let write = |name: &str, text: &str| std::fs::write(directory.join(name), text).unwrap();
    write("ca.crt", &certificates.authority);
    write("tls.crt.pem", &certificates.certificate);
    write("tls.key.pem", &certificates.key);
    let seen = seen.display();
    write(
        "config.yml",
        &format!(
            "version: 0.1\nlog: {{level: error}}\nstorage:\n  delete: {{enabled: true}}\n  filesystem: {{rootdirectory: {seen}/storage}}\n\
             http:\n  addr: {address}\n  tls: {{certificate: {seen}/tls.crt.pem, key: {seen}/tls.key.pem}}\n"
        ),
    );
}
