use serde_json::{Value, json};

use super::*;

const NOON: &str = "2026-01-02T12:00:00Z";

/// A run with its TaskRuns, at a moment after noon, when it started.
struct Scene {
    run: PipelineRun,
    pipeline: PipelineSpec,
    task_runs: Vec<TaskRun>,
    finally_started: Option<u32>,
    seconds: u32,
}

fn scene(pipeline: Value) -> Scene {
    let run = json!({
        "apiVersion": "tekton.dev/v1", "kind": "PipelineRun",
        "metadata": {"name": "run", "namespace": "ns", "uid": "u", "labels": {"own": "label"},
            "annotations": {"a": "1", "chains.tekton.dev/signed": "true"}},
        "spec": {"taskRunTemplate": {"serviceAccountName": "builder"}},
    });
    Scene {
        run: serde_json::from_value(run).unwrap(),
        pipeline: serde_json::from_value(pipeline).unwrap(),
        task_runs: Vec::new(),
        finally_started: None,
        seconds: 1,
    }
}

impl Scene {
    fn task(mut self, task: &str, status: &str, reason: &str, results: Value) -> Self {
        let run = json!({
            "apiVersion": "tekton.dev/v1", "kind": "TaskRun",
            "metadata": {"name": format!("run-{task}"), "labels": {"tekton.dev/pipelineTask": task}},
            "spec": {},
            "status": {
                "conditions": [{"type": "Succeeded", "status": status, "reason": reason, "message": "why"}],
                "results": results,
            },
        });
        self.task_runs.push(serde_json::from_value(run).unwrap());
        self
    }

    fn running(self, task: &str) -> Self {
        self.task(task, "Unknown", "Running", json!([]))
    }

    fn succeeded(self, task: &str) -> Self {
        self.task(
            task,
            "True",
            "Succeeded",
            json!([{"name": "r", "type": "string", "value": "value of r"}]),
        )
    }

    fn failed(self, task: &str) -> Self {
        self.task(task, "False", "Failed", json!([]))
    }

    fn decide(&self) -> Result<Decision, Failure> {
        let noon: Timestamp = NOON.parse().unwrap();
        let after = |seconds: u32| {
            noon.checked_add(std::time::Duration::from_secs(seconds.into()))
                .unwrap()
        };
        decide(&Observed {
            run: &self.run,
            pipeline: &self.pipeline,
            params: &BTreeMap::from([("p".to_owned(), "value of p".into())]),
            task_runs: &self.task_runs,
            started: noon,
            finally_started: self.finally_started.map(after),
            now: after(self.seconds),
        })
    }

    fn created(&self) -> Vec<String> {
        self.decide()
            .unwrap()
            .create
            .iter()
            .map(ResourceExt::name_any)
            .collect()
    }

    fn skipped(&self) -> Vec<(String, String)> {
        self.decide()
            .unwrap()
            .skipped
            .into_iter()
            .map(|task| (task.name, task.reason))
            .collect()
    }
}

/// `a` before `b`, which uses a result of it, and the final task `f`.
fn two_tasks_and_a_final_one() -> Value {
    let task = json!({"name": "t"});
    json!({
        "tasks": [
            {"name": "b", "taskRef": task, "params": [{"name": "x", "value": "$(tasks.a.results.r)-$(params.p)"}]},
            {"name": "a", "taskRef": task},
        ],
        "finally": [{"name": "f", "taskRef": task, "params": [{"name": "s", "value": "$(tasks.b.status)"}]}],
        "results": [{"name": "out", "value": "$(tasks.b.results.r)"}],
    })
}

#[test]
fn tasks_start_when_what_they_need_has_ended() {
    let scene = scene(two_tasks_and_a_final_one());
    assert_eq!(scene.created(), ["run-a"]);
    let scene = scene.succeeded("a");
    let created = scene.decide().unwrap().create;
    assert_eq!(created.len(), 1);
    assert_eq!(
        created[0].spec.params[0].value,
        "value of r-value of p".into()
    );
    let scene = scene.succeeded("b");
    let decision = scene.decide().unwrap();
    assert_eq!(decision.create[0].spec.params[0].value, "Succeeded".into());
    assert!(decision.finally_started);
    let decision = scene.succeeded("f").decide().unwrap();
    assert_eq!(
        (decision.verdict.status, decision.verdict.reason),
        ("True", "Succeeded")
    );
    assert_eq!(
        decision.verdict.message,
        "Tasks Completed: 3 (Failed: 0, Cancelled 0), Skipped: 0"
    );
    assert_eq!(decision.results[0].value, "value of r".into());
    assert_eq!(decision.children.len(), 3);
}

#[test]
fn a_task_run_carries_what_tekton_hands_on() {
    let created = scene(two_tasks_and_a_final_one())
        .decide()
        .unwrap()
        .create
        .remove(0);
    assert_eq!(created.labels()["own"], "label");
    assert_eq!(created.labels()["tekton.dev/pipelineTask"], "a");
    assert_eq!(created.labels()["tekton.dev/memberOf"], "tasks");
    assert_eq!(created.annotations().keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(created.owner_references()[0].uid, "u");
    assert_eq!(
        created.spec.service_account_name.as_deref(),
        Some("builder")
    );
    assert_eq!(created.spec.timeout.as_deref(), Some("1h0m0s"));
}

#[test]
fn a_failed_task_stops_the_others_and_is_named_with_its_reason() {
    let scene = scene(two_tasks_and_a_final_one()).failed("a");
    assert_eq!(scene.created(), ["run-f"]);
    assert_eq!(
        scene.skipped(),
        [("b".to_owned(), "PipelineRun was stopping".to_owned())]
    );
    let verdict = scene.succeeded("f").decide().unwrap().verdict;
    assert_eq!((verdict.status, verdict.reason), ("False", "Failed"));
    assert!(
        verdict.message.contains("task \"a\" failed: why"),
        "{}",
        verdict.message
    );
}

#[test]
fn what_runs_when_a_task_fails_may_end() {
    let pipeline = json!({"tasks": [{"name": "a", "taskRef": {"name": "t"}}, {"name": "b", "taskRef": {"name": "t"}}]});
    let verdict = scene(pipeline)
        .failed("a")
        .running("b")
        .decide()
        .unwrap()
        .verdict;
    assert_eq!(
        (verdict.status, verdict.reason),
        ("Unknown", "PipelineRunStopping")
    );
}

#[test]
fn a_condition_that_does_not_hold_skips_its_task_but_not_those_that_only_follow() {
    let task = json!({"name": "t"});
    let pipeline = json!({"tasks": [
        {"name": "a", "taskRef": task, "when": [{"input": "$(params.p)", "operator": "notin", "values": ["value of p"]}]},
        {"name": "follows", "taskRef": task, "runAfter": ["a"]},
        {"name": "needs", "taskRef": task, "params": [{"name": "x", "value": "$(tasks.a.results.r)"}]},
        {"name": "later", "taskRef": task, "runAfter": ["needs"]},
    ]});
    let scene = scene(pipeline);
    assert_eq!(scene.created(), ["run-follows"]);
    let reasons = [
        ("a", "When Expressions evaluated to false"),
        ("needs", "Results were missing"),
        ("later", "Parent Tasks were skipped"),
    ];
    assert_eq!(
        scene.skipped(),
        reasons.map(|(task, reason)| (task.to_owned(), reason.to_owned()))
    );
    assert_eq!(
        scene.succeeded("follows").decide().unwrap().verdict.reason,
        "Completed"
    );
}

#[test]
fn a_result_that_a_successful_task_did_not_write_fails_the_run() {
    let scene = scene(two_tasks_and_a_final_one()).task("a", "True", "Succeeded", json!([]));
    assert_eq!(
        scene.decide().unwrap_err().reason,
        "InvalidTaskResultReference"
    );
}

#[test]
fn a_pipeline_result_that_was_not_written_fails_the_run() {
    let scene = scene(two_tasks_and_a_final_one())
        .succeeded("a")
        .task("b", "True", "Succeeded", json!([]))
        .succeeded("f");
    assert_eq!(
        scene.decide().unwrap_err().reason,
        "CouldntGetPipelineResult"
    );
}

#[test]
fn a_cancelled_run_ends_at_once_and_cancels_what_runs() {
    let mut scene = scene(two_tasks_and_a_final_one()).running("a");
    scene.run.spec.status = Some("Cancelled".to_owned());
    let decision = scene.decide().unwrap();
    assert_eq!(
        decision.verdict,
        Verdict::new("False", "Cancelled", "PipelineRun \"run\" was cancelled")
    );
    assert_eq!(decision.cancel[0].0, "run-a");
    assert!(decision.create.is_empty());
}

#[test]
fn a_gracefully_cancelled_run_still_runs_its_final_tasks() {
    let mut scene =
        scene(two_tasks_and_a_final_one()).task("a", "False", "TaskRunCancelled", json!([]));
    scene.run.spec.status = Some("CancelledRunFinally".to_owned());
    assert_eq!(scene.created(), ["run-f"]);
    let verdict = scene.succeeded("f").decide().unwrap().verdict;
    assert_eq!((verdict.status, verdict.reason), ("False", "Cancelled"));
}

#[test]
fn a_stopped_run_waits_for_what_runs() {
    let mut scene = scene(two_tasks_and_a_final_one()).running("a");
    scene.run.spec.status = Some("StoppedRunFinally".to_owned());
    let decision = scene.decide().unwrap();
    assert!(decision.cancel.is_empty() && decision.create.is_empty());
    assert_eq!(decision.verdict.reason, "StoppedRunningFinally");
}

#[test]
fn a_run_that_takes_too_long_ends_and_cancels_what_runs() {
    let mut scene = scene(two_tasks_and_a_final_one()).running("a");
    scene.seconds = 3600;
    let decision = scene.decide().unwrap();
    assert_eq!(decision.verdict.reason, "PipelineRunTimeout");
    assert_eq!(
        decision.verdict.message,
        "PipelineRun \"run\" failed to finish within \"1h0m0s\""
    );
    assert_eq!(decision.cancel.len(), 1);
}

#[test]
fn tasks_that_take_too_long_leave_time_for_the_final_ones() {
    let mut scene = scene(two_tasks_and_a_final_one()).running("a");
    scene.run.spec.timeouts =
        serde_json::from_value(json!({"pipeline": "1m", "tasks": "10s"})).unwrap();
    assert_eq!(
        scene.decide().unwrap().look_again,
        Some("2026-01-02T12:00:10Z".parse().unwrap())
    );
    scene.seconds = 10;
    assert_eq!(scene.decide().unwrap().cancel[0].0, "run-a");
    scene.task_runs.clear();
    let scene = scene.task("a", "False", "TaskRunCancelled", json!([]));
    assert_eq!(scene.created(), ["run-f"]);
    let verdict = scene.succeeded("f").decide().unwrap().verdict;
    assert_eq!(verdict.reason, "PipelineRunTimeout");
}
