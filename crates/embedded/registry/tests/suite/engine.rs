//! A container engine against the registry: `docker push` and `docker pull` over verified TLS, and a peer in a container.
//!
//! Ignored unless asked for: these need Docker Engine, the `docker` command, and the right to write to `/etc/docker/certs.d`.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use registry::Options;
use registry::access::TokenSettings;
use registry::storage::Storage;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::access;
use crate::peers::goes_to_a_peer_and_back_unchanged;
use crate::support::docker_registry::DockerRegistry;
use crate::support::server::Server;
use crate::support::skopeo::{output, skopeo};
use crate::support::stores::{directory, memory};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Docker Engine"]
async fn docker_pushes_and_pulls_and_the_digest_stays() {
    for store in [memory(), directory()] {
        let server = start(store.storage, Options::default()).await;
        let image = imported(&server, "team/app:v1").await;
        // Nobody skips verification: without the authority there is no push.
        let refused = docker(&["push", &image]).await.unwrap_err();
        assert!(refused.contains("x509"), "{refused}");

        let _trust = Trust::in_server(&server);
        let pushed = docker(&["push", &image]).await.unwrap();
        let digest = pushed
            .split_whitespace()
            .find(|word| word.starts_with("sha256:"))
            .unwrap()
            .to_owned();
        docker(&["rmi", &image]).await.unwrap();
        let by_digest = format!("{}/team/app@{digest}", server.host);
        let pulled = docker(&["pull", &by_digest]).await.unwrap();
        assert!(pulled.contains(&digest), "{pulled}");
        let inspected = format!("docker://{}/team/app:v1", server.host);
        let seen = skopeo(
            &server,
            &["inspect", "--cert-dir", "--format={{.Digest}}", &inspected],
        )
        .await
        .unwrap();
        assert_eq!(seen.trim(), digest);
        docker(&["rmi", &by_digest]).await.unwrap();
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Docker Engine"]
async fn docker_logs_in_with_a_password_and_with_a_token() {
    let ways = || [access::basic(), access::tokens(TokenSettings::default())];
    let each = [memory, directory].map(|store| ways().map(|options| (store(), options)));
    for (store, options) in each.into_iter().flatten() {
        let server = start(store.storage, options).await;
        let _trust = Trust::in_server(&server);
        let config = tempfile::tempdir().unwrap();
        let allowed = imported(&server, "team/app:v1").await;
        let forbidden = imported(&server, "shared:v1").await;
        let with = |arguments: &[&str]| {
            let mut command = Command::new("docker");
            command.arg("--config").arg(config.path()).args(arguments);
            command
        };
        let nobody = output(with(&["push", &allowed]), "docker.io").await;
        assert!(nobody.is_err());
        let login = [
            "login",
            "--username",
            "robot",
            "--password-stdin",
            &server.host,
        ];
        feed(with(&login), "wrong").await.unwrap_err();
        feed(with(&login), "robot-secret").await.unwrap();
        output(with(&["push", &allowed]), "docker.io")
            .await
            .unwrap();
        let denied = output(with(&["push", &forbidden]), "docker.io").await;
        assert!(denied.unwrap_err().contains("denied"));
        docker(&["rmi", &allowed, &forbidden]).await.unwrap();
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Docker Engine, and Debian's packages skopeo and docker-registry"]
async fn an_index_goes_to_a_peer_in_a_container_and_back_unchanged() {
    let peer = DockerRegistry::start_in_container().await;
    for store in [memory(), directory()] {
        goes_to_a_peer_and_back_unchanged(store, &peer).await;
    }
}

/// Docker does not verify certificates of loopback addresses, so the registry is on the engine's bridge.
async fn start(storage: Arc<dyn Storage>, options: Options) -> Server {
    let format = "{{range .IPAM.Config}}{{.Subnet}}{{end}}";
    let inspect = ["network", "inspect", "bridge", "--format", format];
    let subnet = docker(&inspect).await.unwrap();
    // The host has the first address of the bridge's subnet, unless someone configured the engine otherwise.
    let network = subnet.trim().split('/').next().unwrap();
    let network: u32 = network.parse::<Ipv4Addr>().unwrap().into();
    let host = Ipv4Addr::from(network + 1).to_string();
    Server::start_on(&host, &host, storage, options).await
}

/// An image of one file, named for a repository of the server.
async fn imported(server: &Server, name: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("image.tar");
    let mut builder = tar::Builder::new(std::fs::File::create(&archive).unwrap());
    let mut header = tar::Header::new_gnu();
    header.set_size(name.len() as u64);
    builder
        .append_data(&mut header, "file", name.as_bytes())
        .unwrap();
    builder.finish().unwrap();
    let image = format!("{}/{name}", server.host);
    docker(&["import", archive.to_str().unwrap(), &image])
        .await
        .unwrap();
    image
}

async fn docker(arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("docker");
    command.args(arguments);
    output(command, "docker.io").await
}

/// Runs a command that reads a secret from its standard input.
async fn feed(mut command: Command, input: &str) -> Result<(), String> {
    let command = command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// Docker trusts the server's authority for as long as this lives.
struct Trust(PathBuf);

impl Trust {
    fn in_server(server: &Server) -> Self {
        let folder = Path::new("/etc/docker/certs.d").join(&server.host);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("ca.crt"), &server.authority).unwrap();
        Self(folder)
    }
}

impl Drop for Trust {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
