//! The certificate authority of the deployment.

use std::time::SystemTime;

use async_trait::async_trait;

use super::DeployContext;
use crate::plan::{Outcome, Progress, Step, StepError};

pub(super) struct Certificates;

#[async_trait]
impl Step<DeployContext> for Certificates {
    fn name(&self) -> &'static str {
        "certificates"
    }

    fn title(&self) -> &'static str {
        "make the certificate authority and what it signs"
    }

    async fn run(
        &self,
        context: &DeployContext,
        _progress: &Progress,
    ) -> Result<Outcome, StepError> {
        let folder = context.directory.data().join("pki");
        let ensured = cluster::embedded::Certificates::ensure(&folder, SystemTime::now());
        let (certificates, made) =
            ensured.map_err(StepError::because("provide the certificates"))?;
        let written = context.ensure_ca(&certificates.ca)?;
        if made || written {
            Ok(Outcome::Changed("made".to_owned()))
        } else {
            Ok(Outcome::Unchanged)
        }
    }
}
