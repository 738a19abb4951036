//! The body of the process: ordinary clients of the deployment's Kubernetes API, until a signal ends it.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use kube::config::Kubeconfig;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::forward::Forward;
use super::{Running, StandIns, Tekton, Wishes};
use crate::background::body::{self, Arguments, wait_for_the_end};
use crate::connect;
use crate::entry::PROBE;
use crate::state::{DeploymentDirectory, DeploymentRecord};

/// How often an API server that does not answer is asked again; whoever is not there tells no events.
const INTERVAL: Duration = Duration::from_secs(1);

/// Runs the process; one line to standard output says that it has begun.
pub(crate) fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let parse = |arguments: &mut Arguments<_>| {
        serde_json::from_str(&arguments.next("WISHES")?).context("WISHES")
    };
    body::main::<StandIns, _, Wishes>(arguments, parse, serve)
}

async fn serve(deployment: &DeploymentDirectory, wishes: Wishes) -> anyhow::Result<()> {
    let record = deployment
        .read_record()?
        .context("the deployment has no record")?;
    let client = connect::kubernetes(&record).await?;
    let shutdown = CancellationToken::new();
    let mut parts = JoinSet::new();
    if let Some(port) = wishes.forward_registry {
        let forward = Forward::listen(port, client.clone()).await?;
        let token = shutdown.clone();
        parts.spawn(async move {
            forward.run(token).await;
            Ok(())
        });
    }
    let options = options(deployment, &record, wishes.tekton)?;
    let token = shutdown.clone();
    parts.spawn(async move {
        // A node that restarts takes its API server with it for a while, and no controller should end for that.
        wait_for(&client, &token).await;
        stand_ins::run(client, options, token)
            .await
            .context("the stand-ins failed")
    });
    let running = Running {
        pid: std::process::id(),
        wishes,
    };
    // The API server need not answer yet: whoever waits for the stand-ins waits for their work.
    body::announce::<StandIns>(deployment, &running)?;
    tracing::info!("the stand-ins begin");
    let outcome = wait_for_the_end(&mut parts).await;
    shutdown.cancel();
    while parts.join_next().await.is_some() {}
    outcome
}

/// Waits until the API server answers, and says once that it does not.
async fn wait_for(client: &kube::Client, shutdown: &CancellationToken) {
    let mut told = false;
    while let Err(error) = client.apiserver_version().await {
        if !told {
            tracing::warn!("the API server does not answer yet: {error}");
            told = true;
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

fn options(
    deployment: &DeploymentDirectory,
    record: &DeploymentRecord,
    tekton: Tekton,
) -> anyhow::Result<stand_ins::Options> {
    let ca = std::fs::read_to_string(&record.ca_file)
        .with_context(|| format!("cannot read {}", record.ca_file.display()))?;
    let steps = match tekton {
        Tekton::Real => None,
        Tekton::Models => Some(steps(deployment, record)?),
    };
    Ok(stand_ins::Options {
        steps,
        trust_bundle_pem: ca,
        await_signature: false,
    })
}

/// Steps reach the API server as the kubeconfig says, and the registry at its address on this host.
fn steps(
    deployment: &DeploymentDirectory,
    record: &DeploymentRecord,
) -> anyhow::Result<stand_ins::StepEnvironment> {
    let program = std::env::current_exe().context("cannot tell which program this is")?;
    let endpoints: Vec<String> = record
        .registry
        .addresses()
        .map(|(name, address)| format!("{name}={address}"))
        .collect();
    let server = url::Url::parse(&record.kubernetes.server).context("the server's address")?;
    let host = server.host_str().context("the server has no host")?;
    Ok(stand_ins::StepEnvironment {
        probe_command: vec![program.into(), PROBE.into()],
        work_dir: deployment.data().join("steps"),
        logs_dir: deployment.data().join("logs"),
        environment: vec![(
            "KONFLUX_LOCAL_REGISTRY_ENDPOINTS".to_owned(),
            endpoints.join(","),
        )],
        kubernetes: stand_ins::KubernetesAccess {
            host: host.to_owned(),
            port: server.port_or_known_default().unwrap_or(443),
            ca_pem: api_server_ca(record)?,
        },
    })
}

fn api_server_ca(record: &DeploymentRecord) -> anyhow::Result<String> {
    let kubeconfig = Kubeconfig::read_from(&record.kubernetes.kubeconfig)?;
    let cluster = kubeconfig
        .clusters
        .into_iter()
        .find_map(|named| named.cluster)
        .context("the kubeconfig has no cluster")?;
    if let Some(data) = cluster.certificate_authority_data {
        use base64::Engine as _;
        let pem = base64::engine::general_purpose::STANDARD.decode(data)?;
        return Ok(String::from_utf8(pem)?);
    }
    let path = cluster.certificate_authority.context(
        "the kubeconfig names no certificate authority, and steps verify the API server",
    )?;
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
}
