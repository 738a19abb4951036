//! How steps run, with shell scripts in the place of the probe.

use k8s_openapi::api::{
    core::v1::{Pod, ServiceAccount},
    events::v1::Event,
};
use konflux_api::{
    PROBE_IMAGE,
    tekton::{PipelineRun, TaskRun},
};
use kube::api::{DeleteParams, LogParams, Patch, PatchParams};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::{
    scene::{PATIENCE, Scene, is_done, verdict},
    trial,
};

const TENANT: &str = "user-ns1";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "results_workspaces_and_final_tasks_work_together",
            results_and_workspaces,
        ),
        trial(
            "a_step_gets_the_credentials_of_its_account_and_leaves_none_behind",
            credentials,
        ),
        trial("a_cancelled_pipeline_run_ends_its_steps", cancellation),
        trial("a_task_that_takes_too_long_is_ended", timeout),
        trial("a_deleted_task_run_ends_its_steps", deletion),
        trial(
            "a_run_that_a_restart_interrupts_fails_and_says_so",
            interruption,
        ),
        trial(
            "an_interrupted_run_with_retries_is_tried_again",
            interruption_with_retries,
        ),
        trial("a_failed_task_is_tried_as_often_as_it_asks_for", retries),
    ]
}

fn step(script: &str) -> Value {
    json!({"name": "step", "image": PROBE_IMAGE, "args": [script]})
}

fn task_run(spec: Value) -> Value {
    json!({"apiVersion": "tekton.dev/v1", "kind": "TaskRun", "metadata": {"name": "run"}, "spec": spec})
}

fn pipeline_run(spec: Value) -> Value {
    json!({"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": {"name": "run"}, "spec": spec})
}

fn has_ended(run: &TaskRun) -> bool {
    run.status
        .as_ref()
        .is_some_and(|status| is_done(&status.conditions))
}

fn pipeline_has_ended(run: &PipelineRun) -> bool {
    run.status
        .as_ref()
        .is_some_and(|status| is_done(&status.conditions))
}

fn is_running(run: &TaskRun) -> bool {
    run.status
        .as_ref()
        .is_some_and(|status| !status.steps.is_empty() && !is_done(&status.conditions))
}

/// Looks at files, which make no events, until they are as wanted.
async fn look_until(wanted: impl Fn() -> bool, otherwise: &str) {
    let limit = std::time::Instant::now() + PATIENCE;
    while !wanted() {
        assert!(std::time::Instant::now() < limit, "{otherwise}");
        tokio::task::yield_now().await;
    }
}

async fn results_and_workspaces() {
    let scene = Scene::start_with_shell().await;
    let shared = json!([{"name": "shared"}]);
    let write = "echo hello > $(workspaces.shared.path)/file; printf world > $(results.name.path)";
    let read = "read word < $(workspaces.shared.path)/file; printf '%s %s' \"$word\" $(params.name) > $(results.greeting.path)";
    let run = pipeline_run(json!({
        "workspaces": [{"name": "shared", "volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}}}],
        "pipelineSpec": {
            "workspaces": shared,
            "tasks": [
                {"name": "write", "workspaces": shared, "taskSpec": {"workspaces": shared, "results": [{"name": "name"}], "steps": [step(write)]}},
                {"name": "read", "workspaces": shared, "params": [{"name": "name", "value": "$(tasks.write.results.name)"}],
                    "taskSpec": {"params": [{"name": "name"}], "workspaces": shared, "results": [{"name": "greeting"}], "steps": [step(read)]}},
            ],
            "finally": [{"name": "last", "taskSpec": {"steps": [step("echo status $(params.status)")], "params": [{"name": "status"}]},
                "params": [{"name": "status", "value": "$(tasks.read.status)"}]}],
            "results": [{"name": "greeting", "value": "$(tasks.read.results.greeting)"}],
        },
    }));
    scene.create::<PipelineRun>(TENANT, run).await;
    let status = scene
        .until(TENANT, "run", pipeline_has_ended)
        .await
        .status
        .unwrap();
    assert_eq!(
        verdict(&status.conditions).0,
        "Succeeded",
        "{:?}",
        verdict(&status.conditions)
    );
    assert_eq!(status.result("greeting"), Some("hello world"));
    assert_eq!(status.child_references.len(), 3);
    let pods = scene.api::<Pod>(TENANT);
    let parameters = LogParams {
        container: Some("step-step".to_owned()),
        ..LogParams::default()
    };
    assert_eq!(
        pods.logs("run-last-pod", &parameters).await.unwrap(),
        "status Succeeded\n"
    );
}

async fn credentials() {
    let scene = Scene::start_with_shell().await;
    let config =
        |registry: &str| json!({"auths": {registry: {"auth": "dXNlcjpwYXNz"}}}).to_string();
    for (name, registry) in [("first", "a.example/x"), ("second", "b.example")] {
        scene
            .apply(json!({
                "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
                "metadata": {"name": name, "namespace": TENANT}, "stringData": {".dockerconfigjson": config(registry)},
            }))
            .await;
    }
    scene
        .apply(json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "pusher", "namespace": TENANT},
            "secrets": [{"name": "first"}, {"name": "missing"}, {"name": "second"}],
        }))
        .await;
    let script = "while read -r line || [ -n \"$line\" ]; do echo \"$line\"; done < $HOME/.docker/config.json";
    scene
        .create::<TaskRun>(
            TENANT,
            task_run(
                json!({"serviceAccountName": "pusher", "taskSpec": {"steps": [step(script)]}}),
            ),
        )
        .await;
    let status = scene.until(TENANT, "run", has_ended).await.status.unwrap();
    assert_eq!(
        verdict(&status.conditions).0,
        "Succeeded",
        "{:?}",
        verdict(&status.conditions)
    );
    let log = scene.log(TENANT, "run-pod", "step-step");
    let written: Value = serde_json::from_str(&log).unwrap();
    let keys: Vec<&String> = written["auths"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["a.example/x", "b.example"]);
    assert_eq!(scene.files_of_runs(), 0);
    let is_about_missing = |event: &Event| {
        event
            .note
            .as_deref()
            .is_some_and(|note| note.contains("(missing)"))
    };
    let event = scene.until_any(TENANT, is_about_missing).await;
    assert_eq!(event.reason.as_deref(), Some("FailedToRetrieveSecret"));
    let account: ServiceAccount = scene.api(TENANT).get("pusher").await.unwrap();
    assert_eq!(account.secrets.unwrap().len(), 3);
}

async fn cancellation() {
    let scene = Scene::start_with_shell().await;
    let run = pipeline_run(
        json!({"pipelineSpec": {"tasks": [{"name": "long", "taskSpec": {"steps": [step("sleep 600")]}}]}}),
    );
    scene.create::<PipelineRun>(TENANT, run).await;
    scene.until(TENANT, "run-long", is_running).await;
    let cancel = Patch::Merge(json!({"spec": {"status": "Cancelled"}}));
    scene
        .api::<PipelineRun>(TENANT)
        .patch("run", &PatchParams::default(), &cancel)
        .await
        .unwrap();
    let status = scene
        .until(TENANT, "run", pipeline_has_ended)
        .await
        .status
        .unwrap();
    assert_eq!(verdict(&status.conditions).0, "Cancelled");
    let status = scene
        .until(TENANT, "run-long", has_ended)
        .await
        .status
        .unwrap();
    assert_eq!(verdict(&status.conditions).0, "TaskRunCancelled");
    assert_eq!(scene.files_of_runs(), 0);
}

async fn timeout() {
    let scene = Scene::start_with_shell().await;
    scene
        .create::<TaskRun>(
            TENANT,
            task_run(json!({"timeout": "100ms", "taskSpec": {"steps": [step("sleep 600")]}})),
        )
        .await;
    let status = scene.until(TENANT, "run", has_ended).await.status.unwrap();
    let (reason, message) = verdict(&status.conditions);
    assert_eq!(
        (reason.as_str(), message.as_str()),
        (
            "TaskRunTimeout",
            "TaskRun \"run\" failed to finish within \"100ms\""
        )
    );
}

async fn deletion() {
    let scene = Scene::start_with_shell().await;
    let ready = scene.folder.path().join("ended");
    let script = format!(
        "trap '' TERM; echo started; sleep 600; echo > {}",
        ready.display()
    );
    scene
        .create::<TaskRun>(
            TENANT,
            task_run(json!({"taskSpec": {"steps": [step(&script)]}})),
        )
        .await;
    scene.until(TENANT, "run", is_running).await;
    scene
        .api::<TaskRun>(TENANT)
        .delete("run", &DeleteParams::default())
        .await
        .unwrap();
    look_until(
        || scene.files_of_runs() == 0,
        "the files of a deleted run stay",
    )
    .await;
    assert!(!ready.exists());
}

async fn interruption() {
    let mut scene = Scene::start_with_shell().await;
    let run = pipeline_run(
        json!({"pipelineSpec": {"tasks": [{"name": "long", "taskSpec": {"steps": [step("sleep 600")]}}]}}),
    );
    scene.create::<PipelineRun>(TENANT, run).await;
    scene.until(TENANT, "run-long", is_running).await;
    scene.stop_stand_ins().await;
    scene.start_stand_ins();
    let status = scene
        .until(TENANT, "run", pipeline_has_ended)
        .await
        .status
        .unwrap();
    let (reason, message) = verdict(&status.conditions);
    assert_eq!(reason, "Failed");
    assert!(
        message.contains("task \"long\" failed: interrupted"),
        "{message}"
    );
}

async fn interruption_with_retries() {
    let mut scene = Scene::start_with_shell().await;
    let marker = scene.folder.path().join("marker");
    let script = format!(
        "if [ -e {0} ]; then exit 0; fi; echo > {0}; sleep 600",
        marker.display()
    );
    scene
        .create::<TaskRun>(
            TENANT,
            task_run(json!({"retries": 1, "taskSpec": {"steps": [step(&script)]}})),
        )
        .await;
    // A file makes no event: look until the step has written it.
    look_until(|| marker.exists(), "the step did not start").await;
    scene.stop_stand_ins().await;
    scene.start_stand_ins();
    let status = scene.until(TENANT, "run", has_ended).await.status.unwrap();
    assert_eq!(
        verdict(&status.conditions).0,
        "Succeeded",
        "{:?}",
        verdict(&status.conditions)
    );
    assert_eq!(status.retries_status.len(), 1);
}

async fn retries() {
    let scene = Scene::start_with_shell().await;
    scene
        .create::<TaskRun>(
            TENANT,
            task_run(json!({"retries": 2, "taskSpec": {"steps": [step("echo no luck; exit 4")]}})),
        )
        .await;
    let status = scene.until(TENANT, "run", has_ended).await.status.unwrap();
    let (reason, message) = verdict(&status.conditions);
    assert_eq!(
        (reason.as_str(), message.as_str()),
        ("Failed", "\"step-step\" exited with code 4: no luck")
    );
    assert_eq!(status.retries_status.len(), 2);
    assert_eq!(status.pod_name.as_deref(), Some("run-pod-retry2"));
}
