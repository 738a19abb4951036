//! Debian's `skopeo` against the registry, over verified TLS.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::access;
use crate::support::content::{sha256, write_image_layout};
use crate::support::server::Server;
use crate::support::skopeo::{CERTIFICATES, DESTINATION, SOURCE, layout, run, skopeo};
use crate::support::stores::TestStore;
use registry::access::TokenSettings;
use registry::storage::Directory;
use serde_json::Value;

crate::for_both_stores!(
    skopeo_pulls_what_it_pushed,
    skopeo_lists_and_deletes_tags,
    skopeo_copies_between_repositories_and_the_digest_stays,
    skopeo_refuses_an_authority_it_does_not_know,
    skopeo_logs_in_with_a_password_and_with_a_token,
    skopeo_synchronises_a_repository_out_and_in,
);

async fn skopeo_pulls_what_it_pushed(store: TestStore) {
    let server = Server::start(store.storage).await;
    let image = tempfile::tempdir().unwrap();
    let digest = write_image_layout(image.path());
    let repository = format!("docker://{}/team/group/app", server.host);
    skopeo(
        &server,
        &[
            "copy",
            DESTINATION,
            &layout(image.path()),
            &format!("{repository}:v1"),
        ],
    )
    .await
    .unwrap();

    let pulled = tempfile::tempdir().unwrap();
    skopeo(
        &server,
        &[
            "copy",
            SOURCE,
            &format!("{repository}@{digest}"),
            &layout(pulled.path()),
        ],
    )
    .await
    .unwrap();
    let inspected: Value = serde_json::from_str(
        &skopeo(
            &server,
            &["inspect", CERTIFICATES, &format!("{repository}:v1")],
        )
        .await
        .unwrap(),
    )
    .unwrap();
    assert_eq!(inspected["Digest"], digest.as_str());
    for entry in std::fs::read_dir(image.path().join("blobs/sha256")).unwrap() {
        let entry = entry.unwrap();
        let copy = pulled.path().join("blobs/sha256").join(entry.file_name());
        assert_eq!(
            std::fs::read(entry.path()).unwrap(),
            std::fs::read(&copy).unwrap(),
            "{}",
            copy.display()
        );
    }
    server.stop().await;
}

async fn skopeo_lists_and_deletes_tags(store: TestStore) {
    let server = Server::start(store.storage).await;
    let image = tempfile::tempdir().unwrap();
    write_image_layout(image.path());
    let repository = format!("docker://{}/app", server.host);
    for tag in ["v2", "v1"] {
        skopeo(
            &server,
            &[
                "copy",
                DESTINATION,
                &layout(image.path()),
                &format!("{repository}:{tag}"),
            ],
        )
        .await
        .unwrap();
    }
    let tags: Value = serde_json::from_str(
        &skopeo(&server, &["list-tags", CERTIFICATES, &repository])
            .await
            .unwrap(),
    )
    .unwrap();
    assert_eq!(tags["Tags"], serde_json::json!(["v1", "v2"]));

    // skopeo deletes the manifest behind the tag, and with it every tag of that manifest.
    skopeo(
        &server,
        &["delete", CERTIFICATES, &format!("{repository}:v1")],
    )
    .await
    .unwrap();
    assert!(
        skopeo(
            &server,
            &["inspect", CERTIFICATES, &format!("{repository}:v2")]
        )
        .await
        .unwrap_err()
        .contains("manifest unknown")
    );
    server.stop().await;
}

async fn skopeo_copies_between_repositories_and_the_digest_stays(store: TestStore) {
    let server = Server::start(store.storage).await;
    let image = tempfile::tempdir().unwrap();
    let digest = write_image_layout(image.path());
    let (source, target) = (
        format!("docker://{}/source/app:1", server.host),
        format!("docker://{}/target:2", server.host),
    );
    skopeo(
        &server,
        &["copy", DESTINATION, &layout(image.path()), &source],
    )
    .await
    .unwrap();
    skopeo(
        &server,
        &["copy", "--all", SOURCE, DESTINATION, &source, &target],
    )
    .await
    .unwrap();
    let manifest = skopeo(&server, &["inspect", CERTIFICATES, "--raw", &target])
        .await
        .unwrap();
    assert_eq!(sha256(manifest.as_bytes()), digest);
    server.stop().await;
}

async fn skopeo_refuses_an_authority_it_does_not_know(store: TestStore) {
    let server = Server::start(store.storage).await;
    let error = skopeo(
        &server,
        &["inspect", &format!("docker://{}/app:latest", server.host)],
    )
    .await
    .unwrap_err();
    assert!(
        error.contains("certificate signed by unknown authority"),
        "{error}"
    );
    server.stop().await;
}

/// Out to a folder and in from there; peers.rs does it with another registry.
async fn skopeo_synchronises_a_repository_out_and_in(store: TestStore) {
    let server = Server::start(store.storage).await;
    let image = tempfile::tempdir().unwrap();
    let digest = write_image_layout(image.path());
    for tag in ["v1", "v2"] {
        let target = format!("docker://{}/team/app:{tag}", server.host);
        let image = layout(image.path());
        let copy = ["copy", DESTINATION, &image, &target];
        skopeo(&server, &copy).await.unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let (repository, target) = (
        format!("{}/team/app", server.host),
        format!("{}/back", server.host),
    );
    let out = ["sync", "--all", SOURCE, "--src", "docker", "--dest", "dir"];
    let out = [&out[..], &[&repository, folder]].concat();
    skopeo(&server, &out).await.unwrap();
    let home = [
        "sync",
        "--all",
        DESTINATION,
        "--src",
        "dir",
        "--dest",
        "docker",
    ];
    let home = [&home[..], &[folder, &target]].concat();
    skopeo(&server, &home).await.unwrap();
    for tag in ["v1", "v2"] {
        let image = format!("docker://{target}/app:{tag}");
        let inspect = ["inspect", CERTIFICATES, "--raw", &image];
        let manifest = skopeo(&server, &inspect).await.unwrap();
        assert_eq!(sha256(manifest.as_bytes()), digest, "{tag}");
    }
    server.stop().await;
}

async fn skopeo_logs_in_with_a_password_and_with_a_token(store: TestStore) {
    for options in [access::basic(), access::tokens(TokenSettings::default())] {
        let server = Server::start_with(Arc::clone(&store.storage), options).await;
        let image = tempfile::tempdir().unwrap();
        write_image_layout(image.path());
        let image = layout(image.path());
        let to = |repository: &str| format!("docker://{}/{repository}:v1", server.host);
        let push = async |credentials: &str, repository: &str| {
            let target = to(repository);
            skopeo(
                &server,
                &[
                    "copy",
                    DESTINATION,
                    "--dest-creds",
                    credentials,
                    &image,
                    &target,
                ],
            )
            .await
        };
        push("robot:robot-secret", "team/app").await.unwrap();
        push("admin:admin-secret", "public").await.unwrap();
        let denied = push("robot:robot-secret", "shared").await.unwrap_err();
        assert!(denied.contains("denied"), "{denied}");
        let wrong = push("robot:wrong", "team/app").await.unwrap_err();
        assert!(
            wrong.contains("invalid username/password") || wrong.contains("unauthorized"),
            "{wrong}"
        );
        skopeo(
            &server,
            &["inspect", CERTIFICATES, "--no-creds", &to("public")],
        )
        .await
        .unwrap();
        let nobody = skopeo(
            &server,
            &["inspect", CERTIFICATES, "--no-creds", &to("team/app")],
        )
        .await;
        assert!(nobody.unwrap_err().contains("unauthorized"));
        server.stop().await;
    }
}

#[tokio::test]
async fn the_directory_can_be_read_without_the_registry() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(Arc::new(Directory::open(data.path()).unwrap())).await;
    let image = tempfile::tempdir().unwrap();
    let digest = write_image_layout(image.path());
    let target = format!("docker://{}/team/app:v1", server.host);
    skopeo(
        &server,
        &["copy", DESTINATION, &layout(image.path()), &target],
    )
    .await
    .unwrap();
    let certificates = server.certificate_directory.path().to_owned();
    server.stop().await;
    wait_for_index(
        &data.path().join("repositories/team+app/index.json"),
        digest.as_str(),
    )
    .await;
    let stored = format!(
        "oci:{}:v1",
        data.path().join("repositories/team+app").display()
    );
    let manifest = run(&certificates, &["inspect", "--raw", &stored])
        .await
        .unwrap();
    assert_eq!(sha256(manifest.as_bytes()), digest);
}

/// The index.json follows the push within a moment.
async fn wait_for_index(path: &Path, digest: &str) {
    let limit = tokio::time::Instant::now() + Duration::from_secs(10);
    while !std::fs::read_to_string(path).is_ok_and(|index| index.contains(digest)) {
        assert!(
            tokio::time::Instant::now() < limit,
            "{} does not name {digest} after 10 seconds",
            path.display()
        );
        tokio::task::yield_now().await;
    }
}
