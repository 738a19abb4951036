//! Images exchanged with other people's programs: Debian's `docker-registry` and `buildah`.
//!
//! Ignored unless asked for (`cargo test -p registry -- --include-ignored`), because not every host has these programs.

use http::Method;
use registry::Algorithm;
use serde_json::json;
use tokio::process::Command;

use crate::manifests::{image, index_of};
use crate::support::content::sha256;
use crate::support::data_set::DataSet;
use crate::support::docker_registry::DockerRegistry;
use crate::support::server::Server;
use crate::support::skopeo::{CERTIFICATES, DESTINATION, SOURCE, output, run, skopeo};
use crate::support::stores::{TestStore, directory, memory};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Debian's packages skopeo and docker-registry"]
async fn an_index_goes_to_docker_registry_and_back_unchanged() {
    for store in [memory(), directory()] {
        let peer = DockerRegistry::start().await;
        goes_to_a_peer_and_back_unchanged(store, &peer).await;
    }
}

/// Pushes an index, copies it to the peer, and back into another repository.
pub async fn goes_to_a_peer_and_back_unchanged(store: TestStore, peer: &DockerRegistry) {
    let server = Server::start(store.storage).await;
    let index = push_index(&server, "team/app").await;
    let ours = format!("docker://{}/team/app:v1", server.host);
    let theirs = format!("docker://{}/team/app:v1", peer.host);
    let back = format!("docker://{}/back/again:v1", server.host);
    let copy = ["copy", "--all", "--preserve-digests"];
    let out = [&copy[..], &[&ours, &theirs]].concat();
    exchange(&server, peer, &out, Direction::Out).await;
    let home = [&copy[..], &[&theirs, &back]].concat();
    exchange(&server, peer, &home, Direction::In).await;
    let manifest = skopeo(&server, &["inspect", CERTIFICATES, "--raw", &back])
        .await
        .unwrap();
    assert_eq!(manifest, index);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Debian's packages skopeo and docker-registry"]
async fn every_tag_of_a_repository_is_synchronised_to_docker_registry_and_back() {
    for store in [memory(), directory()] {
        let peer = DockerRegistry::start().await;
        let server = Server::start(store.storage).await;
        let index = push_index(&server, "team/app").await;
        let sync = ["sync", "--all", "--preserve-digests"];
        let sync = [&sync[..], &["--src", "docker", "--dest", "docker"]].concat();
        let (ours, copies) = (
            format!("{}/team/app", server.host),
            format!("{}/copies", peer.host),
        );
        let out = [&sync[..], &[&ours, &copies]].concat();
        exchange(&server, &peer, &out, Direction::Out).await;
        let theirs = format!("{}/copies/app", peer.host);
        let listed = format!("docker://{theirs}");
        let trusted = &peer.certificate_directory;
        let tags = run(trusted, &["list-tags", CERTIFICATES, &listed]).await;
        assert_eq!(tags_of(&tags.unwrap()), json!(["v1", "v2"]));

        let back = format!("{}/back", server.host);
        let home = [&sync[..], &[&theirs, &back]].concat();
        exchange(&server, &peer, &home, Direction::In).await;
        let back = format!("docker://{}/back/app", server.host);
        let tags = skopeo(&server, &["list-tags", CERTIFICATES, &back]).await;
        assert_eq!(tags_of(&tags.unwrap()), json!(["v1", "v2"]));
        for tag in ["v1", "v2"] {
            let image = format!("{back}:{tag}");
            let manifest = skopeo(&server, &["inspect", CERTIFICATES, "--raw", &image]).await;
            assert_eq!(manifest.unwrap(), index, "{tag}");
        }
        server.stop().await;
    }
}

fn tags_of(list: &str) -> serde_json::Value {
    let list: serde_json::Value = serde_json::from_str(list).unwrap();
    list["Tags"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Debian's package buildah, and root or subordinate user ids"]
async fn buildah_pushes_what_it_built_and_pulls_it_again() {
    for store in [memory(), directory()] {
        build_round_trip(store, "buildah").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Debian's package podman, and root or subordinate user ids"]
async fn podman_pushes_what_it_built_and_pulls_it_again() {
    for store in [memory(), directory()] {
        build_round_trip(store, "podman").await;
    }
}

/// Builds with buildah or podman, whose options are the same.
async fn build_round_trip(store: TestStore, program: &str) {
    let server = Server::start(store.storage).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("Dockerfile"),
        "FROM scratch\nCOPY Dockerfile /file\n",
    )
    .unwrap();
    let run = async |arguments: &[&str]| {
        let mut command = Command::new(program);
        for (option, name) in [("--root", "root"), ("--runroot", "run")] {
            command.arg(option).arg(folder.path().join(name));
        }
        command
            .args(["--storage-driver", "vfs"])
            .args(arguments)
            .current_dir(folder.path());
        output(command, program).await.unwrap()
    };
    let certificates = format!(
        "--cert-dir={}",
        server.certificate_directory.path().display()
    );
    let image = format!("{}/built/app:v1", server.host);
    run(&["build", "--tag", &image, "."]).await;
    run(&["push", &certificates, &image, &format!("docker://{image}")]).await;
    run(&["rmi", "--all", "--force"]).await;
    run(&["pull", &certificates, &format!("docker://{image}")]).await;
    assert!(run(&["images"]).await.contains("built/app"));
    server.stop().await;
}

pub enum Direction {
    Out,
    In,
}

/// Runs skopeo between the two registries, each with its own authority.
pub async fn exchange(
    server: &Server,
    peer: &DockerRegistry,
    arguments: &[&str],
    direction: Direction,
) {
    let folders = (
        server.certificate_directory.path(),
        peer.certificate_directory.as_path(),
    );
    let (source, destination) = match direction {
        Direction::Out => folders,
        Direction::In => (folders.1, folders.0),
    };
    let mut command = Command::new("skopeo");
    command.arg("--insecure-policy").args(&arguments[..1]);
    command
        .arg(SOURCE)
        .arg(source)
        .arg(DESTINATION)
        .arg(destination)
        .args(&arguments[1..]);
    output(command, "skopeo").await.unwrap();
}

/// Pushes an index of two images under two tags. Returns its text.
pub async fn push_index(server: &Server, repository: &str) -> String {
    let mut set = DataSet::new(Algorithm::Sha256);
    let mut images = Vec::new();
    for (number, architecture) in ["amd64", "arm64"].into_iter().enumerate() {
        let mut entry = image(&mut set, number as u64, &[]);
        entry["platform"] = json!({ "os": "linux", "architecture": architecture });
        images.push(entry);
    }
    set.manifest(&index_of(&images), &["v1", "v2"]);
    let client = server.client();
    let put = async |path: String, media_type: &str, bytes: Vec<u8>| {
        let request = client
            .request(Method::PUT, server.url(&path))
            .header("content-type", media_type);
        assert_eq!(request.body(bytes).send().await.unwrap().status(), 201);
    };
    for blob in &set.blobs {
        let path = server.url(&format!(
            "/v2/{repository}/blobs/uploads/?digest={}",
            sha256(blob)
        ));
        assert_eq!(
            client
                .post(path)
                .body(blob.clone())
                .send()
                .await
                .unwrap()
                .status(),
            201
        );
    }
    for manifest in &set.manifests {
        let digest = sha256(&manifest.bytes).to_string();
        for reference in std::iter::once(digest.as_str()).chain(manifest.tags.iter().copied()) {
            let path = format!("/v2/{repository}/manifests/{reference}");
            put(path, &manifest.media_type, manifest.bytes.clone()).await;
        }
    }
    String::from_utf8(set.manifests.last().unwrap().bytes.clone()).unwrap()
}
