//! How the start and the end of a phase are written into a Release's status.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use konflux_api::{
    konflux::{PipelineAttempt, PipelineInfo, Release, ReleaseStatus, RoleBindings},
    tekton::PipelineRun,
};
use kube::ResourceExt;

use super::{
    conditions::{self, Progress, RELEASED, progress},
    failure::Failure,
    phase::Phase,
    pipeline_run::role_binding_name,
};

/// Writes down which PipelineRun a phase has. It may be called again and again: what a crash kept from being written is
/// filled in.
pub(crate) fn start(
    phase: Phase,
    status: &mut ReleaseStatus,
    release: &Release,
    run: &PipelineRun,
    now: &Time,
) {
    let name = format!("{}/{}", run.namespace().unwrap_or_default(), run.name_any());
    conditions::set(
        &mut status.conditions,
        phase.condition(),
        Progress::Progressing,
        "",
        now,
    );
    let information = match phase {
        Phase::Tenant => status.tenant_processing.get_or_insert_default(),
        Phase::Final => status.final_processing.get_or_insert_default(),
        Phase::Managed => {
            if status.managed_pipeline_attempts.is_empty() {
                status.managed_pipeline_attempts.push(PipelineAttempt {
                    start_time: Some(now.clone()),
                    status: Some("Progressing".to_owned()),
                    ..PipelineAttempt::default()
                });
            }
            let attempt = &mut status.managed_pipeline_attempts[0];
            attempt.pipeline_run = Some(name);
            attempt.role_bindings = role_bindings(release, run);
            return;
        }
    };
    information.pipeline_run = Some(name);
    information.start_time.get_or_insert_with(|| now.clone());
}

/// What a managed run was granted: it has a RoleBinding when it has an account.
fn role_bindings(release: &Release, run: &PipelineRun) -> Option<RoleBindings> {
    let template = run.spec.task_run_template.as_ref();
    template.and_then(|template| template.service_account_name.as_ref())?;
    let namespace = release.namespace().unwrap_or_default();
    Some(RoleBindings {
        tenant_role_binding: Some(format!("{namespace}/{}", role_binding_name(release))),
        ..RoleBindings::default()
    })
}

/// Writes down that a phase has ended; `failure` when it failed. The first failure of a Release is the one that it reports.
pub(crate) fn end(phase: Phase, status: &mut ReleaseStatus, failure: Option<&Failure>, now: &Time) {
    let (outcome, message) = match failure {
        Some(failure) => (Progress::Failed, failure.message.as_str()),
        None => (Progress::Succeeded, ""),
    };
    conditions::set(
        &mut status.conditions,
        phase.condition(),
        outcome,
        message,
        now,
    );
    let complete = |information: &mut Option<PipelineInfo>| {
        if let Some(information) = information {
            information.completion_time = Some(now.clone());
        }
    };
    match phase {
        Phase::Tenant => complete(&mut status.tenant_processing),
        Phase::Final => complete(&mut status.final_processing),
        Phase::Managed => {
            if let Some(attempt) = status.managed_pipeline_attempts.first_mut() {
                attempt.completion_time = Some(now.clone());
                let outcome = failure.map_or("Succeeded", |_| "Failed");
                attempt.status = Some(outcome.to_owned());
                attempt.failure_reason = failure.map(|failure| failure.reason.to_owned());
                attempt.last_task = failure.and_then(|failure| failure.last_task.clone());
            }
        }
    }
    if let Some(failure) = failure
        && progress(&status.conditions, RELEASED) != Some(Progress::Failed)
    {
        let message = failure.of_release(phase);
        conditions::set(
            &mut status.conditions,
            RELEASED,
            Progress::Failed,
            &message,
            now,
        );
        status
            .validation
            .get_or_insert_default()
            .failed_post_validation = true;
    }
}
