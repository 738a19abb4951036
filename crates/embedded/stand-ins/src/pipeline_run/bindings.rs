//! What is behind the workspaces of a run's tasks.

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimVolumeSource};
use konflux_api::tekton::{PipelineRun, PipelineTask, WorkspaceBinding};
use kube::{Resource, ResourceExt};

use crate::tekton::{Failure, names::claim_name};

/// The claims that a run needs for its `volumeClaimTemplate`s; they belong to the run.
pub(crate) fn claims(run: &PipelineRun) -> Vec<PersistentVolumeClaim> {
    let uid = run.uid().unwrap_or_default();
    let claim = |binding: &WorkspaceBinding| {
        let mut claim = binding.volume_claim_template.clone()?;
        claim.metadata.name = Some(claim_name(&uid, &binding.name));
        claim.metadata.namespace = run.namespace();
        claim.metadata.owner_references = run.controller_owner_ref(&()).map(|owner| vec![owner]);
        claim.status = None;
        Some(claim)
    };
    run.spec.workspaces.iter().filter_map(claim).collect()
}

/// The workspaces of one task's TaskRun. Optional workspaces that the run does not bind are left out.
pub(crate) fn of_task(
    run: &PipelineRun,
    task: &PipelineTask,
) -> Result<Vec<WorkspaceBinding>, Failure> {
    let uid = run.uid().unwrap_or_default();
    let mut bindings = Vec::new();
    for wanted in &task.workspaces {
        let name = wanted.workspace.as_ref().unwrap_or(&wanted.name);
        let Some(bound) = run
            .spec
            .workspaces
            .iter()
            .find(|binding| binding.name == *name)
        else {
            continue;
        };
        let mut binding = bound.clone();
        if binding.volume_claim_template.take().is_some() {
            let claim_name = claim_name(&uid, &bound.name);
            binding.persistent_volume_claim = Some(PersistentVolumeClaimVolumeSource {
                claim_name,
                ..PersistentVolumeClaimVolumeSource::default()
            });
        }
        binding.name.clone_from(&wanted.name);
        binding.sub_path = join(bound.sub_path.as_deref(), wanted.sub_path.as_deref());
        bindings.push(binding);
    }
    Ok(bindings)
}

fn join(outer: Option<&str>, inner: Option<&str>) -> Option<String> {
    let parts: Vec<&str> = [outer, inner]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_template_becomes_one_claim_that_all_tasks_share() {
        let run: PipelineRun = serde_json::from_value(json!({
            "apiVersion": "tekton.dev/v1", "kind": "PipelineRun",
            "metadata": {"name": "r", "namespace": "ns", "uid": "u"},
            "spec": {"workspaces": [
                {"name": "shared", "subPath": "a", "volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}},
                {"name": "other", "emptyDir": {}},
            ]},
        }))
        .unwrap();
        let task: PipelineTask = serde_json::from_value(json!({
            "name": "t", "workspaces": [
                {"name": "source", "workspace": "shared", "subPath": "b"}, {"name": "unbound"},
            ],
        }))
        .unwrap();
        let claims = claims(&run);
        let bindings = of_task(&run, &task).unwrap();
        assert_eq!(claims.len(), 1);
        assert_eq!(bindings.len(), 1);
        assert_eq!(bindings[0].name, "source");
        assert_eq!(bindings[0].sub_path.as_deref(), Some("a/b"));
        let claim = &bindings[0]
            .persistent_volume_claim
            .as_ref()
            .unwrap()
            .claim_name;
        assert_eq!(Some(claim), claims[0].metadata.name.as_ref());
        assert_eq!(
            claims[0].metadata.owner_references.as_ref().unwrap()[0].uid,
            "u"
        );
    }
}
