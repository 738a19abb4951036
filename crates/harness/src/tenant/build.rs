//! Builds: from a running PipelineRun to an image that can be checked, or to a failure that says why.

use konflux_api::tekton::{PipelineRun, PipelineRunStatus, succeeded};
use konflux_api::{annotations, konflux};
use kube::ResourceExt;
use oci::{Digest, ImageReference};

use super::{FailedBuild, Snapshot, Tenant, failed_tasks, task_results};
use crate::Failure;
use crate::images::{Destination, Lie, PushedImage, TrustedArtifact};
use crate::wait::{Condition, Wait, conditions, kind_and_name};

/// A build whose PipelineRun exists.
#[derive(Debug)]
pub struct StartedBuild<'a> {
    tenant: &'a Tenant,
    component: String,
    /// Where its component's images belong.
    images: Destination,
    run: String,
}

/// A build that succeeded, by its own account.
#[derive(Debug)]
pub struct Build<'a> {
    tenant: &'a Tenant,
    component: String,
    run: String,
    image: PushedImage,
    registry: oci::Client,
}

impl<'a> StartedBuild<'a> {
    pub(super) fn new(
        tenant: &'a Tenant,
        component: &str,
        images: Destination,
        run: String,
    ) -> Self {
        tenant
            .journal()
            .note(format!("PipelineRun {run} builds component {component}"));
        Self {
            tenant,
            component: component.to_owned(),
            images,
            run,
        }
    }

    /// Waits for the build to end, and for it to say that it succeeded.
    ///
    /// # Errors
    ///
    /// It failed, it names no image, or one that does not belong to the component.
    pub async fn succeeds(self) -> Result<Build<'a>, Failure> {
        let run = self.end().await?;
        let status = run.status.clone().unwrap_or_default();
        if !succeeded(&status.conditions).is_some_and(|condition| condition.is_true()) {
            let tasks = failed_tasks::of(self.tenant, &run).await;
            let seen = [
                conditions(&run),
                tasks.iter().map(ToString::to_string).collect(),
            ]
            .concat()
            .join("\n");
            return Err(unexpected(&run, "the build to succeed", &seen));
        }
        let tagged: ImageReference = result(&run, &status, "IMAGE_URL")?;
        let digest: Digest = result(&run, &status, "IMAGE_DIGEST")?;
        if tagged.without_tag_and_digest() != *self.images.repository() {
            return Err(Lie::Repository {
                pushed: tagged,
                repository: self.images.repository().clone(),
            }
            .into());
        }
        self.tenant.journal().note(format!(
            "{} says it pushed {tagged} with {digest}",
            self.run
        ));
        let registry = self.images.registry().clone();
        let image =
            PushedImage::new(registry.clone(), tagged, digest).noting_in(self.tenant.journal());
        Ok(Build {
            tenant: self.tenant,
            component: self.component,
            run: self.run,
            image,
            registry,
        })
    }

    /// Waits for the build to end, and for it to say that it failed.
    ///
    /// # Errors
    ///
    /// It succeeded.
    pub async fn fails(self) -> Result<FailedBuild, Failure> {
        let run = self.end().await?;
        let status = run.status.clone().unwrap_or_default();
        let condition = succeeded(&status.conditions).cloned().unwrap_or_default();
        if condition.status != "False" {
            return Err(unexpected(
                &run,
                "the build to fail",
                &conditions(&run).join("\n"),
            ));
        }
        let tasks = failed_tasks::of(self.tenant, &run).await;
        self.tenant.journal().note(format!(
            "{} failed: {}",
            self.run,
            conditions(&run).join("; ")
        ));
        Ok(FailedBuild {
            object: kind_and_name(&run),
            reason: condition.reason.unwrap_or_default(),
            message: condition.message.unwrap_or_default(),
            tasks,
            snapshot: run.annotations().get(annotations::SNAPSHOT).cloned(),
        })
    }

    async fn end(&self) -> Result<PipelineRun, Failure> {
        let namespace = self.tenant.namespace();
        let ended = Condition {
            words: "its condition Succeeded is True or False",
            holds: &|run: Option<&PipelineRun>| {
                let status = run.and_then(|run| run.status.as_ref());
                status
                    .and_then(|status| succeeded(&status.conditions))
                    .is_some_and(|condition| condition.is_done())
            },
        };
        let runs = self.tenant.api::<PipelineRun>(namespace);
        let run = self
            .tenant
            .waits(namespace)
            .object(Wait::BuildEnded, &runs, &self.run, ended)
            .await?;
        run.ok_or_else(|| {
            Failure::Scenario(format!(
                "PipelineRun {} ended without being there",
                self.run
            ))
        })
    }
}

impl<'a> Build<'a> {
    /// The image that it says it pushed.
    #[must_use]
    pub fn image(&self) -> &PushedImage {
        &self.image
    }

    /// The PipelineRun's name.
    #[must_use]
    pub fn pipeline_run(&self) -> &str {
        &self.run
    }

    /// The trusted artifact with the source, as the task that stored it says.
    ///
    /// # Errors
    ///
    /// The task has no such result, or one that names no artifact.
    pub async fn source_artifact(&self) -> Result<TrustedArtifact, Failure> {
        let namespace = self.tenant.namespace();
        let (task, result) = ("clone-repository", "SOURCE_ARTIFACT");
        let uri = task_results::text(self.tenant, namespace, &self.run, task, result).await?;
        let artifact = TrustedArtifact::new(self.registry.clone(), &uri)?;
        Ok(artifact.noting_in(self.tenant.journal()))
    }

    /// Waits for the Snapshot of this build.
    ///
    /// # Errors
    ///
    /// It does not come, or integration-service says why it cannot.
    pub async fn snapshot(&self) -> Result<Snapshot<'a>, Failure> {
        let namespace = self.tenant.namespace();
        let runs = self.tenant.api::<PipelineRun>(namespace);
        let words = format!(
            "integration-service annotated it with {}",
            annotations::SNAPSHOT
        );
        let decided = Condition {
            words: &words,
            holds: &|run: Option<&PipelineRun>| {
                run.is_some_and(|run| has_snapshot(run) || snapshot_refused(run))
            },
        };
        let run = self
            .tenant
            .waits(namespace)
            .object(Wait::SnapshotMade, &runs, &self.run, decided)
            .await?;
        let run =
            run.ok_or_else(|| Failure::Scenario(format!("PipelineRun {} has gone", self.run)))?;
        let Some(name) = run.annotations().get(annotations::SNAPSHOT) else {
            let answer = run
                .annotations()
                .get(annotations::CREATE_SNAPSHOT_STATUS)
                .cloned()
                .unwrap_or_default();
            return Err(unexpected(&run, "a Snapshot of the build", &answer));
        };
        let api = self.tenant.api::<konflux::Snapshot>(namespace);
        let reading = format!("read Snapshot {namespace}/{name}");
        let snapshot = api.get(name).await.map_err(Failure::kubernetes(reading))?;
        self.tenant
            .journal()
            .note(format!("Snapshot {name} was made of {}", self.run));
        Ok(Snapshot::new(self.tenant, &self.component, snapshot))
    }
}

fn has_snapshot(run: &PipelineRun) -> bool {
    run.annotations().contains_key(annotations::SNAPSHOT)
}

/// integration-service's answer when it cannot make a Snapshot: `{"status": "failed", "message": …}`.
fn snapshot_refused(run: &PipelineRun) -> bool {
    let answer = run.annotations().get(annotations::CREATE_SNAPSHOT_STATUS);
    let answer = answer.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    answer.is_some_and(|answer| answer["status"] == "failed")
}

fn result<T>(run: &PipelineRun, status: &PipelineRunStatus, name: &str) -> Result<T, Failure>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    let expected = format!("a usable result {name}");
    let text = status
        .result(name)
        .ok_or_else(|| unexpected(run, &expected, "it has none"))?;
    text.trim()
        .parse()
        .map_err(|error: T::Err| unexpected(run, &expected, &format!("it is {text:?}: {error}")))
}

fn unexpected(run: &PipelineRun, expected: &str, seen: &str) -> Failure {
    Failure::Unexpected {
        object: kind_and_name(run),
        expected: expected.to_owned(),
        seen: seen.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(status: serde_json::Value) -> PipelineRun {
        let metadata = json!({"name": "web", "namespace": "shop"});
        serde_json::from_value(json!({"metadata": metadata, "spec": {}, "status": status})).unwrap()
    }

    #[test]
    fn a_result_that_is_missing_or_unusable_is_the_builds_fault_and_says_so() {
        let missing = run(json!({}));
        let failure = result::<Digest>(&missing, &missing.status.clone().unwrap(), "IMAGE_DIGEST")
            .unwrap_err();
        insta::assert_snapshot!(failure, @"PipelineRun shop/web: expected a usable result IMAGE_DIGEST, but it has none");
        let wrong = run(json!({"results": [{"name": "IMAGE_DIGEST", "value": "sha256:abc"}]}));
        let failure =
            result::<Digest>(&wrong, &wrong.status.clone().unwrap(), "IMAGE_DIGEST").unwrap_err();
        insta::assert_snapshot!(failure, @r#"PipelineRun shop/web: expected a usable result IMAGE_DIGEST, but it is "sha256:abc": `sha256:abc` is not a digest: it has 3 digits where 64 belong"#);
    }

    #[test]
    fn integration_service_refuses_a_snapshot_by_status_failed_only() {
        let mut run = run(json!({}));
        assert!(!snapshot_refused(&run));
        let mut annotate = |text: &str| {
            run.annotations_mut().insert(
                annotations::CREATE_SNAPSHOT_STATUS.to_owned(),
                text.to_owned(),
            );
            snapshot_refused(&run)
        };
        assert!(!annotate(r#"{"status": "success"}"#));
        assert!(annotate(
            r#"{"status": "failed", "message": "no IMAGE_URL"}"#
        ));
    }
}
