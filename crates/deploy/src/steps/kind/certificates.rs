//! The registry's certificate, made before there is a cluster: its nodes trust it from their first second.

use std::time::SystemTime;

use async_trait::async_trait;
use cluster::certificate_authority::ServerCertificate;
use cluster::kind::WorkFolder;
use cluster::state::{read_if_present, write_atomically};

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
        let path = context.directory.ca_certificate();
        let attempted = format!("write {}", path.display());
        let present = read_if_present(&path).map_err(StepError::because(attempted.clone()))?;
        let written = present.as_deref() != Some(certificate.ca.as_bytes());
        if written {
            write_atomically(&path, certificate.ca.as_bytes())
                .map_err(StepError::because(attempted))?;
        }
        Ok(match made || written {
            true => Outcome::Changed("made".to_owned()),
            false => Outcome::Unchanged,
        })
    }
}
