//! Releases that people make by hand, and releases that cannot be.

use k8s_openapi::api::{core::v1::Event, rbac::v1::RoleBinding};
use konflux_api::{
    INTERNAL_REGISTRY_HOST,
    konflux::{Release, Snapshot},
    labels,
    tekton::PipelineRun,
};
use kube::{
    ResourceExt,
    api::{DeleteParams, ListParams},
    runtime::wait::{await_condition, conditions::is_deleted},
};
use libtest_mimic::Trial;
use serde_json::json;

use crate::{
    scene::{PATIENCE, Scene},
    trial,
};

const TENANT: &str = "user-ns1";
const MANAGED: &str = "managed-ns1";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "a_release_whose_name_fits_no_label_is_invalid_and_can_be_deleted",
            long_name,
        ),
        trial(
            "a_release_by_hand_runs_the_admitted_pipeline_and_gives_back_its_grant",
            by_hand,
        ),
    ]
}

fn has_ended(release: &Release) -> bool {
    let status = release.status.as_ref();
    status.is_some_and(|status| status.completion_time.is_some())
}

fn message(release: &Release, type_: &str) -> String {
    let conditions = &release.status.as_ref().unwrap().conditions;
    let condition = conditions.iter().find(|condition| condition.type_ == type_);
    condition.unwrap().message.clone()
}

async fn release(scene: &Scene, name: &str) {
    scene
        .apply(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "Release",
            "metadata": {"name": name, "namespace": TENANT},
            "spec": {"snapshot": "snapshot", "releasePlan": "sample-component"},
        }))
        .await;
}

async fn long_name() {
    let scene = Scene::start().await;
    scene.apply_fixtures("samples").await;
    let name = "a".repeat(64);
    release(&scene, &name).await;
    let ended = scene.until(TENANT, &name, has_ended).await;
    assert_eq!(
        message(&ended, "Validated"),
        "release name must be no more than 63 characters, got 64 characters"
    );
    let releases = scene.api::<Release>(TENANT);
    releases
        .delete(&name, &DeleteParams::default())
        .await
        .unwrap();
    let uid = ended.uid().unwrap();
    let gone = await_condition(releases, &name, is_deleted(&uid));
    tokio::time::timeout(PATIENCE, gone)
        .await
        .expect("the release goes")
        .unwrap();
}

/// The pipeline fails, because the image does not exist; what it was given and what it leaves is the subject.
async fn by_hand() {
    let scene = Scene::start().await;
    scene.apply_fixtures("samples").await;
    let image = format!("{INTERNAL_REGISTRY_HOST}/none@sha256:{}", "0".repeat(64));
    scene
        .create::<Snapshot>(
            TENANT,
            json!({
                "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "Snapshot",
                "metadata": {"name": "snapshot", "labels": {labels::AUTO_RELEASE: "false"}},
                "spec": {"application": "sample-application", "components": [{"name": "sample-component", "containerImage": image}]},
            }),
        )
        .await;
    release(&scene, "by-hand").await;
    let ended = scene.until(TENANT, "by-hand", has_ended).await;
    assert_eq!(
        message(&ended, "Released"),
        "Release processing failed on managed pipelineRun"
    );
    assert_eq!(ended.labels()[labels::AUTHOR], "unknown");
    let status = ended.status.as_ref().unwrap();
    let attribution = status.attribution.as_ref().unwrap();
    assert_eq!(attribution.author.as_deref(), Some("unknown"));
    let attempt = &status.managed_pipeline_attempts[0];
    assert_eq!(
        (attempt.status.as_deref(), attempt.failure_reason.as_deref()),
        (Some("Failed"), Some("Error"))
    );
    assert_eq!(attempt.last_task.as_deref(), Some("push-snapshot"));

    let run = attempt.pipeline_run.as_deref().unwrap();
    let run = run.strip_prefix(&format!("{MANAGED}/")).unwrap();
    // Its finalizer goes only after the status is written.
    let run: PipelineRun = scene
        .until(MANAGED, run, |run: &PipelineRun| {
            run.finalizers().is_empty()
        })
        .await;
    let account = run.spec.task_run_template.unwrap().service_account_name;
    assert_eq!(account.as_deref(), Some("release-pipeline"));
    let binding = attempt.role_bindings.clone().unwrap().tenant_role_binding;
    let binding = binding.unwrap();
    let binding = binding.strip_prefix(&format!("{TENANT}/")).unwrap();
    let gone = await_condition(
        scene.api::<RoleBinding>(TENANT),
        binding,
        |binding: Option<&RoleBinding>| binding.is_none(),
    );
    tokio::time::timeout(PATIENCE, gone)
        .await
        .expect("the grant is taken back")
        .unwrap();
    let events = scene.api::<Event>(TENANT);
    let events = events.list(&ListParams::default()).await.unwrap().items;
    assert!(
        events
            .iter()
            .any(|event| event.reason.as_deref() == Some("AuthorUnknown"))
    );
}
