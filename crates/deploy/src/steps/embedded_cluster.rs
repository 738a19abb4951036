//! The background process of the embedded cluster, and the way to it.

use async_trait::async_trait;
use cluster::embedded::daemon::Ensured;
use cluster::embedded::{Certificates, Daemon, Ports, Running, kubeconfig};
use cluster::registry_access::RegistryAuth;
use cluster::state::{KubernetesEndpoint, RegistryEndpoint};
use cluster::{ClusterKind, DeploymentRecord, connect};

use super::{Connection, DeployContext};
use crate::plan::{Outcome, Progress, Step, StepError};

/// Starts the process on these ports, where it does not run.
pub(super) struct EmbeddedCluster(pub(super) Ports);

#[async_trait]
impl Step<DeployContext> for EmbeddedCluster {
    fn name(&self) -> &'static str {
        "embedded-cluster"
    }

    fn title(&self) -> &'static str {
        "start the API server, the registry and the stand-ins in one background process"
    }

    async fn run(
        &self,
        context: &DeployContext,
        progress: &Progress,
    ) -> Result<Outcome, StepError> {
        progress.waiting("the process to listen");
        let ensured = Daemon::of(&context.directory)
            .ensure(&context.program, self.0, context.registry_auth)
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
        context.connect(Connection { record, client })?;
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
    let kubernetes = KubernetesEndpoint {
        server: format!("https://127.0.0.1:{}", running.ports.api_server),
        context: format!("konflux-local-{}", context.name),
        kubeconfig: context.directory.kubeconfig(),
    };
    let registry = RegistryEndpoint {
        in_cluster_host: konflux_api::INTERNAL_REGISTRY_HOST.to_owned(),
        host_endpoint: format!("localhost:{}", running.ports.registry),
        auth_file: match running.registry_auth {
            RegistryAuth::None => None,
            RegistryAuth::Htpasswd => Some(context.directory.registry_auth_file()),
        },
    };
    context.record(ClusterKind::Embedded, kubernetes, registry)
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
    context.ensure_kubeconfig(&text)
}
