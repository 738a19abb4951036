//! What is given back when a phase, or a Release, has ended.

use k8s_openapi::api::rbac::v1::RoleBinding;
use konflux_api::{
    annotations,
    konflux::Release,
    tekton::{PipelineRun, succeeded},
};
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, ListParams},
};
use serde_json::json;

use super::{
    pipeline_run::{identifying_labels, role_binding_name},
    webhook::is_label_value,
};
use crate::{api, error::ReconcileError, finalizers};

/// All PipelineRuns of a Release, in whatever namespace.
pub(crate) async fn pipeline_runs(
    client: &Client,
    release: &Release,
) -> Result<Vec<PipelineRun>, kube::Error> {
    let Some(selector) = selector(release) else {
        return Ok(Vec::new());
    };
    let runs: Api<PipelineRun> = Api::all(client.clone());
    Ok(runs
        .list(&ListParams::default().labels(&selector))
        .await?
        .items)
}

/// Selects the PipelineRuns of a Release; `None` when its name is too long for a label, so that it can have none.
fn selector(release: &Release) -> Option<String> {
    let labels = identifying_labels(release);
    labels
        .iter()
        .map(|(key, value)| is_label_value(value).then(|| format!("{key}={value}")))
        .collect::<Option<Vec<String>>>()
        .map(|selectors| selectors.join(","))
}

/// Lets the PipelineRuns that have ended go, and takes back what the managed one was granted.
pub(crate) async fn after_runs(
    client: &Client,
    release: &Release,
    runs: &[PipelineRun],
) -> Result<(), ReconcileError> {
    for run in runs {
        let conditions = run
            .status
            .as_ref()
            .map_or(&[][..], |status| &status.conditions);
        let has_ended = succeeded(conditions).is_some_and(|condition| condition.is_done());
        if has_ended || run.metadata.deletion_timestamp.is_some() {
            free(client, run).await?;
        }
    }
    let bindings: Api<RoleBinding> =
        Api::namespaced(client.clone(), &release.namespace().unwrap_or_default());
    ignore_missing(
        bindings
            .delete(&role_binding_name(release), &DeleteParams::default())
            .await
            .map(drop),
    )
}

/// Everything that a deleted Release leaves: its PipelineRuns and what they were granted. Then the Release can go.
pub(crate) async fn after_deletion(
    client: &Client,
    release: &Release,
) -> Result<(), ReconcileError> {
    let Some(metadata) = finalizers::removal(release, annotations::RELEASE_FINALIZER) else {
        return Ok(());
    };
    let runs = pipeline_runs(client, release).await?;
    for run in &runs {
        free(client, run).await?;
        let api: Api<PipelineRun> =
            Api::namespaced(client.clone(), &run.namespace().unwrap_or_default());
        ignore_missing(
            api.delete(&run.name_any(), &DeleteParams::default())
                .await
                .map(drop),
        )?;
    }
    after_runs(client, release, &[]).await?;
    let releases: Api<Release> =
        Api::namespaced(client.clone(), &release.namespace().unwrap_or_default());
    ignore_missing(
        api::merge(
            &releases,
            &release.name_any(),
            &json!({ "metadata": metadata }),
        )
        .await
        .map(drop),
    )
}

async fn free(client: &Client, run: &PipelineRun) -> Result<(), ReconcileError> {
    let Some(metadata) = finalizers::removal(run, annotations::RELEASE_FINALIZER) else {
        return Ok(());
    };
    let runs: Api<PipelineRun> =
        Api::namespaced(client.clone(), &run.namespace().unwrap_or_default());
    ignore_missing(
        api::merge(&runs, &run.name_any(), &json!({ "metadata": metadata }))
            .await
            .map(drop),
    )
}

fn ignore_missing(result: Result<(), kube::Error>) -> Result<(), ReconcileError> {
    match result {
        Err(error) if !api::is_not_found(&error) => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_no_label_value_is_never_asked_for() {
        let selector = |name: &str| {
            let mut release = Release::new(name, Default::default());
            release.metadata.namespace = Some("tenant".to_owned());
            selector(&release)
        };
        assert_eq!(
            selector("r").unwrap(),
            "release.appstudio.openshift.io/name=r,release.appstudio.openshift.io/namespace=tenant"
        );
        assert_eq!(selector(&"a".repeat(64)), None);
    }
}
