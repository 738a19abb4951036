//! Debian's `docker-registry`, with a login: the peer that what is said about real registries is tried on.

use std::time::{Duration, Instant};

use oci::{Client, ClientBuilder};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::server::certificates;

pub struct DockerRegistry {
    /// `localhost:PORT`
    pub host: String,
    authority: String,
    data: tempfile::TempDir,
    _process: Child,
}

impl DockerRegistry {
    /// Users are those of an htpasswd file.
    pub async fn start(users: &str) -> Self {
        let (authority, certificate, key) = certificates(|_| {});
        let data = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(data.path().join(name), text).unwrap();
        write("tls.crt.pem", &certificate);
        write("tls.key.pem", &key);
        write("htpasswd", users);
        let free = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let directory = data.path().display();
        write(
            "config.yml",
            &format!(
                "version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {directory}/storage}}\n\
                 auth: {{htpasswd: {{realm: peer, path: {directory}/htpasswd}}}}\n\
                 http:\n  addr: {free}\n  tls: {{certificate: {directory}/tls.crt.pem, key: {directory}/tls.key.pem}}\n"
            ),
        );
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(data.path().join("config.yml"))
            .kill_on_drop(true)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
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
        Self {
            host: format!("localhost:{}", free.port()),
            authority,
            data,
            _process: process,
        }
    }

    pub fn client_builder(&self) -> ClientBuilder {
        Client::builder().ca_certificate_pem(self.authority.clone())
    }

    /// Uploads that nobody finished or cancelled. A cancelled one leaves a folder with the state of a hash, which this registry writes
    /// when it has deleted the rest; what makes an upload is the time when it started.
    pub fn open_uploads(&self, repository: &str) -> usize {
        let path = format!("storage/docker/registry/v2/repositories/{repository}/_uploads");
        let uploads = std::fs::read_dir(self.data.path().join(path)).unwrap();
        uploads
            .filter(|upload| upload.as_ref().unwrap().path().join("startedat").exists())
            .count()
    }
}
