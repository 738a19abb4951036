//! The stand-in controllers in a background process of this host, and the way to the registry where no port leads to it.

use std::fs;

use async_trait::async_trait;
use cluster::stand_ins_process::{Ensured, StandInsProcess, Tekton, Wishes};
use oci::{Algorithm, Digest};

use super::DeployContext;
use super::forwarding::port_of;
use crate::plan::{Outcome, Progress, Step, StepError};

pub(super) struct BackgroundProcess {
    /// Who runs PipelineRuns.
    pub(super) tekton: Tekton,
    /// Whether the registry's address on this host is one that the process provides.
    pub(super) forwards_registry: bool,
}

#[async_trait]
impl Step<DeployContext> for BackgroundProcess {
    fn name(&self) -> &'static str {
        "stand-ins-process"
    }

    fn title(&self) -> &'static str {
        "start the stand-in controllers in a background process"
    }

    async fn run(
        &self,
        context: &DeployContext,
        progress: &Progress,
    ) -> Result<Outcome, StepError> {
        let record = &context.connection()?.record;
        let forward_registry = match self.forwards_registry {
            true => port_of(&record.registry.host_endpoint),
            false => None,
        };
        let path = &record.kubernetes.kubeconfig;
        let kubeconfig = fs::read(path);
        let kubeconfig =
            kubeconfig.map_err(StepError::because(format!("read {}", path.display())))?;
        let wishes = Wishes {
            tekton: self.tekton,
            kubeconfig: Digest::of(Algorithm::Sha256, &kubeconfig).to_string(),
            forward_registry,
        };
        progress.waiting("the process to listen");
        let process = StandInsProcess::of(&context.directory);
        let ensured = process.ensure(&context.program, wishes).await;
        let (running, ensured) = ensured.map_err(StepError::because("run the stand-ins"))?;
        Ok(match ensured {
            Ensured::Running => Outcome::Unchanged,
            Ensured::Started => Outcome::Changed(format!("started as process {}", running.pid)),
            Ensured::Restarted => {
                Outcome::Changed(format!("started again as process {}", running.pid))
            }
        })
    }
}
