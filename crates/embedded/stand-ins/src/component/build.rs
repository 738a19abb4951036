//! The PipelineRun of a requested build.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use konflux_api::{
    annotations,
    konflux::{Component, GitSource},
    labels, names,
    tekton::{
        Param, PipelineRun, PipelineRunSpec, PipelineSpec, PipelineTaskRunTemplate,
        WorkspaceBinding,
    },
};
use kube::{ResourceExt, api::ObjectMeta};
use sha2::{Digest, Sha256};

use super::source::Source;
use crate::tekton::names::child_name;

/// A build of a Component.
pub(crate) struct Build<'a> {
    pub(crate) component: &'a Component,
    pub(crate) git: &'a GitSource,
    pub(crate) repository: &'a str,
    pub(crate) source: &'a Source,
    pub(crate) pipeline: PipelineSpec,
}

impl Build<'_> {
    /// The PipelineRun as Pipelines as Code makes it from build-service's template for an incoming request. Its name
    /// depends on the Component's version, so that a request that is handled twice makes one run.
    pub(crate) fn pipeline_run(self) -> PipelineRun {
        let (params, workspaces) = (self.params(), self.workspaces());
        let metadata = ObjectMeta {
            name: Some(self.name()),
            namespace: self.component.namespace(),
            labels: Some(self.labels()),
            annotations: Some(self.annotations()),
            ..ObjectMeta::default()
        };
        let account = names::build_pipeline_service_account(&self.component.name_any());
        let spec = PipelineRunSpec {
            pipeline_spec: Some(self.pipeline),
            params,
            workspaces,
            task_run_template: Some(PipelineTaskRunTemplate {
                service_account_name: Some(account),
                ..PipelineTaskRunTemplate::default()
            }),
            ..PipelineRunSpec::default()
        };
        PipelineRun {
            metadata,
            spec,
            status: None,
        }
    }

    fn name(&self) -> String {
        let version = self.component.resource_version().unwrap_or_default();
        let hash = Sha256::digest(format!(
            "{}/{version}",
            self.component.uid().unwrap_or_default()
        ));
        let unique: String = hash
            .iter()
            .take(3)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        child_name(
            &self.component.name_any(),
            &format!("-on-push-{}", &unique[..5]),
        )
    }

    fn labels(&self) -> BTreeMap<String, String> {
        [
            (
                labels::APPLICATION,
                self.component.spec.application.as_str(),
            ),
            (labels::COMPONENT, &self.component.name_any()),
            (labels::PIPELINE_TYPE, labels::PIPELINE_TYPE_BUILD),
            (labels::EVENT_TYPE, "incoming"),
            (labels::EVENT_SHA, &self.source.revision),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
    }

    fn annotations(&self) -> BTreeMap<String, String> {
        [
            (annotations::BUILD_COMMIT, self.source.revision.clone()),
            (
                annotations::BUILD_TARGET_BRANCH,
                self.git
                    .revision
                    .clone()
                    .unwrap_or_else(|| "main".to_owned()),
            ),
            (
                annotations::BUILD_REPOSITORY,
                format!("{}?rev={}", self.source.url, self.source.revision),
            ),
            ("pipelinesascode.tekton.dev/max-keep-runs", "3".to_owned()),
            (
                "pipelinesascode.tekton.dev/cancel-in-progress",
                "false".to_owned(),
            ),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    }

    /// The first three always, the others if the pipeline declares them.
    fn params(&self) -> Vec<Param> {
        let always = [
            Param::string("git-url", &self.source.url),
            Param::string("revision", &self.source.revision),
            Param::string(
                "output-image",
                &format!("{}:{}", self.repository, self.source.revision),
            ),
        ];
        let declared = [
            Param::string(
                "dockerfile",
                self.git.dockerfile_url.as_deref().unwrap_or("Dockerfile"),
            ),
            Param::string(
                "path-context",
                self.git
                    .context
                    .as_deref()
                    .filter(|path| !path.is_empty())
                    .unwrap_or("."),
            ),
        ];
        let is_declared = |param: &Param| {
            self.pipeline
                .params
                .iter()
                .any(|spec| spec.name == param.name)
        };
        always
            .into_iter()
            .chain(declared.into_iter().filter(is_declared))
            .collect()
    }

    /// `workspace` as build-service binds it, and `source` with the files of the source ConfigMap.
    fn workspaces(&self) -> Vec<WorkspaceBinding> {
        let shared = WorkspaceBinding {
            name: "workspace".to_owned(),
            volume_claim_template: Some(workspace_claim()),
            ..WorkspaceBinding::default()
        };
        let source = WorkspaceBinding {
            name: "source".to_owned(),
            config_map: Some(self.source.volume.clone()),
            ..WorkspaceBinding::default()
        };
        let is_declared = |binding: &WorkspaceBinding| {
            self.pipeline
                .workspaces
                .iter()
                .any(|declared| declared.name == binding.name)
        };
        [source, shared].into_iter().filter(is_declared).collect()
    }
}

/// The claim that Konflux asks for in build and release PipelineRuns: 1 GiB, for one node.
pub(crate) fn workspace_claim() -> PersistentVolumeClaim {
    serde_json::from_value(serde_json::json!({
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }))
    .expect("the claim above is a PersistentVolumeClaim")
}

#[cfg(test)]
mod tests {
    use konflux_api::tekton::ParamValue;
    use serde_json::json;

    use super::*;

    fn pipeline_run(pipeline: serde_json::Value) -> PipelineRun {
        let component: Component = serde_json::from_value(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "Component",
            "metadata": {"name": "c", "namespace": "ns", "uid": "u", "resourceVersion": "7"},
            "spec": {"componentName": "c", "application": "a", "source": {"git": {"url": "u", "context": "web"}}},
        }))
        .unwrap();
        let git = component.spec.source.as_ref().unwrap().git.clone().unwrap();
        let source = Source {
            url: "u".to_owned(),
            revision: "0123".to_owned(),
            volume: Default::default(),
        };
        let pipeline = serde_json::from_value(pipeline).unwrap();
        Build {
            component: &component,
            git: &git,
            repository: "r.example/ns/c",
            source: &source,
            pipeline,
        }
        .pipeline_run()
    }

    #[test]
    fn a_build_carries_what_konflux_puts_on_it() {
        let run = pipeline_run(json!({"tasks": []}));
        assert_eq!(run.labels()["appstudio.openshift.io/component"], "c");
        assert_eq!(run.labels()["appstudio.openshift.io/application"], "a");
        assert_eq!(
            run.labels()["pipelines.appstudio.openshift.io/type"],
            "build"
        );
        assert_eq!(
            run.annotations()["build.appstudio.redhat.com/commit_sha"],
            "0123"
        );
        assert_eq!(
            run.spec
                .task_run_template
                .unwrap()
                .service_account_name
                .as_deref(),
            Some("build-pipeline-c")
        );
        let params: Vec<_> = run
            .spec
            .params
            .iter()
            .map(|param| (param.name.as_str(), param.value.clone()))
            .collect();
        let expected = [
            ("git-url", "u"),
            ("revision", "0123"),
            ("output-image", "r.example/ns/c:0123"),
        ];
        assert_eq!(
            params,
            expected.map(|(name, value)| (name, ParamValue::from(value)))
        );
        assert!(run.spec.workspaces.is_empty());
    }

    #[test]
    fn only_declared_parameters_and_workspaces_are_given() {
        let run = pipeline_run(json!({
            "params": [{"name": "path-context"}], "workspaces": [{"name": "workspace"}, {"name": "source"}], "tasks": [],
        }));
        assert_eq!(run.spec.params[3], Param::string("path-context", "web"));
        assert!(run.spec.workspaces[0].config_map.is_some());
        assert!(run.spec.workspaces[1].volume_claim_template.is_some());
    }

    #[test]
    fn the_same_request_makes_the_same_name() {
        let name = || pipeline_run(json!({"tasks": []})).name_any();
        assert_eq!(name(), name());
        assert!(name().starts_with("c-on-push-"));
    }
}
