//! Results of single tasks, which a pipeline need not pass on.

use konflux_api::labels;
use konflux_api::tekton::TaskRun;
use kube::ResourceExt;
use kube::api::ListParams;

use super::Tenant;
use crate::Failure;

/// What a task of a run gave as its result.
pub(super) async fn text(
    tenant: &Tenant,
    namespace: &str,
    run: &str,
    task: &str,
    result: &str,
) -> Result<String, Failure> {
    let selector = format!(
        "{}={run},{}={task}",
        labels::TEKTON_PIPELINE_RUN,
        labels::TEKTON_PIPELINE_TASK
    );
    let task_runs = tenant.api::<TaskRun>(namespace);
    let listing = format!("look for task {task} of PipelineRun {namespace}/{run}");
    let of_task = ListParams::default().labels(&selector);
    let found = task_runs.list(&of_task).await;
    let found = found.map_err(Failure::kubernetes(listing))?;
    let names: Vec<String> = found.iter().map(ResourceExt::name_any).collect();
    let results = found
        .into_iter()
        .flat_map(|run| run.status.unwrap_or_default().results);
    let value = results.into_iter().find(|found| found.name == result);
    let value = value.and_then(|found| found.value.as_str().map(str::to_owned));
    value.ok_or_else(|| Failure::Unexpected {
        object: format!("task {task} of PipelineRun {namespace}/{run}"),
        expected: format!("a result {result}"),
        seen: format!("its TaskRuns {names:?} have none"),
    })
}
