//! `oras` against the registry: artifacts, and what is attached to them.
//!
//! Ignored unless asked for: Debian has no package of it.

use serde_json::Value;
use tokio::process::Command;

use crate::support::server::Server;
use crate::support::skopeo::output;
use crate::support::stores::{TestStore, directory, memory};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs oras (`go install oras.land/oras/cmd/oras@latest`)"]
async fn oras_pushes_attaches_discovers_and_pulls() {
    for store in [memory(), directory()] {
        round_trip(store).await;
    }
}

async fn round_trip(store: TestStore) {
    let server = Server::start(store.storage).await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("artifact.txt", "an artifact");
    write("sbom.json", "{}");
    let authority = server.certificate_directory.path().join("ca.crt");
    let oras = async |arguments: &[&str]| {
        let mut command = Command::new("oras");
        command
            .args(arguments)
            .arg("--ca-file")
            .arg(&authority)
            // Said expressly, because oras speaks plain HTTP to localhost.
            .arg("--plain-http=false")
            .current_dir(folder.path());
        output(command, "oras").await.unwrap()
    };
    let subject = format!("{}/team/artifact:v1", server.host);
    let kind = "application/vnd.example.artifact";
    oras(&[
        "push",
        &subject,
        "artifact.txt:text/plain",
        "--artifact-type",
        kind,
    ])
    .await;
    let sbom = "application/vnd.example.sbom";
    oras(&[
        "attach",
        &subject,
        "sbom.json:application/json",
        "--artifact-type",
        sbom,
    ])
    .await;
    let found = oras(&["discover", &subject, "--format", "json"]).await;
    let found: Value = serde_json::from_str(&found).unwrap();
    let referrers = found["referrers"]
        .as_array()
        .or(found["manifests"].as_array());
    assert_eq!(referrers.unwrap()[0]["artifactType"], sbom, "{found}");

    write("artifact.txt", "something else");
    oras(&["pull", &subject]).await;
    let pulled = std::fs::read_to_string(folder.path().join("artifact.txt")).unwrap();
    assert_eq!(pulled, "an artifact");
    let copy = format!("{}/copy:v1", server.host);
    let copy_to = ["cp", "--recursive", &subject, &copy];
    let mut command = Command::new("oras");
    command.args(copy_to);
    for option in ["--from-ca-file", "--to-ca-file"] {
        command.arg(option).arg(&authority);
    }
    for option in ["--from-plain-http=false", "--to-plain-http=false"] {
        command.arg(option);
    }
    output(command, "oras").await.unwrap();
    let found = oras(&["discover", &copy, "--format", "json"]).await;
    assert!(found.contains(sbom), "{found}");
    let tags = oras(&["repo", "tags", &format!("{}/copy", server.host)]).await;
    assert_eq!(tags.trim(), "v1");
    let repositories = oras(&["repo", "ls", &server.host]).await;
    assert_eq!(repositories, "copy\nteam/artifact\n");
    server.stop().await;
}
