//! The Snapshot of a build.

use std::collections::BTreeMap;

use konflux_api::{
    annotations,
    konflux::{
        Application, Component, ComponentSource, GitSource, Snapshot, SnapshotComponent,
        SnapshotSpec,
    },
    labels,
    tekton::{PipelineRun, PipelineRunStatus},
};
use kube::{Resource, ResourceExt, api::ObjectMeta};

use crate::component::snapshot_image;

/// What a successful build says about its image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BuiltImage {
    /// The image by digest.
    pub(crate) image: String,
    pub(crate) git_url: String,
    pub(crate) git_commit: String,
}

/// Reads the results that integration-service requires of a build.
pub(crate) fn built_image(
    run: &str,
    component: &str,
    status: &PipelineRunStatus,
) -> Result<BuiltImage, String> {
    let required = |name: &str| {
        status
            .result(name)
            .ok_or_else(|| format!("Missing info {name} from pipelinerun {run}"))
    };
    let image = snapshot_image(required("IMAGE_URL")?, required("IMAGE_DIGEST")?);
    if !is_digest_reference(&image) {
        return Err(format!(
            "{image} is invalid container image digest from component {component}"
        ));
    }
    Ok(BuiltImage {
        image,
        git_url: required("CHAINS-GIT_URL")?.to_owned(),
        git_commit: required("CHAINS-GIT_COMMIT")?.to_owned(),
    })
}

/// Whether a text has the form `repository@sha256:<64 hex>`. The registry is not asked.
fn is_digest_reference(image: &str) -> bool {
    let is_hex = |text: &str| {
        text.len() == 64
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    image
        .split_once("@sha256:")
        .is_some_and(|(repository, hex)| {
            is_hex(hex)
                && !repository.is_empty()
                && !repository.contains(['@', ' '])
                && !repository.starts_with('/')
        })
}

/// What a Snapshot is made from.
pub(crate) struct Build<'a> {
    pub(crate) run: &'a PipelineRun,
    pub(crate) status: &'a PipelineRunStatus,
    pub(crate) application: &'a Application,
    /// The component that was built.
    pub(crate) component: &'a Component,
    /// All components of the application.
    pub(crate) components: &'a [Component],
    pub(crate) built: &'a BuiltImage,
}

impl Build<'_> {
    /// The Snapshot under that name.
    pub(crate) fn snapshot(&self, name: String) -> Snapshot {
        let (included, omitted) = self.parts();
        let mut annotations = self.annotations();
        if !omitted.is_empty() {
            let text = format!(
                "Component(s) '{}' is(are) not included in snapshot due to missing valid containerImage or git source",
                omitted.join(", ")
            );
            annotations.insert(annotations::CREATE_SNAPSHOT_STATUS.to_owned(), text);
        }
        Snapshot {
            metadata: ObjectMeta {
                name: Some(name),
                namespace: self.run.namespace(),
                labels: Some(self.labels()),
                annotations: Some(annotations),
                owner_references: self
                    .application
                    .controller_owner_ref(&())
                    .map(|owner| vec![owner]),
                ..ObjectMeta::default()
            },
            spec: SnapshotSpec {
                application: self.application.name_any(),
                components: included,
                ..SnapshotSpec::default()
            },
            status: None,
        }
    }

    /// The components with their images, and the names of those without.
    fn parts(&self) -> (Vec<SnapshotComponent>, Vec<String>) {
        let (mut included, mut omitted) = (Vec::new(), Vec::new());
        for component in self.components {
            let part = if component.name_any() == self.component.name_any() {
                Some(self.built_part())
            } else {
                promoted_part(component)
            };
            match part {
                Some(part) => included.push(part),
                None => omitted.push(component.name_any()),
            }
        }
        (included, omitted)
    }

    fn built_part(&self) -> SnapshotComponent {
        let declared = self
            .component
            .spec
            .source
            .as_ref()
            .and_then(|source| source.git.clone())
            .unwrap_or_default();
        let git = GitSource {
            url: self.built.git_url.clone(),
            revision: Some(self.built.git_commit.clone()),
            ..declared
        };
        SnapshotComponent {
            name: self.component.name_any(),
            container_image: self.built.image.clone(),
            version: None,
            source: Some(ComponentSource { git: Some(git) }),
        }
    }

    fn labels(&self) -> BTreeMap<String, String> {
        let finished = self
            .status
            .completion_time
            .as_ref()
            .map_or(0, |time| time.0.as_second());
        let own = [
            (
                labels::SNAPSHOT_TYPE,
                labels::SNAPSHOT_TYPE_COMPONENT.to_owned(),
            ),
            (labels::COMPONENT, self.component.name_any()),
            (labels::APPLICATION, self.application.name_any()),
            (labels::BUILD_PIPELINE_RUN, self.run.name_any()),
            (labels::PIPELINE_RUN_FINISH_TIME, finished.to_string()),
        ];
        inherited(self.run.labels())
            .chain(own.map(|(key, value)| (key.to_owned(), value)))
            .collect()
    }

    fn annotations(&self) -> BTreeMap<String, String> {
        let started = self
            .status
            .start_time
            .as_ref()
            .map_or(0, |time| time.0.as_millisecond());
        let workflow = if is_push(self.run) {
            "push"
        } else {
            "pull-request"
        };
        let own = [
            (
                annotations::PIPELINE_RUN_START_TIME.to_owned(),
                started.to_string(),
            ),
            (
                annotations::INTEGRATION_WORKFLOW.to_owned(),
                workflow.to_owned(),
            ),
            (
                annotations::SOURCE_REPOSITORY_URL.to_owned(),
                self.built.git_url.clone(),
            ),
        ];
        let results = self.status.results.iter().filter_map(|result| {
            let name = result.name.to_lowercase().replace('_', "-");
            Some((
                format!("{}{name}", annotations::RESULT_PREFIX),
                result.value.as_str()?.to_owned(),
            ))
        });
        inherited(self.run.annotations())
            .chain(own)
            .chain(results)
            .collect()
    }
}

/// Another component's part, from its promoted image.
fn promoted_part(component: &Component) -> Option<SnapshotComponent> {
    let status = component.status.as_ref()?;
    let image = status
        .last_promoted_image
        .clone()
        .filter(|image| is_digest_reference(image))?;
    let mut git = component.spec.source.as_ref()?.git.clone()?;
    git.revision = status.last_built_commit.clone().or(git.revision);
    Some(SnapshotComponent {
        name: component.name_any(),
        container_image: image,
        version: None,
        source: Some(ComponentSource { git: Some(git) }),
    })
}

/// The labels or annotations that a Snapshot takes over from its build.
fn inherited(of_build: &BTreeMap<String, String>) -> impl Iterator<Item = (String, String)> {
    of_build.iter().filter_map(|(key, value)| {
        if let Some(rest) = key.strip_prefix(labels::PIPELINES_AS_CODE_PREFIX) {
            return Some((
                format!("{}{rest}", labels::PIPELINES_AS_CODE_TEST_PREFIX),
                value.clone(),
            ));
        }
        let is_inherited = labels::SNAPSHOT_INHERITED_PREFIXES
            .iter()
            .any(|prefix| key.starts_with(prefix));
        is_inherited.then(|| (key.clone(), value.clone()))
    })
}

/// Whether a build came from a push: no pull request is named, or the event is one.
pub(crate) fn is_push(run: &PipelineRun) -> bool {
    let label = |key: &str| run.labels().get(key).map(String::as_str);
    let by_event =
        label(labels::EVENT_TYPE).is_some_and(|event| event.eq_ignore_ascii_case("push"));
    let queued = run
        .annotations()
        .get(annotations::BUILD_TARGET_BRANCH)
        .is_some_and(|branch| {
            branch
                .trim_start_matches("refs/heads/")
                .starts_with("gh-readonly-queue/")
        });
    (label(labels::PULL_REQUEST).is_none() || by_event) && !queued
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
