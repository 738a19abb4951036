//! The background process of the embedded cluster, and the way to it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use cluster::embedded::daemon::Ensured;
use cluster::embedded::{Certificates, Daemon, Running, kubeconfig};
use cluster::registry_access::RegistryAuth;
use cluster::state::{KubernetesEndpoint, RegistryEndpoint, SCHEMA_VERSION, write_private};
use cluster::{ClusterKind, DeploymentRecord, Flavour, connect};

use super::{Connection, DeployContext};
use crate::plan::{Outcome, Progress, Step, StepError};

pub(super) struct EmbeddedCluster;

#[async_trait]
impl Step<DeployContext> for EmbeddedCluster {
    fn name(&self) -> &'static str {
        "embedded-cluster"
    }

    fn title(&self) -> &'static str {
        "start the API server, the registry and the stand-ins in one background process"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["certificates"]
    }

    async fn run(
        &self,
        context: &DeployContext,
        progress: &Progress,
    ) -> Result<Outcome, StepError> {
        progress.waiting("the process to listen");
        let ensured = Daemon::of(&context.directory)
            .ensure(&context.program, context.ports, context.registry_auth)
            .await;
        let (running, ensured) = ensured.map_err(StepError::because("run the embedded cluster"))?;
        let mut record = record(context, running);
        let rewritten = write_kubeconfig(context, &record)?;
        let client = connect::kubernetes(&record)
            .await
            .map_err(StepError::because("connect to the embedded cluster"))?;
        progress.waiting("the API server to answer");
        let version = client
            .apiserver_version()
            .await
            .map_err(StepError::because("reach the API server"))?;
        record
            .versions
            .insert("kubernetes".to_owned(), version.git_version);
        // Written before anything else is made: from here on the deployment can be found.
        context
            .directory
            .write_record(&record)
            .map_err(StepError::because("record the deployment"))?;
        context.connect(Connection { record, client });
        Ok(match (ensured, rewritten) {
            (Ensured::Started, _) => {
                Outcome::Changed(format!("started as process {}", running.pid))
            }
            (Ensured::Running, true) => Outcome::Changed("kubeconfig written".to_owned()),
            (Ensured::Running, false) => Outcome::Unchanged,
        })
    }
}

fn record(context: &DeployContext, running: Running) -> DeploymentRecord {
    let earlier = context.directory.read_record().ok().flatten();
    DeploymentRecord {
        schema_version: SCHEMA_VERSION,
        name: context.name.clone(),
        cluster: ClusterKind::Embedded,
        konflux: Flavour::StandIns,
        kubernetes: KubernetesEndpoint {
            server: format!("https://127.0.0.1:{}", running.ports.api_server),
            context: format!("konflux-local-{}", context.name),
            kubeconfig: context.directory.kubeconfig(),
        },
        registry: RegistryEndpoint {
            in_cluster_host: konflux_api::INTERNAL_REGISTRY_HOST.to_owned(),
            host_endpoint: format!("localhost:{}", running.ports.registry),
            auth_file: match running.registry_auth {
                RegistryAuth::None => None,
                RegistryAuth::Htpasswd => Some(context.directory.registry_auth_file()),
            },
        },
        ca_file: context.directory.ca_certificate(),
        versions: BTreeMap::from([(
            "konflux-local".to_owned(),
            env!("CARGO_PKG_VERSION").to_owned(),
        )]),
        steps_done: earlier
            .as_ref()
            .map(|record| record.steps_done.clone())
            .unwrap_or_default(),
        complete: earlier.is_some_and(|record| record.complete),
    }
}

/// Writes the kubeconfig if it is not there or not right. Tells whether it was written.
fn write_kubeconfig(context: &DeployContext, record: &DeploymentRecord) -> Result<bool, StepError> {
    let certificates = Certificates::load(&context.directory.data().join("pki"))
        .map_err(StepError::because("load the certificates"))?;
    let endpoint = &record.kubernetes;
    let text = kubeconfig::render(
        &endpoint.context,
        &endpoint.server,
        &certificates.ca,
        &certificates.admin,
    );
    if std::fs::read_to_string(&endpoint.kubeconfig).is_ok_and(|present| present == text) {
        return Ok(false);
    }
    let written = write_private(&endpoint.kubeconfig, text.as_bytes());
    written.map_err(StepError::because(format!(
        "write {}",
        endpoint.kubeconfig.display()
    )))?;
    Ok(true)
}
