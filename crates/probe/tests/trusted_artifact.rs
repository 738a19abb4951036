//! `probe trusted-artifact`: between two tasks, through a registry.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod support;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use oci::{Digest, ManifestContent};
use serde_json::json;
use support::{Server, Step, registry_router, run};

const HOST: &str = "registry.example";
const STORE: &str = "registry.example/team/app:v1.git";

/// A task that reaches the server as `registry.example`.
fn task(server: &Server) -> Step {
    Step::trusting(server)
        .with_environment(oci::Endpoints::VARIABLE, &format!("{HOST}={}", server.host))
}

fn write_source(task: &Step) {
    task.write("source/Dockerfile", "FROM scratch\n");
    task.write("source/bin/run", "#!/bin/sh\n");
    let executable = PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(task.path("source/bin/run"), executable).unwrap();
    std::fs::create_dir(task.path("source/empty")).unwrap();
    symlink("bin/run", task.path("source/start")).unwrap();
}

fn create(arguments: &str) -> String {
    format!("trusted-artifact create --ca-file ca.crt --store {STORE} {arguments}")
}

fn restore(arguments: &str) -> String {
    format!("trusted-artifact use --ca-file ca.crt {arguments}")
}

/// The manifest of the store's tag, as the host reaches it.
async fn stored(server: &Server) -> oci::ImageManifest {
    let reference = STORE.replace(HOST, &server.host).parse().unwrap();
    // Everything is fetched and hashed.
    let client = server.client();
    client.verify(&reference).await.unwrap();
    match client.manifest(&reference).await.unwrap().content {
        ManifestContent::Image(manifest) => manifest,
        ManifestContent::Index(_) => panic!("an index"),
    }
}

/// Pushes an archive that another program has made, and returns its URI.
async fn push_archive(server: &Server, task: &Step, archive: &str) -> String {
    let bytes = std::fs::read(task.path(archive)).unwrap();
    let layout = oci::Layout::create(task.path("layout")).unwrap();
    let layer = layout
        .write_blob(oci::media_type::OCI_LAYER, &bytes)
        .unwrap();
    let config = layout
        .write_blob("application/vnd.oci.empty.v1+json", b"{}")
        .unwrap();
    let manifest = json!({"schemaVersion": 2, "config": config, "layers": [layer]}).to_string();
    let manifest = layout
        .write_blob(oci::media_type::OCI_MANIFEST, manifest.as_bytes())
        .unwrap();
    layout.set_image(&manifest).unwrap();
    let destination = format!("{}/team/app", server.host).parse().unwrap();
    let client = server.client();
    client
        .push_layout(layout.directory(), &destination)
        .await
        .unwrap();
    format!("oci:{HOST}/team/app@{}", Digest::sha256(&bytes))
}

async fn assert_same(one: &Path, other: &Path) {
    let arguments = format!("-r --no-dereference {} {}", one.display(), other.display());
    let compared = run("diff", &arguments, Path::new("/"), &[]).await;
    assert_eq!(compared.code, 0, "{}{}", compared.stdout, compared.stderr);
}

#[tokio::test]
async fn files_arrive_in_another_task_as_they_were() {
    let server = Server::start(registry_router()).await;
    let first = task(&server);
    write_source(&first);
    first.write("results/SOURCE_ARTIFACT", "an older result, which is longer than what is written over it ------------------------------------------------------------------");
    let created = first
        .probe_succeeds(&create("results/SOURCE_ARTIFACT=source"))
        .await;
    assert!(
        created.stderr.contains("accessed anonymously"),
        "{}",
        created.stderr
    );
    let uri = first.read("results/SOURCE_ARTIFACT");

    let second = task(&server);
    second
        .probe_succeeds(&restore(&format!("{uri}=work/source")))
        .await;
    assert_same(&first.path("source"), &second.path("work/source")).await;
    let mode = second
        .path("work/source/bin/run")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o755);
    assert!(second.path("work/source/empty").is_dir());
    assert_eq!(
        std::fs::read_link(second.path("work/source/start")).unwrap(),
        Path::new("bin/run")
    );
}

#[tokio::test]
async fn the_registry_holds_what_oras_would_have_pushed() {
    let server = Server::start(registry_router()).await;
    let task = task(&server);
    write_source(&task);
    task.write("file", "x");
    task.probe_succeeds(&create(
        "--expires-after 5d SOURCE_ARTIFACT=source CACHI2_ARTIFACT=file EMPTY=missing",
    ))
    .await;

    let manifest = stored(&server).await;
    assert_eq!(
        manifest.artifact_type.as_deref(),
        Some("application/vnd.unknown.artifact.v1")
    );
    assert_eq!(
        manifest.config.media_type,
        "application/vnd.oci.empty.v1+json"
    );
    assert_eq!(manifest.annotations["quay.expires-after"], "5d");
    let titles: Vec<&str> = manifest
        .layers
        .iter()
        .map(|layer| layer.annotations["org.opencontainers.image.title"].as_str())
        .collect();
    assert_eq!(titles, ["SOURCE_ARTIFACT", "CACHI2_ARTIFACT", "EMPTY"]);
    for layer in &manifest.layers {
        assert_eq!(layer.media_type, "application/vnd.oci.image.layer.v1.tar");
        let title = &layer.annotations["org.opencontainers.image.title"];
        assert_eq!(
            task.read(title),
            format!("oci:{HOST}/team/app@{}", layer.digest),
            "{title}"
        );
    }
    let repository = STORE.replace(HOST, &server.host).parse().unwrap();
    server
        .client()
        .blob_to_file(&repository, &manifest.layers[0], &task.path("archive"))
        .await
        .unwrap();
    std::fs::create_dir(task.path("by-tar")).unwrap();
    let extracted = run("tar", "-zxpf ../archive", &task.path("by-tar"), &[]).await;
    assert_eq!(extracted.code, 0, "{}", extracted.stderr);
    assert_same(&task.path("source"), &task.path("by-tar")).await;
}

#[tokio::test]
async fn an_archive_of_tar_itself_is_restored() {
    let server = Server::start(registry_router()).await;
    let task = task(&server);
    write_source(&task);
    std::fs::hard_link(task.path("source/Dockerfile"), task.path("source/hard")).unwrap();
    let archived = run(
        "tar",
        "-czf archive --directory=source .",
        task.directory.path(),
        &[],
    )
    .await;
    assert_eq!(archived.code, 0, "{}", archived.stderr);
    let uri = push_archive(&server, &task, "archive").await;
    task.probe_succeeds(&restore(&format!("{uri}=restored")))
        .await;
    assert_same(&task.path("source"), &task.path("restored")).await;
}

#[tokio::test]
async fn without_an_expiry_there_is_no_annotation_and_the_environment_can_set_one() {
    let server = Server::start(registry_router()).await;
    let never = task(&server)
        .with_environment("IMAGE_EXPIRES_AFTER", "")
        .with_environment("AUTHFILE", "");
    never.probe_succeeds(&create("A=missing")).await;
    assert!(
        !stored(&server)
            .await
            .annotations
            .contains_key("quay.expires-after")
    );
    let soon = task(&server).with_environment("IMAGE_EXPIRES_AFTER", "2h");
    soon.probe_succeeds(&create("A=missing")).await;
    assert_eq!(
        stored(&server).await.annotations["quay.expires-after"],
        "2h"
    );
}

#[tokio::test]
async fn what_is_to_be_skipped_is_skipped() {
    let server = Server::start(registry_router()).await;
    let task = task(&server);
    task.write("source/file", "x");
    task.write("source/.skip-trusted-artifacts", "");
    let skipped = task.probe_succeeds(&create("A=source")).await;
    assert!(
        skipped.stderr.contains("not stored and has no result"),
        "{}",
        skipped.stderr
    );
    assert!(!task.path("A").exists());

    task.probe_succeeds("trusted-artifact create --store empty A=source B=missing")
        .await;
    assert_eq!(
        (task.read("A"), task.read("B")),
        ("empty".to_owned(), "empty".to_owned())
    );

    task.write("work/file", "x");
    let digest = Digest::sha256(b"nothing");
    for arguments in [
        "=work".to_owned(),
        "empty=work".to_owned(),
        "--replace empty=work".to_owned(),
        format!("oci:{HOST}/a@{digest}=source"),
    ] {
        let skipped = task.probe_succeeds(&restore(&arguments)).await;
        assert!(
            skipped.stderr.contains("it stays as it is"),
            "{}",
            skipped.stderr
        );
    }
    assert_eq!(task.read("work/file"), "x");
}

#[tokio::test]
async fn other_files_stay_unless_the_directory_is_replaced() {
    let server = Server::start(registry_router()).await;
    let task = task(&server);
    task.write("source/file", "new");
    task.probe_succeeds(&create("A=source")).await;
    let uri = task.read("A");
    task.write("work/file", "old");
    task.write("work/other/file", "other");
    task.probe_succeeds(&restore(&format!("{uri}=work"))).await;
    assert_eq!(
        (task.read("work/file"), task.read("work/other/file")),
        ("new".to_owned(), "other".to_owned())
    );
    task.probe_succeeds(&restore(&format!("--replace {uri}=work")))
        .await;
    assert_eq!(task.read("work/file"), "new");
    assert!(!task.path("work/other").exists());

    // Whoever can write to the directory cannot keep the artifact out of it.
    task.write("work/file", "tampered with");
    task.write("work/.skip-trusted-artifacts", "");
    task.probe_succeeds(&restore(&format!("--replace {uri}=work")))
        .await;
    assert_eq!(task.read("work/file"), "new");
}

/// A registry that sends other bytes than it was asked for.
fn lying(router: Router, lie: fn(&mut Vec<u8>)) -> Router {
    router.layer(from_fn(move |request: Request, next: Next| async move {
        let is_blob = request.method() == Method::GET && request.uri().path().contains("/blobs/");
        let mut response = next.run(request).await;
        if is_blob {
            let body = std::mem::take(response.body_mut());
            let mut bytes = axum::body::to_bytes(body, usize::MAX)
                .await
                .unwrap()
                .to_vec();
            lie(&mut bytes);
            response.headers_mut().remove("content-length");
            *response.body_mut() = Body::from(bytes);
        }
        response
    }))
}

#[tokio::test]
async fn a_registry_that_sends_something_else_is_found_out_before_anything_is_extracted() {
    let changed = |bytes: &mut Vec<u8>| bytes[20] ^= 1;
    let shortened = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2);
    let another: fn(&mut Vec<u8>) = |bytes| bytes.clear();
    for lie in [changed, shortened, another] {
        let server = Server::start(lying(registry_router(), lie)).await;
        let task = task(&server);
        task.write("source/file", "x");
        task.probe_succeeds(&create("A=source")).await;
        let uri = task.read("A");
        task.write("work/file", "as it was");
        task.probe_fails(&restore(&format!("--replace {uri}=work")), &format!("the trusted artifact {uri} is refused: the registry sent bytes that hash to sha256:")).await;
        assert_eq!(task.read("work/file"), "as it was");
    }
}

#[tokio::test]
async fn a_registry_that_is_busy_for_a_moment_is_asked_again() {
    let asked = Arc::new(AtomicU32::new(0));
    let busy = from_fn(move |request: Request, next: Next| {
        let is_blob = request.method() == Method::GET && request.uri().path().contains("/blobs/");
        let is_first = is_blob && asked.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            match is_first {
                true => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                false => next.run(request).await,
            }
        }
    });
    let server = Server::start(registry_router().layer(busy)).await;
    let task = task(&server);
    task.write("source/file", "x");
    task.probe_succeeds(&create("A=source")).await;
    let uri = task.read("A");
    task.probe_succeeds(&restore(&format!("{uri}=work"))).await;
    assert_eq!(task.read("work/file"), "x");
}

#[tokio::test]
async fn an_artifact_that_is_gone_is_told_with_the_remedy() {
    let server = Server::start(registry_router()).await;
    let digest = Digest::sha256(b"nothing");
    task(&server)
        .probe_fails(
            &restore(&format!("oci:{HOST}/team/app@{digest}=work")),
            "does not exist (any more): artifacts expire",
        )
        .await;
}

#[tokio::test]
async fn an_artifact_with_a_foreign_path_is_refused_though_its_digest_is_right() {
    let server = Server::start(registry_router()).await;
    let task = task(&server);
    task.write("secret", "x");
    let archived = run(
        "tar",
        "-czPf archive ./secret /etc/hostname",
        task.directory.path(),
        &[],
    )
    .await;
    assert_eq!(archived.code, 0, "{}", archived.stderr);
    let uri = push_archive(&server, &task, "archive").await;
    task.probe_fails(
        &restore(&format!("{uri}=work")),
        "its entry `/etc/hostname` has an absolute path",
    )
    .await;
}
