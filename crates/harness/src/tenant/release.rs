//! Releases: from a Release that exists to one that is done, or that says why not.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition as ResourceCondition;
use konflux_api::tekton::PipelineRun;
use konflux_api::{konflux, labels};
use kube::ResourceExt;
use kube::api::ListParams;

use super::{FailedTask, Tenant, failed_tasks, task_results};
use crate::images::{Destination, Lie, PushedImage, TrustedArtifact};
use crate::wait::{Condition, Wait, conditions, kind_and_name};
use crate::{Failure, Verdict};

/// The condition that says how a Release ended.
const RELEASED: &str = "Released";

/// A Release that exists.
#[derive(Debug)]
pub struct StartedRelease<'a> {
    tenant: &'a Tenant,
    name: String,
}

/// A Release that succeeded, by its own account.
#[derive(Debug)]
pub struct Release<'a> {
    tenant: &'a Tenant,
    release: konflux::Release,
    /// PipelineRuns in the managed namespace.
    managed_runs: Vec<String>,
}

/// A Release that failed.
#[derive(Debug)]
pub struct FailedRelease {
    release: konflux::Release,
    /// PipelineRuns in the managed namespace.
    managed_runs: Vec<String>,
    /// Their failed tasks.
    tasks: Vec<FailedTask>,
}

impl<'a> StartedRelease<'a> {
    pub(super) fn new(tenant: &'a Tenant, name: String) -> Self {
        tenant.journal().note(format!("Release {name} was made"));
        Self { tenant, name }
    }

    /// Waits for the release to end, and for it to say that it succeeded.
    ///
    /// # Errors
    ///
    /// It failed; the failure has its conditions and its failed tasks.
    pub async fn succeeds(self) -> Result<Release<'a>, Failure> {
        let release = self.end().await?;
        if condition(&release, RELEASED).is_some_and(|released| released.status == "True") {
            self.tenant
                .journal()
                .note(format!("Release {} says it is done", self.name));
            let runs = self.managed_runs().await?;
            return Ok(Release {
                tenant: self.tenant,
                release,
                managed_runs: runs.iter().map(ResourceExt::name_any).collect(),
            });
        }
        let mut seen = conditions(&release);
        for run in self.managed_runs().await? {
            let tasks = failed_tasks::of(self.tenant, &run).await;
            seen.extend(
                tasks
                    .iter()
                    .map(|task| format!("{}: {task}", kind_and_name(&run))),
            );
        }
        Err(unexpected(
            &release,
            "the release to succeed",
            &seen.join("\n"),
        ))
    }

    /// Waits for the release to end, and for it to say that it failed.
    ///
    /// # Errors
    ///
    /// It succeeded.
    pub async fn fails(self) -> Result<FailedRelease, Failure> {
        let release = self.end().await?;
        if condition(&release, RELEASED).is_some_and(|released| released.status == "True") {
            return Err(unexpected(
                &release,
                "the release to fail",
                &conditions(&release).join("\n"),
            ));
        }
        let (mut managed_runs, mut tasks) = (Vec::new(), Vec::new());
        for run in self.managed_runs().await? {
            tasks.extend(failed_tasks::of(self.tenant, &run).await);
            managed_runs.push(run.name_any());
        }
        self.tenant
            .journal()
            .note(format!("Release {} failed", self.name));
        Ok(FailedRelease {
            release,
            managed_runs,
            tasks,
        })
    }

    async fn end(&self) -> Result<konflux::Release, Failure> {
        let namespace = self.tenant.namespace();
        let ended = Condition {
            words: "its condition Released is Succeeded or Failed",
            holds: &|release: Option<&konflux::Release>| {
                let released = release.and_then(|release| condition(release, RELEASED));
                released.is_some_and(|released| {
                    matches!(released.reason.as_str(), "Succeeded" | "Failed")
                })
            },
        };
        let releases = self.tenant.api::<konflux::Release>(namespace);
        let release = self
            .tenant
            .waits(namespace)
            .object(Wait::ReleaseEnded, &releases, &self.name, ended)
            .await?;
        release.ok_or_else(|| {
            Failure::Scenario(format!("Release {} ended without being there", self.name))
        })
    }

    async fn managed_runs(&self) -> Result<Vec<PipelineRun>, Failure> {
        let namespace = self.tenant.managed_namespace();
        let listing = format!("list the PipelineRuns of {namespace}");
        let of_release = format!("{}={}", labels::RELEASE_NAME, self.name);
        let runs = self
            .tenant
            .api::<PipelineRun>(namespace)
            .list(&ListParams::default().labels(&of_release))
            .await;
        Ok(runs.map_err(Failure::kubernetes(listing))?.items)
    }
}

impl Release<'_> {
    /// The trusted artifact with the release's data, as the task of this name in the managed pipeline says.
    ///
    /// # Errors
    ///
    /// There is no such task, or its result names no artifact.
    pub async fn data_artifact(&self, task: &str) -> Result<TrustedArtifact, Failure> {
        let [run] = self.managed_runs.as_slice() else {
            return Err(unexpected(
                &self.release,
                "one managed PipelineRun",
                &format!("there are {:?}", self.managed_runs),
            ));
        };
        let (tenant, result) = (self.tenant, "sourceDataArtifact");
        let namespace = tenant.managed_namespace();
        let uri = task_results::text(tenant, namespace, run, task, result).await?;
        let artifact = TrustedArtifact::new(tenant.registry().clone(), &uri)?;
        Ok(artifact.noting_in(tenant.journal()))
    }

    /// What it reports to have released, `status.artifacts`.
    #[must_use]
    pub fn artifacts(&self) -> Option<&serde_json::Value> {
        self.release.status.as_ref()?.artifacts.as_ref()
    }

    /// Checks that its report, `status.artifacts`, names the image and every tag of the destination.
    ///
    /// # Errors
    ///
    /// [`Lie::Reported`].
    pub fn reports(&self, image: &PushedImage, destination: &Destination) -> Verdict {
        let artifacts = self
            .release
            .status
            .as_ref()
            .and_then(|status| status.artifacts.as_ref());
        let images = artifacts
            .and_then(|artifacts| artifacts["images"].as_array())
            .into_iter()
            .flatten();
        let digest = image.digest().to_string();
        let urls: Vec<&str> = images
            .filter(|entry| entry["shasum"] == digest.as_str())
            .flat_map(|entry| entry["urls"].as_array().into_iter().flatten())
            .filter_map(|url| url.as_str())
            .collect();
        for tag in destination.tags() {
            let released = destination.repository().with_tag(tag);
            let released = released.map_err(|error| Failure::Scenario(error.to_string()))?;
            if !urls.contains(&released.to_string().as_str()) {
                return Err(Lie::Reported {
                    release: kind_and_name(&self.release).replacen("Release ", "", 1),
                    reported: artifacts.map_or_else(|| "nothing".to_owned(), ToString::to_string),
                    released,
                }
                .into());
            }
        }
        Ok(())
    }
}

impl FailedRelease {
    /// Checks that a condition is false, with these words in its message.
    ///
    /// # Errors
    ///
    /// It is not, or has other words.
    pub fn says(&self, condition_type: &str, words: &str) -> Verdict {
        let found = condition(&self.release, condition_type);
        if found.is_some_and(|condition| {
            condition.status == "False" && condition.message.contains(words)
        }) {
            return Ok(());
        }
        let expected = format!("condition {condition_type} to be False and to say {words:?}");
        Err(unexpected(
            &self.release,
            &expected,
            &conditions(&self.release).join("\n"),
        ))
    }

    /// Checks that a failed task of its pipeline says these words, in its message or log.
    ///
    /// # Errors
    ///
    /// None does.
    pub fn explains(&self, words: &str) -> Verdict {
        let tasks: Vec<String> = self.tasks.iter().map(ToString::to_string).collect();
        let tasks = tasks.join("\n");
        if tasks.contains(words) {
            return Ok(());
        }
        let expected = format!("{words:?} in a failed task's message or log");
        Err(unexpected(
            &self.release,
            &expected,
            &format!("they say:\n{tasks}"),
        ))
    }

    /// Checks that nothing ran in the managed namespace.
    ///
    /// # Errors
    ///
    /// Something did.
    pub fn ran_nothing(&self) -> Verdict {
        if self.managed_runs.is_empty() {
            return Ok(());
        }
        let seen = format!("there are {}", self.managed_runs.join(", "));
        Err(unexpected(
            &self.release,
            "no PipelineRun in the managed namespace",
            &seen,
        ))
    }
}

fn condition<'r>(
    release: &'r konflux::Release,
    condition_type: &str,
) -> Option<&'r ResourceCondition> {
    release
        .status
        .as_ref()?
        .conditions
        .iter()
        .find(|condition| condition.type_ == condition_type)
}

fn unexpected(release: &konflux::Release, expected: &str, seen: &str) -> Failure {
    Failure::Unexpected {
        object: kind_and_name(release),
        expected: expected.to_owned(),
        seen: seen.to_owned(),
    }
}
