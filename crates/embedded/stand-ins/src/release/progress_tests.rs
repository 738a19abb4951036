use konflux_api::{
    konflux::{ReleasePlan, ReleasePlanAdmission, ReleaseServiceConfig, Snapshot},
    labels,
    tekton::PipelineRun,
};
use kube::ResourceExt;
use serde_json::{Value, json};

use super::*;
use crate::api::condition;

fn object<K: serde::de::DeserializeOwned>(kind: &str, namespace: &str, spec: Value) -> K {
    serde_json::from_value(json!({
        "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": kind, "metadata": {"name": "x", "namespace": namespace}, "spec": spec,
    }))
    .unwrap()
}

fn pipeline() -> Value {
    json!({"pipelineRef": {"resolver": "git", "params": []}})
}

fn loaded(plan: Value, admission: Result<Value, &str>) -> Loaded {
    let plan: ReleasePlan = object("ReleasePlan", "tenant", plan);
    let snapshot: Snapshot = object("Snapshot", "tenant", json!({"application": "a"}));
    let admission = admission
        .map(|spec| object::<ReleasePlanAdmission>("ReleasePlanAdmission", "managed", spec));
    Loaded {
        plan: Some(plan),
        snapshot: Some(snapshot),
        admission: admission.map_err(str::to_owned),
        policy: None,
        config: ReleaseServiceConfig::default(),
        config_reference: String::new(),
    }
}

fn managed_only() -> Loaded {
    let admission = json!({"applications": ["a"], "origin": "tenant", "pipeline": pipeline()});
    loaded(
        json!({"application": "a", "target": "managed"}),
        Ok(admission),
    )
}

fn run(status: &str) -> PipelineRun {
    serde_json::from_value(json!({
        "apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": {"name": "run", "namespace": "managed"}, "spec": {},
        "status": {"conditions": [{"type": "Succeeded", "status": status, "reason": "R", "message": "push failed"}]},
    }))
    .unwrap()
}

fn step(status: &mut ReleaseStatus, loaded: &Loaded, runs: &[(Phase, PipelineRun)]) -> Action {
    let mut release: Release = object(
        "Release",
        "tenant",
        json!({"snapshot": "x", "releasePlan": "x"}),
    );
    let author = (labels::AUTHOR.to_owned(), "user1".to_owned());
    release.labels_mut().extend([author]);
    let labelled = runs.iter().map(|(phase, run)| {
        let mut run = run.clone();
        let label = (labels::PIPELINE_TYPE.to_owned(), phase.name().to_owned());
        run.labels_mut().extend([label]);
        run
    });
    let runs = Runs {
        pipeline_runs: labelled.collect(),
        task_runs: Vec::new(),
    };
    advance(
        &release,
        status,
        loaded,
        &runs,
        &Time("2026-01-02T12:00:00Z".parse().unwrap()),
    )
}

fn reason<'a>(status: &'a ReleaseStatus, type_: &str) -> &'a str {
    condition(&status.conditions, type_).map_or("", |condition| &condition.reason)
}

#[test]
fn a_valid_release_runs_the_managed_pipeline_and_is_released() {
    let (mut status, loaded) = (ReleaseStatus::default(), managed_only());
    assert_eq!(
        step(&mut status, &loaded, &[]),
        Action::Start(Phase::Managed)
    );
    assert_eq!(reason(&status, "Validated"), "Succeeded");
    assert_eq!(reason(&status, "TenantPipelineProcessed"), "Skipped");
    assert_eq!(reason(&status, "Released"), "Progressing");
    assert_eq!(status.target.as_deref(), Some("managed"));

    assert_eq!(
        step(&mut status, &loaded, &[(Phase::Managed, run("Unknown"))]),
        Action::Wait
    );
    assert_eq!(reason(&status, "ManagedPipelineProcessed"), "Progressing");
    assert_eq!(
        status.managed_pipeline_attempts[0].pipeline_run.as_deref(),
        Some("managed/run")
    );

    assert_eq!(
        step(&mut status, &loaded, &[(Phase::Managed, run("True"))]),
        Action::End
    );
    assert_eq!(reason(&status, "ManagedPipelineProcessed"), "Succeeded");
    assert_eq!(reason(&status, "FinalPipelineProcessed"), "Skipped");
    assert_eq!(
        condition(&status.conditions, "Released").unwrap().status,
        "True"
    );
    assert!(status.completion_time.is_some());
}

#[test]
fn a_failed_managed_pipeline_fails_the_release_with_its_message() {
    let (mut status, loaded) = (ReleaseStatus::default(), managed_only());
    assert_eq!(
        step(&mut status, &loaded, &[(Phase::Managed, run("False"))]),
        Action::End
    );
    assert_eq!(
        condition(&status.conditions, "ManagedPipelineProcessed")
            .unwrap()
            .message,
        "push failed"
    );
    let released = condition(&status.conditions, "Released").unwrap();
    assert_eq!(
        (released.reason.as_str(), released.message.as_str()),
        ("Failed", "Release processing failed on managed pipelineRun")
    );
    assert_eq!(
        status.managed_pipeline_attempts[0]
            .failure_reason
            .as_deref(),
        Some("Error")
    );
    assert!(status.validation.unwrap().failed_post_validation);
}

#[test]
fn a_release_without_an_admission_fails_validation_and_skips_the_rest() {
    let mut status = ReleaseStatus::default();
    let loaded = loaded(
        json!({"application": "a", "target": "managed"}),
        Err("no ReleasePlanAdmission found …"),
    );
    assert_eq!(step(&mut status, &loaded, &[]), Action::End);
    assert_eq!(
        condition(&status.conditions, "Validated").unwrap().message,
        "no ReleasePlanAdmission found …"
    );
    assert_eq!(
        condition(&status.conditions, "Released").unwrap().message,
        "Release validation failed"
    );
    assert_eq!(reason(&status, "ManagedPipelineProcessed"), "Skipped");
}

#[test]
fn the_final_pipeline_runs_even_after_a_failure() {
    let mut status = ReleaseStatus::default();
    let plan = json!({"application": "a", "target": "managed", "finalPipeline": pipeline()});
    let loaded = loaded(plan, Err("no ReleasePlanAdmission found …"));
    assert_eq!(step(&mut status, &loaded, &[]), Action::Start(Phase::Final));
    assert_eq!(
        step(&mut status, &loaded, &[(Phase::Final, run("True"))]),
        Action::End
    );
    assert_eq!(reason(&status, "Released"), "Failed");
}

#[test]
fn a_failed_tenant_pipeline_skips_the_managed_one() {
    let mut status = ReleaseStatus::default();
    let admission = json!({"applications": ["a"], "origin": "tenant", "pipeline": pipeline()});
    let loaded = loaded(
        json!({"application": "a", "target": "managed", "tenantPipeline": pipeline()}),
        Ok(admission),
    );
    assert_eq!(
        step(&mut status, &loaded, &[]),
        Action::Start(Phase::Tenant)
    );
    assert_eq!(
        step(&mut status, &loaded, &[(Phase::Tenant, run("False"))]),
        Action::End
    );
    assert_eq!(reason(&status, "ManagedPipelineProcessed"), "Skipped");
    assert_eq!(
        condition(&status.conditions, "Released").unwrap().message,
        "Release processing failed on tenant pipelineRun"
    );
}

#[test]
fn a_pipeline_run_that_disappears_fails_the_release() {
    let (mut status, loaded) = (ReleaseStatus::default(), managed_only());
    step(&mut status, &loaded, &[(Phase::Managed, run("Unknown"))]);
    assert_eq!(step(&mut status, &loaded, &[]), Action::End);
    let managed = condition(&status.conditions, "ManagedPipelineProcessed").unwrap();
    assert_eq!(
        managed.message,
        "PipelineRun was deleted while still running"
    );
}

#[test]
fn a_release_that_has_ended_stays_as_it_is() {
    let (mut status, loaded) = (ReleaseStatus::default(), managed_only());
    step(&mut status, &loaded, &[(Phase::Managed, run("True"))]);
    let ended = status.clone();
    assert_eq!(step(&mut status, &loaded, &[]), Action::End);
    assert_eq!(status, ended);
}

#[test]
fn the_first_failure_is_the_one_that_the_release_reports() {
    let (mut status, loaded) = (ReleaseStatus::default(), managed_only());
    step(&mut status, &loaded, &[(Phase::Managed, run("False"))]);
    let now = Time("2026-01-02T13:00:00Z".parse().unwrap());
    let later = Failure::new(Place::PipelineRunCreation, "refused");
    record::end(Phase::Final, &mut status, Some(&later), &now);
    assert_eq!(
        condition(&status.conditions, "Released").unwrap().message,
        "Release processing failed on managed pipelineRun"
    );
    assert_eq!(
        condition(&status.conditions, "FinalPipelineProcessed")
            .unwrap()
            .message,
        "refused"
    );
}

#[test]
fn a_pipeline_that_cannot_be_started_leaves_no_attempt_progressing() {
    let (mut status, loaded) = (ReleaseStatus::default(), managed_only());
    step(&mut status, &loaded, &[(Phase::Managed, run("Unknown"))]);
    let now = Time("2026-01-02T13:00:00Z".parse().unwrap());
    let failure = Failure::new(Place::PipelineRunCreation, "refused");
    record::end(Phase::Managed, &mut status, Some(&failure), &now);
    let attempt = &status.managed_pipeline_attempts[0];
    assert_eq!(
        (attempt.status.as_deref(), attempt.failure_reason.as_deref()),
        (Some("Failed"), Some("Error"))
    );
    assert!(status.validation.unwrap().failed_post_validation);
    assert_eq!(
        condition(&status.conditions, "Released").unwrap().message,
        "Release processing failed on managed pipelineRun creation"
    );
}

#[test]
fn what_a_run_was_granted_is_known_again_after_a_crash() {
    // The run exists, but its start was never written into the status.
    let (mut status, loaded) = (ReleaseStatus::default(), managed_only());
    let mut with_account = run("Unknown");
    with_account.spec.task_run_template =
        Some(serde_json::from_value(json!({"serviceAccountName": "release-pipeline"})).unwrap());
    step(&mut status, &loaded, &[(Phase::Managed, with_account)]);
    let bindings = status.managed_pipeline_attempts[0].role_bindings.clone();
    assert_eq!(
        bindings.unwrap().tenant_role_binding.as_deref(),
        Some("tenant/x-release-pipeline-rolebinding")
    );
    let mut status = ReleaseStatus::default();
    step(&mut status, &loaded, &[(Phase::Managed, run("Unknown"))]);
    assert_eq!(status.managed_pipeline_attempts[0].role_bindings, None);
}

#[test]
fn an_invalid_release_still_tells_its_target() {
    let mut status = ReleaseStatus::default();
    let loaded = loaded(
        json!({"application": "a", "target": "managed"}),
        Err("no ReleasePlanAdmission found …"),
    );
    step(&mut status, &loaded, &[]);
    assert_eq!(status.target.as_deref(), Some("managed"));
}
