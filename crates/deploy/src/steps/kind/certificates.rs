//! The registry's certificate, made before there is a cluster: its nodes trust it from their first second.

use std::time::SystemTime;

use async_trait::async_trait;
use cluster::certificate_authority::ServerCertificate;
use cluster::kind::WorkFolder;

use crate::plan::{Outcome, Progress, Step, StepError};
use crate::steps::DeployContext;

pub(in crate::steps) struct RegistryCertificate;

/// The registry's certificate; made if there is none.
pub(in crate::steps) fn ensure(
    context: &DeployContext,
) -> Result<(ServerCertificate, bool), StepError> {
    let folder = WorkFolder::of(&context.directory).pki();
    let ensured = ServerCertificate::ensure_for_registry(&folder, SystemTime::now());
    ensured.map_err(StepError::because("provide the registry's certificate"))
}

#[async_trait]
impl Step<DeployContext> for RegistryCertificate {
    fn name(&self) -> &'static str {
        "certificates"
    }

    fn title(&self) -> &'static str {
        "make the certificate authority and the registry's certificate"
    }

    async fn run(
        &self,
        context: &DeployContext,
        _progress: &Progress,
    ) -> Result<Outcome, StepError> {
        let (certificate, made) = ensure(context)?;
        let written = context.ensure_ca(&certificate.ca)?;
        Ok(match made || written {
            true => Outcome::Changed("made".to_owned()),
            false => Outcome::Unchanged,
        })
    }
}
