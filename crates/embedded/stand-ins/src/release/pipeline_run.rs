//! The PipelineRuns of a release, and the RoleBinding of the managed one.

use std::collections::BTreeMap;

use k8s_openapi::api::{
    core::v1::EmptyDirVolumeSource,
    rbac::v1::{RoleBinding, RoleRef, Subject},
};
use konflux_api::{
    annotations,
    konflux::{Release, ReleasePipeline},
    labels, names,
    tekton::{
        PipelineRun, PipelineRunSpec, PipelineTaskRunSpec, PipelineTaskRunTemplate,
        WorkspaceBinding,
    },
};
use kube::{Resource, ResourceExt, api::ObjectMeta};

use super::{load::Loaded, params::params, phase::Phase};
use crate::{component::workspace_claim, tekton::names::child_name};

/// What a release PipelineRun is made from.
pub(crate) struct Template<'a> {
    pub(crate) release: &'a Release,
    pub(crate) loaded: &'a Loaded,
    pub(crate) phase: Phase,
    pub(crate) pipeline: &'a ReleasePipeline,
}

/// The labels by which a Release's PipelineRuns are found.
pub(crate) fn identifying_labels(release: &Release) -> [(&'static str, String); 2] {
    [
        (labels::RELEASE_NAME, release.name_any()),
        (
            labels::RELEASE_NAMESPACE,
            release.namespace().unwrap_or_default(),
        ),
    ]
}

impl Template<'_> {
    /// The PipelineRun of the phase. Its name is made by the API server.
    pub(crate) fn pipeline_run(&self) -> Result<PipelineRun, String> {
        let task_run_specs = self.pipeline.task_run_specs.iter();
        let task_run_specs: Vec<PipelineTaskRunSpec> = task_run_specs
            .map(|spec| {
                serde_json::from_value(spec.clone())
                    .map_err(|error| format!("taskRunSpecs: {error}"))
            })
            .collect::<Result<_, _>>()?;
        let account = self.service_account();
        let metadata = ObjectMeta {
            generate_name: Some(format!("{}-", self.phase.name())),
            namespace: Some(
                self.phase
                    .namespace(self.loaded, &self.release.namespace().unwrap_or_default()),
            ),
            labels: Some(self.labels()),
            annotations: Some(self.annotations()),
            finalizers: Some(vec![annotations::RELEASE_FINALIZER.to_owned()]),
            ..ObjectMeta::default()
        };
        let spec = PipelineRunSpec {
            pipeline_ref: Some(self.pipeline.pipeline_ref.to_tekton()),
            params: params(self)?,
            workspaces: vec![self.workspace()],
            task_run_template: account.map(|account| PipelineTaskRunTemplate {
                service_account_name: Some(account.to_owned()),
                ..PipelineTaskRunTemplate::default()
            }),
            task_run_specs,
            timeouts: self
                .pipeline
                .timeouts
                .clone()
                .or_else(|| self.loaded.config.spec.default_timeouts.clone()),
            ..PipelineRunSpec::default()
        };
        Ok(PipelineRun {
            metadata,
            spec,
            status: None,
        })
    }

    /// What lets the managed pipeline's account read the release in the tenant's namespace; only with an account.
    pub(crate) fn role_binding(&self) -> Option<RoleBinding> {
        let account = self
            .service_account()
            .filter(|_| self.phase == Phase::Managed)?;
        let namespace = self.phase.namespace(self.loaded, "");
        Some(RoleBinding {
            metadata: ObjectMeta {
                name: Some(role_binding_name(self.release)),
                namespace: self.release.namespace(),
                labels: Some(
                    identifying_labels(self.release)
                        .map(|(key, value)| (key.to_owned(), value))
                        .into(),
                ),
                owner_references: self
                    .release
                    .controller_owner_ref(&())
                    .map(|owner| vec![owner]),
                ..ObjectMeta::default()
            },
            role_ref: RoleRef {
                api_group: Some("rbac.authorization.k8s.io".to_owned()),
                kind: "ClusterRole".to_owned(),
                name: names::RELEASE_CLUSTER_ROLE.to_owned(),
            },
            subjects: Some(vec![Subject {
                kind: "ServiceAccount".to_owned(),
                name: account.to_owned(),
                namespace: Some(namespace),
                api_group: None,
            }]),
        })
    }

    fn service_account(&self) -> Option<&str> {
        self.pipeline
            .service_account_name
            .as_deref()
            .filter(|name| !name.is_empty())
    }

    fn labels(&self) -> BTreeMap<String, String> {
        let application = self
            .loaded
            .snapshot
            .as_ref()
            .map(|snapshot| snapshot.spec.application.clone());
        let own = [
            (labels::APPLICATION, application.unwrap_or_default()),
            (labels::SERVICE, "release".to_owned()),
            (labels::SNAPSHOT, self.release.spec.snapshot.clone()),
            (labels::PIPELINE_TYPE, self.phase.name().to_owned()),
        ];
        let attempt =
            (self.phase == Phase::Managed).then(|| (labels::RELEASE_ATTEMPT, "0".to_owned()));
        let all = own
            .into_iter()
            .chain(identifying_labels(self.release))
            .chain(attempt);
        all.map(|(key, value)| (key.to_owned(), value)).collect()
    }

    fn annotations(&self) -> BTreeMap<String, String> {
        let release = format!(
            "{}/{}",
            self.release.namespace().unwrap_or_default(),
            self.release.name_any()
        );
        let own = [
            (annotations::PRIMARY_RESOURCE.to_owned(), release),
            (
                annotations::PRIMARY_RESOURCE_TYPE.to_owned(),
                "Release.appstudio.redhat.com".to_owned(),
            ),
        ];
        let handed_on = self.release.annotations().iter().filter(|(key, _)| {
            key.starts_with(labels::PIPELINES_AS_CODE_PREFIX)
                || key.starts_with(labels::PIPELINES_AS_CODE_TEST_PREFIX)
        });
        handed_on
            .map(|(key, value)| (key.clone(), value.clone()))
            .chain(own)
            .collect()
    }

    fn workspace(&self) -> WorkspaceBinding {
        let name = names::RELEASE_WORKSPACE.to_owned();
        if self.pipeline.pipeline_ref.use_empty_dir && self.phase != Phase::Managed {
            return WorkspaceBinding {
                name,
                empty_dir: Some(EmptyDirVolumeSource::default()),
                ..WorkspaceBinding::default()
            };
        }
        WorkspaceBinding {
            name,
            volume_claim_template: Some(workspace_claim()),
            ..WorkspaceBinding::default()
        }
    }
}

/// The name of the RoleBinding of a Release's managed pipeline. release-service lets the API server add a random end;
/// ours is the same each time, so that it is made once.
pub(crate) fn role_binding_name(release: &Release) -> String {
    child_name(&release.name_any(), "-release-pipeline-rolebinding")
}

#[cfg(test)]
mod tests {
    use konflux_api::{konflux::ReleasePlanAdmission, tekton::ParamValue};
    use serde_json::json;

    use super::*;

    fn release() -> Release {
        serde_json::from_value(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "Release",
            "metadata": {"name": "r", "namespace": "tenant", "uid": "1", "annotations": {"pac.test.appstudio.openshift.io/sha": "abc", "x": "y"}},
            "spec": {"snapshot": "s", "releasePlan": "p"},
        }))
        .unwrap()
    }

    fn loaded() -> Loaded {
        let admission: ReleasePlanAdmission = serde_json::from_value(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "ReleasePlanAdmission",
            "metadata": {"name": "a", "namespace": "managed"},
            "spec": {"origin": "tenant", "pipeline": {
                "serviceAccountName": "release-pipeline", "pipelineRef": {
                    "resolver": "cluster", "params": [{"name": "kind", "value": "pipeline"}], "ociStorage": "r.example/ta",
                },
            }},
        }))
        .unwrap();
        Loaded {
            plan: None,
            snapshot: None,
            admission: Ok(admission),
            policy: None,
            config: Default::default(),
            config_reference: "release-service/release-service-config".to_owned(),
        }
    }

    #[test]
    fn the_managed_run_is_in_the_managed_namespace_with_release_services_parameters() {
        let (release, loaded) = (release(), loaded());
        let pipeline = loaded
            .admission
            .as_ref()
            .unwrap()
            .spec
            .pipeline
            .as_ref()
            .unwrap();
        let template = Template {
            release: &release,
            loaded: &loaded,
            phase: Phase::Managed,
            pipeline,
        };
        let run = template.pipeline_run().unwrap();
        assert_eq!(run.namespace().as_deref(), Some("managed"));
        assert_eq!(run.metadata.generate_name.as_deref(), Some("managed-"));
        assert_eq!(run.finalizers(), ["appstudio.redhat.com/release-finalizer"]);
        assert_eq!(
            run.labels()["release.appstudio.openshift.io/namespace"],
            "tenant"
        );
        assert_eq!(
            run.labels()["pipelines.appstudio.openshift.io/type"],
            "managed"
        );
        assert!(
            run.annotations()
                .contains_key("pac.test.appstudio.openshift.io/sha")
                && !run.annotations().contains_key("x")
        );
        let params: Vec<_> = run
            .spec
            .params
            .iter()
            .map(|param| (param.name.as_str(), param.value.clone()))
            .collect();
        let expected = [
            ("release", "tenant/r"),
            ("releasePlan", "tenant/p"),
            ("releasePlanAdmission", "managed/a"),
            (
                "releaseServiceConfig",
                "release-service/release-service-config",
            ),
            ("snapshot", "tenant/s"),
            ("ociStorage", "r.example/ta"),
        ];
        assert_eq!(
            params,
            expected.map(|(name, value)| (name, ParamValue::from(value)))
        );
        let account = run.spec.task_run_template.unwrap().service_account_name;
        assert_eq!(account.as_deref(), Some("release-pipeline"));
    }

    #[test]
    fn the_managed_account_may_read_the_tenants_release() {
        let (release, loaded) = (release(), loaded());
        let pipeline = loaded
            .admission
            .as_ref()
            .unwrap()
            .spec
            .pipeline
            .as_ref()
            .unwrap();
        let template = |phase| Template {
            release: &release,
            loaded: &loaded,
            phase,
            pipeline,
        };
        let binding = template(Phase::Managed).role_binding().unwrap();
        assert_eq!(binding.namespace().as_deref(), Some("tenant"));
        assert_eq!(binding.owner_references()[0].uid, "1");
        let subject = &binding.subjects.unwrap()[0];
        assert_eq!(
            (subject.name.as_str(), subject.namespace.as_deref()),
            ("release-pipeline", Some("managed"))
        );
        assert!(template(Phase::Tenant).role_binding().is_none());
    }
}
