//! From a requested build to a released image.

use konflux_api::{
    annotations,
    konflux::{Component, Release, Snapshot},
    labels,
    tekton::PipelineRun,
};
use kube::{
    ResourceExt,
    api::{Patch, PatchParams},
};
use libtest_mimic::Trial;
use serde_json::json;

use crate::{
    scene::{Scene, is_done, verdict},
    trial,
};

pub(crate) const TENANT: &str = "user-ns1";
pub(crate) const COMPONENT: &str = "sample-component";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "a_requested_build_becomes_a_snapshot_and_is_released_by_digest",
            build_and_release,
        ),
        trial(
            "a_broken_dockerfile_fails_the_build_with_the_reason_on_the_pipeline_run",
            broken_dockerfile,
        ),
        trial(
            "a_release_without_an_admission_fails_and_says_so",
            release_without_admission,
        ),
    ]
}

pub(crate) async fn request_build(scene: &Scene) {
    let request =
        json!({"metadata": {"annotations": {annotations::BUILD_REQUEST: "trigger-pac-build"}}});
    scene
        .api::<Component>(TENANT)
        .patch(COMPONENT, &PatchParams::default(), &Patch::Merge(request))
        .await
        .unwrap();
}

pub(crate) async fn ended_build(scene: &Scene) -> PipelineRun {
    let is_build = |run: &PipelineRun| {
        run.labels().get(labels::COMPONENT).map(String::as_str) == Some(COMPONENT)
    };
    scene
        .until_any(TENANT, |run| {
            is_build(run)
                && run
                    .status
                    .as_ref()
                    .is_some_and(|status| is_done(&status.conditions))
        })
        .await
}

async fn build_and_release() {
    let scene = Scene::start().await;
    scene.apply_fixtures("samples").await;
    let began = std::time::Instant::now();
    request_build(&scene).await;

    let build = ended_build(&scene).await;
    let status = build.status.clone().unwrap();
    assert_eq!(
        verdict(&status.conditions).0,
        "Succeeded",
        "{:?}",
        verdict(&status.conditions)
    );
    let (url, digest) = (
        status.result("IMAGE_URL").unwrap(),
        status.result("IMAGE_DIGEST").unwrap(),
    );
    let built = scene
        .registry_client
        .verify(&url.parse().unwrap())
        .await
        .unwrap();
    assert_eq!(built.digest.to_string(), digest);

    let has_ended = |release: &Release| {
        release
            .status
            .as_ref()
            .is_some_and(|status| status.completion_time.is_some())
    };
    let release = scene.until_any(TENANT, has_ended).await;
    // How long it took is for the reader; a test that judges it would fail on a busy machine.
    eprintln!("build to release: {:?}", began.elapsed());
    let snapshot: Snapshot = scene.api(TENANT).get(&release.spec.snapshot).await.unwrap();
    let image = &snapshot.spec.components[0].container_image;
    assert!(
        image.ends_with(&format!("/user-ns1/sample-component@{digest}")),
        "{image}"
    );

    let status = release.status.clone().unwrap();
    let released = status
        .conditions
        .iter()
        .find(|condition| condition.type_ == "Released")
        .unwrap();
    assert_eq!(
        (released.status.as_str(), released.reason.as_str()),
        ("True", "Succeeded"),
        "{:#?}",
        status.conditions
    );
    assert_eq!(status.automated, Some(true));
    assert_eq!(status.artifacts.unwrap()["images"][0]["shasum"], digest);
    for tag in ["1.0", "latest"] {
        let destination = format!(
            "{}/released/sample-component:{tag}",
            konflux_api::INTERNAL_REGISTRY_HOST
        );
        let copied = scene
            .registry_client
            .verify(&destination.parse().unwrap())
            .await
            .unwrap();
        assert_eq!(copied.digest.to_string(), digest, "{tag}");
    }
    let component: Component = scene
        .until(TENANT, COMPONENT, |component: &Component| {
            !component
                .annotations()
                .contains_key(annotations::BUILD_REQUEST)
        })
        .await;
    assert_eq!(
        component.status.unwrap().last_promoted_image.as_deref(),
        Some(image.as_str())
    );
    assert_eq!(scene.files_of_runs(), 0);
    // Finalizers must not keep what nobody needs any more.
    for namespace in [TENANT, "managed-ns1"] {
        scene.delete_namespace(namespace).await;
    }
}

async fn broken_dockerfile() {
    let scene = Scene::start().await;
    scene.apply_fixtures("samples").await;
    scene
        .apply(json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": COMPONENT, "namespace": TENANT, "labels": {labels::SOURCE_REPOSITORY: "true"}},
            "data": {"Dockerfile": "FROM scratch\nRUN make\n"},
        }))
        .await;
    request_build(&scene).await;
    let build = ended_build(&scene).await;
    let status = build.status.unwrap();
    let (reason, message) = verdict(&status.conditions);
    assert_eq!(reason, "Failed", "{message}");
    assert!(
        message.contains("task \"build-container\" failed") && message.contains("RUN"),
        "{message}"
    );
    assert!(status.result("IMAGE_DIGEST").is_none());
    let snapshots = scene
        .api::<Snapshot>(TENANT)
        .list(&Default::default())
        .await
        .unwrap();
    assert!(snapshots.items.is_empty());
}

async fn release_without_admission() {
    let scene = Scene::start().await;
    scene
        .apply(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "ReleasePlan",
            "metadata": {"name": "plan", "namespace": TENANT}, "spec": {"application": "shop", "target": "managed-ns1"},
        }))
        .await;
    scene
        .apply(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "Release", "metadata": {"name": "release", "namespace": TENANT},
            "spec": {"snapshot": "none", "releasePlan": "plan"},
        }))
        .await;
    let has_ended = |release: &Release| {
        release
            .status
            .as_ref()
            .is_some_and(|status| status.completion_time.is_some())
    };
    let release = scene.until(TENANT, "release", has_ended).await;
    let conditions = release.status.unwrap().conditions;
    let message = |type_: &str| {
        conditions
            .iter()
            .find(|condition| condition.type_ == type_)
            .unwrap()
            .message
            .clone()
    };
    assert_eq!(
        message("Validated"),
        "no ReleasePlanAdmission found in namespace (+managed-ns1) with the origin (+user-ns1) for 'shop'"
    );
    assert_eq!(message("Released"), "Release validation failed");
}
