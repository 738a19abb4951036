//! Why a PipelineRun failed: its failed TaskRuns and the end of their logs.

use std::fmt;

use k8s_openapi::api::core::v1::Pod;
use konflux_api::labels;
use konflux_api::tekton::{PipelineRun, TaskRun, succeeded};
use kube::api::{ListParams, LogParams};
use kube::{Api, ResourceExt};

use super::Tenant;
use crate::failure::kubernetes_words;

/// How many lines of a failed step's log are shown.
const LINES: i64 = 20;

/// A failed TaskRun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedTask {
    /// The task's name in its pipeline.
    pub task: String,
    /// The reason of its condition `Succeeded`.
    pub reason: String,
    /// The message of its condition `Succeeded`.
    pub message: String,
    /// The ends of its failed steps' logs.
    pub log: String,
}

/// The failed tasks of a run; what cannot be read is said in its place.
pub(super) async fn of(tenant: &Tenant, run: &PipelineRun) -> Vec<FailedTask> {
    let namespace = run.namespace().unwrap_or_default();
    let api = tenant.api::<TaskRun>(&namespace);
    let of_run = ListParams::default().labels(&format!(
        "{}={}",
        labels::TEKTON_PIPELINE_RUN,
        run.name_any()
    ));
    let task_runs = match api.list(&of_run).await {
        Ok(list) => list.items,
        Err(error) => return vec![unreadable(&error)],
    };
    let pods = tenant.api::<Pod>(&namespace);
    let mut failed = Vec::new();
    for task_run in task_runs {
        let status = task_run.status.clone().unwrap_or_default();
        let Some(condition) =
            succeeded(&status.conditions).filter(|condition| condition.status == "False")
        else {
            continue;
        };
        let mut log = String::new();
        for step in &status.steps {
            let exit_code = step
                .terminated
                .as_ref()
                .map_or(0, |terminated| terminated.exit_code);
            if let (Some(pod), Some(container), true) =
                (&status.pod_name, &step.container, exit_code != 0)
            {
                log.push_str(&end_of_log(&pods, pod, container).await);
            }
        }
        failed.push(FailedTask {
            task: task_run
                .labels()
                .get(labels::TEKTON_PIPELINE_TASK)
                .cloned()
                .unwrap_or_else(|| task_run.name_any()),
            reason: condition.reason.clone().unwrap_or_default(),
            message: condition.message.clone().unwrap_or_default(),
            log,
        });
    }
    failed
}

async fn end_of_log(pods: &Api<Pod>, pod: &str, container: &str) -> String {
    let parameters = LogParams {
        container: Some(container.to_owned()),
        tail_lines: Some(LINES),
        ..Default::default()
    };
    let log = pods.logs(pod, &parameters).await;
    log.unwrap_or_else(|error| {
        format!(
            "the log of {pod}/{container} cannot be read: {}\n",
            kubernetes_words(&error)
        )
    })
}

fn unreadable(error: &kube::Error) -> FailedTask {
    FailedTask {
        task: "?".to_owned(),
        reason: "its TaskRuns cannot be read".to_owned(),
        message: kubernetes_words(error),
        log: String::new(),
    }
}

impl fmt::Display for FailedTask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "task {} failed ({}): {}",
            self.task, self.reason, self.message
        )?;
        for line in self.log.lines() {
            write!(formatter, "\n  | {line}")?;
        }
        Ok(())
    }
}
