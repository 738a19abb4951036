//! What is not modelled is refused by name.

use konflux_api::tekton::{PipelineRun, TaskRun};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::{
    scene::{Scene, is_done, verdict},
    trial,
};

const TENANT: &str = "user-ns1";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_task_of_another_image_fails_and_says_why", foreign_image),
        trial(
            "a_field_that_is_not_modelled_fails_the_run_by_name",
            unmodelled_field,
        ),
        trial(
            "a_pipeline_that_does_not_exist_fails_the_run",
            missing_pipeline,
        ),
    ]
}

async fn pipeline_run(scene: &Scene, spec: Value) -> (String, String) {
    let run = json!({"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": {"name": "run"}, "spec": spec});
    scene.create::<PipelineRun>(TENANT, run).await;
    let is_ended = |run: &PipelineRun| {
        run.status
            .as_ref()
            .is_some_and(|status| is_done(&status.conditions))
    };
    verdict(
        &scene
            .until(TENANT, "run", is_ended)
            .await
            .status
            .unwrap()
            .conditions,
    )
}

async fn foreign_image() {
    let scene = Scene::start().await;
    let run = json!({
        "apiVersion": "tekton.dev/v1", "kind": "TaskRun", "metadata": {"name": "run"},
        "spec": {"taskSpec": {"steps": [{"name": "build", "image": "quay.io/konflux-ci/buildah:latest"}]}},
    });
    scene.create::<TaskRun>(TENANT, run).await;
    let is_ended = |run: &TaskRun| {
        run.status
            .as_ref()
            .is_some_and(|status| is_done(&status.conditions))
    };
    let (reason, message) = verdict(
        &scene
            .until(TENANT, "run", is_ended)
            .await
            .status
            .unwrap()
            .conditions,
    );
    assert_eq!(reason, "TaskRunImagePullFailed");
    assert!(
        message.contains("quay.io/konflux-ci/buildah:latest") && message.contains("no containers"),
        "{message}"
    );
}

async fn unmodelled_field() {
    let scene = Scene::start().await;
    let spec = json!({"pipelineSpec": {"tasks": [{"name": "t", "taskRef": {"name": "x"}, "matrix": {"params": []}}]}});
    let (reason, message) = pipeline_run(&scene, spec).await;
    assert_eq!(reason, "PipelineValidationFailed");
    assert!(
        message.contains("pipelineSpec.tasks[0].matrix"),
        "{message}"
    );
}

async fn missing_pipeline() {
    let scene = Scene::start().await;
    let (reason, message) = pipeline_run(&scene, json!({"pipelineRef": {"name": "none"}})).await;
    assert_eq!(reason, "CouldntGetPipeline");
    assert!(message.contains("\"none\""), "{message}");
}
