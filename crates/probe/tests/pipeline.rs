//! The commands one after the other, as the pipelines run them.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod support;

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use axum::routing::{get, patch};
use serde_json::{Value, json};
use support::{Server, Step, registry_router, run};

const CLUSTER_HOST: &str = "registry.example";

/// A step that names the server as in the cluster.
fn step_in_cluster(server: &Server) -> Step {
    Step::trusting(server).with_environment(
        oci::Endpoints::VARIABLE,
        &format!("{CLUSTER_HOST}={}", server.host),
    )
}

/// Pushes an image to `registry.example/NAME:v1` and returns its digest.
async fn push(step: &Step, name: &str) -> String {
    step.write(
        &format!("{name}/Dockerfile"),
        "FROM scratch\nCOPY content /etc/\n",
    );
    step.write(&format!("{name}/content"), name);
    step.probe_succeeds(&format!(
        "build --context {name} --dockerfile Dockerfile --output {name}-image"
    ))
    .await;
    step.probe_succeeds(&format!(
        "push --layout {name}-image --image {CLUSTER_HOST}/{name}:v1 --image-url-result {name}-url --image-digest-result {name}-digest --ca-file ca.crt"
    ))
    .await;
    step.read(&format!("{name}-digest"))
}

#[tokio::test]
async fn a_source_is_fetched_built_and_pushed_and_skopeo_sees_the_digest() {
    let server = Server::start(registry_router()).await;
    let step = step_in_cluster(&server);
    step.write("mounted/..data/Dockerfile", "FROM scratch\nCOPY src /app\n");
    step.write("mounted/..data/src/main", "x");
    for name in ["Dockerfile", "src"] {
        std::os::unix::fs::symlink(
            format!("..data/{name}"),
            step.path(&format!("mounted/{name}")),
        )
        .unwrap();
    }
    let revision = oci::source::revision([
        ("Dockerfile", "FROM scratch\nCOPY src /app\n"),
        ("src/main", "x"),
    ]);
    let fetch = format!(
        "fetch-source --url https://git.example/a --revision {revision} --from mounted --to source --url-result url --commit-result commit"
    );
    step.probe_succeeds(&fetch).await;
    step.probe_succeeds(&fetch).await;
    assert_eq!(
        (step.read("url"), step.read("commit")),
        ("https://git.example/a".to_owned(), revision.clone())
    );
    step.probe_succeeds("build --context source --dockerfile source/Dockerfile --output image")
        .await;
    step.probe_succeeds(&format!(
        "push --layout image --image {CLUSTER_HOST}/team/app:v1 --image-url-result image-url --image-digest-result image-digest --ca-file ca.crt"
    ))
    .await;
    assert_eq!(
        step.read("image-url"),
        format!("{CLUSTER_HOST}/team/app:v1")
    );
    std::fs::create_dir(step.path("certificates")).unwrap();
    step.write("certificates/ca.crt", &server.authority);
    let inspect = format!(
        "inspect --cert-dir certificates --format {{{{.Digest}}}} docker://{}/team/app:v1",
        server.host
    );
    let inspected = run("skopeo", &inspect, step.directory.path(), &[]).await;
    assert_eq!(
        inspected.stdout.trim(),
        step.read("image-digest"),
        "{}",
        inspected.stderr
    );
}

#[tokio::test]
async fn another_revision_and_foreign_files_fail_the_fetch() {
    let step = Step::new();
    step.write("mounted/a", "x");
    let revision = oci::source::revision([("a", "x")]);
    let fetch = |revision: &str| {
        format!(
            "fetch-source --url https://git.example/a --revision {revision} --from mounted --to source"
        )
    };
    step.probe_fails(
        &fetch(&"0".repeat(40)),
        "the source https://git.example/a has the revision",
    )
    .await;
    assert!(!step.path("source").exists(), "nothing is written");
    step.write("source/foreign", "x");
    step.probe_fails(&fetch(&revision), "the source source has the revision")
        .await;
}

#[tokio::test]
async fn a_login_comes_from_the_docker_config_and_its_lack_is_told() {
    let login = from_fn(|request: Request, next: Next| async move {
        // robot:pass
        match request
            .headers()
            .get(header::AUTHORIZATION)
            .is_some_and(|value| value == "Basic cm9ib3Q6cGFzcw==")
        {
            true => next.run(request).await,
            false => (
                StatusCode::UNAUTHORIZED,
                [(header::WWW_AUTHENTICATE, "Basic realm=\"x\"")],
            )
                .into_response(),
        }
    });
    let server = Server::start(registry_router().layer(login)).await;
    let step = step_in_cluster(&server);
    step.write("a/Dockerfile", "FROM scratch\nENV A=1\n");
    step.probe_succeeds("build --context a --dockerfile Dockerfile --output image")
        .await;
    let push = format!("push --layout image --image {CLUSTER_HOST}/team/app:v1 --ca-file ca.crt");
    step.probe_fails(
        &push,
        &format!("no credential is known for {CLUSTER_HOST}/team/app"),
    )
    .await;
    step.write(
        ".docker/config.json",
        r#"{"auths": {"other.example": {"auth": "cm9ib3Q6cGFzcw=="}}}"#,
    );
    step.probe_fails(&push, "no credential is known").await;
    step.write(
        ".docker/config.json",
        r#"{"auths": {"registry.example/team": {"auth": "cm9ib3Q6d3Jvbmc="}}}"#,
    );
    step.probe_fails(&push, "the login of `robot` was sent")
        .await;
    step.write(
        ".docker/config.json",
        r#"{"auths": {"registry.example/team": {"auth": "cm9ib3Q6cGFzcw=="}}}"#,
    );
    step.probe_succeeds(&push).await;
}

#[tokio::test]
async fn a_missing_authority_file_is_noted_and_not_trusted() {
    let server = Server::start(registry_router()).await;
    let step = step_in_cluster(&server);
    step.write("a/Dockerfile", "FROM scratch\n");
    step.probe_succeeds(
        "build --context a --dockerfile Dockerfile --output image --ca-file ca.crt",
    )
    .await;
    step.write(
        "other.crt",
        &Server::start(registry_router()).await.authority,
    );
    for (file, text) in [
        ("missing.crt", "missing.crt does not exist"),
        ("other.crt", "TLS:"),
        ("a/Dockerfile", "holds no certificate"),
    ] {
        step.probe_fails(
            &format!("push --layout image --image {CLUSTER_HOST}/a:v1 --ca-file {file}"),
            text,
        )
        .await;
    }
}

#[tokio::test]
async fn a_copy_keeps_the_digest_and_a_missing_source_is_told() {
    let server = Server::start(registry_router()).await;
    let step = step_in_cluster(&server);
    let digest = push(&step, "app").await;
    step.probe_succeeds(&format!(
        "copy --source {CLUSTER_HOST}/app@{digest} --destination {CLUSTER_HOST}/released/app:v2 --image-digest-result copied --ca-file ca.crt"
    ))
    .await;
    assert_eq!(step.read("copied"), digest);
    let copied = format!("{}/released/app:v2", server.host).parse().unwrap();
    assert_eq!(
        server
            .client()
            .verify(&copied)
            .await
            .unwrap()
            .digest
            .to_string(),
        digest
    );
    let missing = oci::Digest::sha256(b"nothing");
    step.probe_fails(
        &format!("copy --source {CLUSTER_HOST}/app@{missing} --destination {CLUSTER_HOST}/b:v2 --ca-file ca.crt"),
        &format!("missing manifest: {CLUSTER_HOST}/app@{missing} does not exist"),
    )
    .await;
}

/// A fake of the few paths of the Kubernetes API that a release needs; notes the patch it is sent.
fn fake_api(snapshot: Value, admission: Value) -> (axum::Router, Arc<Mutex<Option<Value>>>) {
    let patched = Arc::new(Mutex::new(None));
    let notes = patched.clone();
    let base = "/apis/appstudio.redhat.com/v1alpha1/namespaces";
    let token = from_fn(|request: Request, next: Next| async move {
        match request
            .headers()
            .get(header::AUTHORIZATION)
            .is_some_and(|value| value == "Bearer t0ken")
        {
            true => next.run(request).await,
            false => StatusCode::UNAUTHORIZED.into_response(),
        }
    });
    let router = axum::Router::new()
        .route(
            &format!("{base}/user-ns1/snapshots/snap"),
            get(move || async move { Json(snapshot) }),
        )
        .route(
            &format!("{base}/managed-ns1/releaseplanadmissions/rpa"),
            get(move || async move { Json(admission) }),
        )
        .route(
            &format!("{base}/user-ns1/releases/release/status"),
            patch(move |request: Request| async move {
                assert_eq!(
                    request.headers()[header::CONTENT_TYPE],
                    "application/merge-patch+json"
                );
                let body = axum::body::to_bytes(request.into_body(), usize::MAX)
                    .await
                    .unwrap();
                *notes.lock().unwrap() = serde_json::from_slice(&body).unwrap();
                Json(json!({}))
            }),
        )
        .fallback(|| async {
            (
                StatusCode::NOT_FOUND,
                Json(json!({"kind": "Status", "message": "not found here"})),
            )
        })
        .layer(token);
    (router, patched)
}

#[tokio::test]
async fn a_snapshot_is_released_as_its_mapping_says() {
    let server = Server::start(registry_router()).await;
    let builder = step_in_cluster(&server);
    let digest = push(&builder, "app").await;
    let snapshot = json!({"spec": {"components": [
        {"name": "app", "containerImage": format!("{CLUSTER_HOST}/app@{digest}"), "source": {"git": {"revision": "0123456789"}}},
        {"name": "unmapped", "containerImage": format!("{CLUSTER_HOST}/app@{digest}")},
    ]}});
    let admission = json!({"spec": {"data": {"mapping": {
        "components": [{"name": "app", "repositories": [{"url": format!("{CLUSTER_HOST}/released/app"), "tags": ["{{ git_short_sha }}"]}]}],
        "defaults": {"tags": ["latest"]},
    }}}});
    let (api, patched) = fake_api(snapshot, admission);
    let api = Server::start(api).await;
    let step = step_in_cluster(&server)
        .with_environment("KUBERNETES_SERVICE_HOST", "localhost")
        .with_environment("KUBERNETES_SERVICE_PORT", &api.port.to_string())
        .with_environment("KUBERNETES_SERVICE_ACCOUNT_DIR", "account");
    step.write("account/token", "t0ken\n");
    step.write("account/ca.crt", &api.authority);

    let collect = "collect-data --snapshot user-ns1/snap --release-plan-admission managed-ns1/rpa --output data.json";
    let collected = step.probe_succeeds(collect).await;
    assert!(
        collected
            .stderr
            .contains("component unmapped is not mapped"),
        "{}",
        collected.stderr
    );
    step.probe_succeeds("push-snapshot --data data.json --results results.json --ca-file ca.crt")
        .await;
    step.probe_succeeds("update-cr-status --release user-ns1/release --results results.json")
        .await;

    for tag in ["latest", "0123456"] {
        let released = format!("{}/released/app:{tag}", server.host)
            .parse()
            .unwrap();
        assert_eq!(
            server
                .client()
                .verify(&released)
                .await
                .unwrap()
                .digest
                .to_string(),
            digest
        );
    }
    let host = oci::Platform::linux_host();
    let expected = json!({"status": {"artifacts": {"images": [{
        "arches": [host.architecture],
        "oses": ["linux"],
        "name": "app",
        "shasum": digest,
        "urls": [format!("{CLUSTER_HOST}/released/app:latest"), format!("{CLUSTER_HOST}/released/app:0123456")],
    }]}}});
    assert_eq!(patched.lock().unwrap().as_ref(), Some(&expected));

    step.probe_fails(
        &collect.replace("snap ", "gone "),
        "the API server answered 404: not found here",
    )
    .await;
    step.write("account/token", "expired");
    step.probe_fails(collect, "the service account's token has expired")
        .await;
    step.write("account/ca.crt", &server.authority);
    step.probe_fails(collect, "no answer from localhost:").await;
}
