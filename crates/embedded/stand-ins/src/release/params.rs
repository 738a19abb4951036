//! The parameters of release PipelineRuns, in release-service's order.

use konflux_api::{konflux::PipelineSource, tekton::Param};
use kube::ResourceExt;

use super::{phase::Phase, pipeline_run::Template};

/// The parameters of a run; the error says why it cannot have them.
pub(super) fn params(template: &Template<'_>) -> Result<Vec<Param>, String> {
    let release = template.release;
    let tenant = release.namespace().unwrap_or_default();
    let reference = |name: &str, namespace: &str, object: &str| {
        Param::string(name, &format!("{namespace}/{object}"))
    };
    let mut params = vec![
        reference("release", &tenant, &release.name_any()),
        reference("releasePlan", &tenant, &release.spec.release_plan),
    ];
    let snapshot = reference("snapshot", &tenant, &release.spec.snapshot);
    let source = &template.pipeline.pipeline_ref;
    if template.phase != Phase::Managed {
        params.push(snapshot);
        let own = template.pipeline.params.iter();
        params.extend(own.map(|param| Param::string(&param.name, &param.value)));
        params.extend(task_source(source)?);
        return Ok(params);
    }
    let loaded = template.loaded;
    if let Ok(admission) = &loaded.admission {
        params.push(reference(
            "releasePlanAdmission",
            &admission.namespace().unwrap_or_default(),
            &admission.name_any(),
        ));
    }
    params.push(Param::string(
        "releaseServiceConfig",
        &loaded.config_reference,
    ));
    params.push(snapshot);
    if let Some(policy) = &loaded.policy {
        params.push(Param::string(
            "enterpriseContractPolicy",
            &policy.to_string(),
        ));
    }
    params.extend(task_source(source)?);
    let storage = source.oci_storage.as_deref();
    if let Some(storage) = storage.filter(|storage| !storage.is_empty()) {
        params.push(Param::string("ociStorage", storage));
    }
    Ok(params)
}

/// Where a pipeline from git finds its tasks. release-service asks the git server which commit a branch or tag is; there is
/// none here, so only a commit will do.
fn task_source(source: &PipelineSource) -> Result<Vec<Param>, String> {
    if source.resolver != "git" {
        return Ok(Vec::new());
    }
    let required = |name: &str| {
        source.parameter(name).ok_or_else(|| {
            format!("git resolution failed: pipelineRef.params has no parameter {name:?}")
        })
    };
    let (url, revision) = (required("url")?, required("revision")?);
    let is_commit = revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_commit {
        return Err(format!(
            "git resolution failed: the revision {revision:?} of {url} is not resolved to a commit, because konflux-local's \
             model of release-service asks no git server; use the resolver \"cluster\""
        ));
    }
    Ok(vec![
        Param::string("taskGitUrl", url),
        Param::string("taskGitRevision", revision),
    ])
}

#[cfg(test)]
mod tests {
    use konflux_api::konflux::{Release, ReleasePipeline};
    use serde_json::{Value, json};

    use super::*;
    use crate::release::load::Loaded;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn params_of(phase: Phase, pipeline: Value) -> Result<Vec<(String, String)>, String> {
        let release: Release = serde_json::from_value(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "Release",
            "metadata": {"name": "r", "namespace": "tenant"}, "spec": {"snapshot": "s", "releasePlan": "p"},
        }))
        .unwrap();
        let loaded = Loaded {
            plan: None,
            snapshot: None,
            admission: Err("none".to_owned()),
            policy: Some(json!({"name": "strict", "aFieldOfTomorrow": 1})),
            config: Default::default(),
            config_reference: "release-service/release-service-config".to_owned(),
        };
        let pipeline: ReleasePipeline = serde_json::from_value(pipeline).unwrap();
        let template = Template {
            release: &release,
            loaded: &loaded,
            phase,
            pipeline: &pipeline,
        };
        let text = |param: Param| (param.name, param.value.as_str().unwrap().to_owned());
        Ok(params(&template)?.into_iter().map(text).collect())
    }

    fn git(revision: &str) -> Value {
        json!({
            "params": [{"name": "own", "value": "1"}],
            "pipelineRef": {"resolver": "git", "ociStorage": "r.example/ta", "params": [
                {"name": "url", "value": "https://git.example/catalog"}, {"name": "revision", "value": revision},
            ]},
        })
    }

    fn names(params: &[(String, String)]) -> Vec<&str> {
        params.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn a_pipeline_from_git_gets_its_url_and_commit() {
        let managed = params_of(Phase::Managed, git(COMMIT)).unwrap();
        assert_eq!(
            names(&managed)[2..],
            [
                "releaseServiceConfig",
                "snapshot",
                "enterpriseContractPolicy",
                "taskGitUrl",
                "taskGitRevision",
                "ociStorage"
            ]
        );
        assert!(managed.contains(&("taskGitRevision".to_owned(), COMMIT.to_owned())));
        let tenant = params_of(Phase::Tenant, git(COMMIT)).unwrap();
        assert_eq!(
            names(&tenant)[2..],
            ["snapshot", "own", "taskGitUrl", "taskGitRevision"]
        );
    }

    #[test]
    fn a_branch_is_refused_because_it_cannot_be_resolved() {
        for phase in Phase::ALL {
            let problem = params_of(phase, git("production")).unwrap_err();
            assert!(
                problem.starts_with("git resolution failed: the revision \"production\""),
                "{problem}"
            );
        }
        let without_url = json!({"pipelineRef": {"resolver": "git", "params": []}});
        let problem = params_of(Phase::Managed, without_url).unwrap_err();
        assert!(problem.ends_with("no parameter \"url\""), "{problem}");
    }

    #[test]
    fn the_policy_is_handed_on_with_the_fields_that_nobody_here_knows() {
        let pipeline = json!({"pipelineRef": {"resolver": "cluster", "params": []}});
        let params = params_of(Phase::Managed, pipeline).unwrap();
        let policy = params
            .into_iter()
            .find(|(name, _)| name == "enterpriseContractPolicy");
        let policy: Value = serde_json::from_str(&policy.unwrap().1).unwrap();
        assert_eq!(policy, json!({"name": "strict", "aFieldOfTomorrow": 1}));
    }
}
