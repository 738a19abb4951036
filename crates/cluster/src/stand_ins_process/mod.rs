//! The stand-in controllers in a background process of a deployment whose Kubernetes API is not ours.

mod forward;
mod serve;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::background::{self, Background, Role};
use crate::entry::STAND_INS;
use crate::state::DeploymentDirectory;

pub use crate::background::DaemonError;
pub(crate) use serve::main;

/// Who runs PipelineRuns and TaskRuns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tekton {
    /// Tekton Pipelines, in the cluster.
    Real,
    /// The stand-ins' models of it, as processes of this host.
    Models,
}

/// What is asked of the process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wishes {
    /// Who runs PipelineRuns and TaskRuns.
    pub tekton: Tekton,
    /// The digest of the kubeconfig: a process knows the cluster by the one that it was started with.
    pub kubeconfig: String,
    /// The port of this host's loopback that leads to the registry's Service.
    pub forward_registry: Option<u16>,
}

/// A process that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    /// Its process id.
    pub pid: u32,
    /// What it does.
    pub wishes: Wishes,
}

/// What [`StandInsProcess::ensure`] had to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ensured {
    /// It ran already, as it is asked for.
    Running,
    /// It was started.
    Started,
    /// It ran with other wishes, and was ended and started again.
    Restarted,
}

/// The background process of one deployment.
#[derive(Debug)]
pub struct StandInsProcess<'a>(Background<'a, StandIns>);

impl<'a> StandInsProcess<'a> {
    /// The process of this deployment, whether it runs or not.
    #[must_use]
    pub fn of(deployment: &'a DeploymentDirectory) -> Self {
        Self(Background::of(deployment))
    }

    /// The process, if it runs.
    ///
    /// # Errors
    ///
    /// [`DaemonError::State`].
    pub fn find(&self) -> Result<Option<Running>, DaemonError> {
        self.0.find()
    }

    /// Makes sure that the process runs as it is asked for: `program` with the hidden subcommand. The deployment must have a record.
    ///
    /// # Errors
    ///
    /// [`DaemonError`]; [`DaemonError::NotReady`] carries the end of the log.
    pub async fn ensure(
        &self,
        program: &Path,
        wishes: Wishes,
    ) -> Result<(Running, Ensured), DaemonError> {
        let (running, ensured) = self.0.ensure(program, arguments(&wishes)).await?;
        if running.wishes == wishes {
            let ensured = match ensured {
                background::Ensured::Running => Ensured::Running,
                background::Ensured::Started => Ensured::Started,
            };
            return Ok((running, ensured));
        }
        self.0.stop().await?;
        let (running, _) = self.0.ensure(program, arguments(&wishes)).await?;
        Ok((running, Ensured::Restarted))
    }

    /// Ends the process. Gives back the process that was ended, `None` when none ran.
    ///
    /// # Errors
    ///
    /// [`DaemonError::NotStopped`] when it survives SIGKILL, [`DaemonError::State`].
    pub async fn stop(&self) -> Result<Option<u32>, DaemonError> {
        self.0.stop().await
    }
}

fn arguments(wishes: &Wishes) -> [std::ffi::OsString; 1] {
    let text = serde_json::to_string(wishes).expect("wishes are always JSON");
    [text.into()]
}

/// The role of the process.
#[derive(Debug)]
pub(crate) struct StandIns;

impl Role for StandIns {
    type Words = Running;
    const NAME: &'static str = "the process of the stand-ins";
    const ENTRY: &'static str = STAND_INS;
    const FILES: (&'static str, &'static str) = ("stand-ins.lock", "stand-ins.json");

    fn log(deployment: &DeploymentDirectory) -> PathBuf {
        deployment.stand_ins_log()
    }

    fn pid(words: &Running) -> u32 {
        words.pid
    }
}
