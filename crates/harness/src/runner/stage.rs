//! What the scenarios of one run share: the deployment under test and the list of outcomes.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cluster::{DeploymentRecord, StateRoot};
use libtest_mimic::{Completion, Failed};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{Mutex as AsyncMutex, OnceCell};
use tokio_util::sync::CancellationToken;

use super::{Need, OwnDeployment, RegistrySetting, Request, Scenario, Target, offered, scenario};
use crate::evidence::Redactor;
use crate::peer::PROGRAM;
use crate::report::{Outcome, Performed, Report};
use crate::story::Scene;
use crate::{Deployment, Journal};

/// What the scenarios of one run share.
pub(super) struct Stage {
    request: Request,
    external: Option<RegistrySetting>,
    runtime: Runtime,
    own: Arc<dyn OwnDeployment>,
    deployment: OnceCell<Result<Deployment, String>>,
    /// Whether `own` was asked to deploy, however that ended.
    own_was_asked: AtomicBool,
    /// Held while the own deployment is made or destroyed, so that an interrupt destroys it whole.
    making: AsyncMutex<()>,
    interrupted: CancellationToken,
    performed: Mutex<Vec<Performed>>,
}

impl Stage {
    pub(super) fn new(
        request: Request,
        external: Option<RegistrySetting>,
        own: Arc<dyn OwnDeployment>,
    ) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        Ok(Self {
            request,
            external,
            runtime,
            own,
            deployment: OnceCell::new(),
            own_was_asked: AtomicBool::new(false),
            making: AsyncMutex::default(),
            interrupted: CancellationToken::new(),
            performed: Mutex::default(),
        })
    }

    pub(super) fn handle(&self) -> Handle {
        self.runtime.handle().clone()
    }

    /// Ends every story; those that have not begun do not begin.
    pub(super) fn interrupt(&self) {
        self.interrupted.cancel();
    }

    /// Runs one scenario on this thread, and remembers how it ended. The making of an own deployment is nobody's time.
    pub(super) fn perform(&self, scenario: &Scenario) -> Result<Completion, Failed> {
        let deployment = self.interrupted.run_until_cancelled(self.deployment());
        let deployment = self.runtime.block_on(deployment);
        let deployment = deployment.unwrap_or_else(|| Err("interrupted".to_owned()));
        let journal = Journal::default();
        let outcome = match deployment {
            Ok(deployment) => self.outcome(scenario, deployment, &journal),
            Err(because) => Outcome::Failed {
                because,
                evidence: None,
            },
        };
        let redactor = Redactor::default().and(journal.secrets());
        let performed = Performed {
            name: scenario.name().to_owned(),
            outcome: redacted(outcome, &redactor),
            elapsed: journal.elapsed(),
            story: redactor.clean(&journal.to_string()),
        };
        let completion = completion(&performed);
        let mut all = self
            .performed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.push(performed);
        completion
    }

    fn outcome(&self, scenario: &Scenario, deployment: Deployment, journal: &Journal) -> Outcome {
        let mut offered = offered(&deployment.record, self.request.name.is_none());
        offered.extend(self.offered_by_host(&deployment.record));
        let missing = scenario.missing(&offered);
        if !missing.is_empty() {
            return Outcome::Skipped {
                missing: scenario::words(&missing),
            };
        }
        for secret in &deployment.login_secrets {
            journal.hide(secret, "login of the deployment");
        }
        let folder = self
            .evidence_folder(&deployment)
            .join(folder_name(scenario.name()));
        // Evidence of an earlier run must not be taken for this one's.
        let _there_was_none = std::fs::remove_dir_all(&folder);
        let scene = Scene {
            deployment,
            runtime: self.handle(),
            journal: journal.clone(),
            evidence: folder.clone(),
            keep: self.request.keep,
            external: self.external.clone(),
            interrupted: self.interrupted.clone(),
        };
        match scene.play(scenario) {
            Ok(()) => Outcome::Passed,
            Err(failure) => {
                let evidence = Some(folder).filter(|folder| folder.exists());
                Outcome::Failed {
                    because: failure.to_string(),
                    evidence,
                }
            }
        }
    }

    fn offered_by_host(&self, record: &DeploymentRecord) -> BTreeSet<Need> {
        scenario::offered_by_host(record, self.external.as_ref())
    }

    /// Which external registry scenarios run against, and how another one is chosen; nothing where there can be none.
    fn external_registry(&self, record: &DeploymentRecord) -> String {
        match &self.external {
            _ if !self
                .offered_by_host(record)
                .contains(&Need::ExternalRegistry) =>
            {
                String::new()
            }
            Some(setting) => format!(", external registry {}", setting.place()),
            None => format!(
                ", external registry {PROGRAM} started for the run (CONFORMANCE_REGISTRY names another)"
            ),
        }
    }

    /// The deployment under test; an own one is made when the first scenario asks.
    async fn deployment(&self) -> Result<Deployment, String> {
        let deployment = self.deployment.get_or_init(async || {
            let target = match self.named_target()? {
                Some(target) => target,
                None => {
                    let _making = self.making.lock().await;
                    self.own_was_asked.store(true, Ordering::Relaxed);
                    self.own.deploy().await?
                }
            };
            let connected = Deployment::connect(target.record, target.directory).await;
            connected.map_err(|error| error.to_string())
        });
        deployment.await.clone()
    }

    fn named_target(&self) -> Result<Option<Target>, String> {
        let (Some(root), Some(name)) = (&self.request.state_root, &self.request.name) else {
            return Ok(None);
        };
        let directory = StateRoot::at(root).deployment(name);
        let record = directory.read_record().map_err(|error| error.to_string())?;
        let none = || {
            format!(
                "there is no deployment called {name} in {}; `{}` makes one",
                root.display(),
                name.command("deploy-local")
            )
        };
        Ok(Some(Target {
            record: record.ok_or_else(none)?,
            directory,
        }))
    }

    fn evidence_folder(&self, deployment: &Deployment) -> PathBuf {
        match (&self.request.report_dir, &self.request.name) {
            (Some(reports), _) => reports.clone(),
            (None, Some(_)) => deployment.directory.evidence(),
            (None, None) => self.own.evidence(),
        }
    }

    /// The report, scenarios in their order and not in that of their ends.
    pub(super) fn report(&self, chosen: &[Scenario], elapsed: Duration) -> Report {
        let position = |performed: &Performed| {
            chosen
                .iter()
                .position(|scenario| scenario.name() == performed.name)
        };
        let mut scenarios = self
            .performed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        scenarios.sort_by_key(position);
        let deployment = match self.deployment.get() {
            Some(Ok(deployment)) => {
                let external = self.external_registry(&deployment.record);
                format!("{}{external}", described(&deployment.record))
            }
            Some(Err(_)) => "no deployment".to_owned(),
            None => "nothing ran".to_owned(),
        };
        Report {
            deployment,
            scenarios,
            elapsed,
        }
    }

    /// Destroys the own deployment, if one was asked for.
    pub(super) async fn destroy(&self) -> Result<(), String> {
        let _making = self.making.lock().await;
        if self.own_was_asked.swap(false, Ordering::Relaxed) {
            self.own.destroy().await?;
        }
        Ok(())
    }

    /// Ends the run.
    pub(super) fn close(&self) -> Result<(), String> {
        self.runtime.block_on(self.destroy())
    }
}

/// What the run is about, and that a model is no real Konflux.
fn described(record: &DeploymentRecord) -> String {
    let model = match record.konflux {
        cluster::Flavour::StandIns => "; models, not the real Konflux",
        cluster::Flavour::Operator => "",
    };
    format!(
        "deployment {} ({} cluster, {}{model})",
        record.name, record.cluster, record.konflux
    )
}

fn redacted(outcome: Outcome, redactor: &Redactor) -> Outcome {
    match outcome {
        Outcome::Failed { because, evidence } => Outcome::Failed {
            because: redactor.clean(&because),
            evidence,
        },
        other => other,
    }
}

fn completion(performed: &Performed) -> Result<Completion, Failed> {
    match &performed.outcome {
        Outcome::Passed => Ok(Completion::Completed),
        Outcome::Skipped { missing } => Ok(Completion::ignored_with(format!("missing: {missing}"))),
        Outcome::Failed { because, evidence } => {
            let mut text = because.clone();
            if !performed.story.is_empty() {
                text = format!("{text}\n\nthe story:\n{}", performed.story);
            }
            if let Some(folder) = evidence {
                text = format!("{text}\nevidence: {}", folder.display());
            }
            Err(text.into())
        }
    }
}

/// A scenario's name as the name of a folder.
fn folder_name(name: &str) -> String {
    let words = name
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenarios_folder_is_named_after_it() {
        assert_eq!(
            folder_name("a release pushes the snapshot's image"),
            "a-release-pushes-the-snapshot-s-image"
        );
    }
}
