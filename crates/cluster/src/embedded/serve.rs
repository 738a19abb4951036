//! The body of the background process: everything that an embedded cluster is, until a signal ends it.

use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use registry::access::{Access, AccessFiles, LogIn};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::certificates::Certificates;
use super::running::{EmbeddedCluster, Ports, Running};
use super::{REGISTRY_NAMES, kubeconfig};
use crate::background::body::{self, Arguments, wait_for_the_end};
use crate::entry::PROBE;
use crate::registry_access::{Accounts, RegistryAuth};
use crate::state::DeploymentDirectory;

/// Port of the API server as pipeline steps and kubeconfigs see it.
const LOOPBACK: &str = "127.0.0.1";

/// Runs the process; one line to standard output says that it listens.
pub(crate) fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let parse = |arguments: &mut Arguments<_>| {
        let ports = Ports {
            api_server: arguments.next("API_SERVER_PORT")?.parse()?,
            registry: arguments.next("REGISTRY_PORT")?.parse()?,
        };
        let registry_auth = arguments.next("REGISTRY_AUTH")?.parse();
        let registry_auth =
            registry_auth.map_err(|expected| anyhow!("REGISTRY_AUTH: {expected}"))?;
        Ok((ports, registry_auth))
    };
    body::main::<EmbeddedCluster, _, _>(arguments, parse, serve)
}

async fn serve(
    deployment: &DeploymentDirectory,
    (ports, registry_auth): (Ports, RegistryAuth),
) -> anyhow::Result<()> {
    let data = deployment.data();
    let certificates = Certificates::load(&data.join("pki"))?;
    let (api_listener, registry_listeners) = (
        listen_api(ports.api_server).await?,
        listen_registry(ports.registry).await?,
    );
    let ports = Ports {
        api_server: api_listener.local_addr()?.port(),
        registry: registry_listeners[0].local_addr()?.port(),
    };

    let mut parts = JoinSet::new();
    let shutdown = CancellationToken::new();

    let api_server = api_server::ApiServer::open(api_server::Options {
        data_dir: data.join("api-server"),
        pod_logs_dir: Some(data.join("logs")),
        ..Default::default()
    })
    .context("cannot open the API server's store")?;
    let api_tls = api_server::ServerTls {
        certificate_chain_pem: certificates.api_server.certificate.clone(),
        private_key_pem: certificates.api_server.key.clone(),
        client_ca_pem: certificates.ca.clone(),
    };
    let token = shutdown.clone();
    parts.spawn(async move {
        api_server
            .serve(api_listener, api_tls, token)
            .await
            .context("the API server failed")
    });

    let storage = registry::storage::Directory::open(data.join("registry"))
        .context("cannot open the registry's store")?;
    let options = registry::Options {
        access: registry_access(deployment, registry_auth)?,
        ..Default::default()
    };
    let registry = registry::Registry::new(Arc::new(storage), options);
    let registry_tls = registry::tls::server_config(
        &certificates.registry.certificate,
        &certificates.registry.key,
    )?;
    for listener in registry_listeners {
        let (router, tls, token) = (registry.router(), registry_tls.clone(), shutdown.clone());
        parts.spawn(async move {
            registry::serve(listener, tls, router, token)
                .await
                .context("the registry failed")
        });
    }

    let (client, options) = stand_ins(deployment, &certificates, ports).await?;
    let token = shutdown.clone();
    parts.spawn(async move {
        stand_ins::run(client, options, token)
            .await
            .context("the stand-ins failed")
    });

    let running = Running {
        pid: std::process::id(),
        ports,
        registry_auth,
    };
    body::announce::<EmbeddedCluster>(deployment, &running)?;
    tracing::info!(
        "the API server listens on port {}, the registry on port {}",
        ports.api_server,
        ports.registry
    );
    let outcome = wait_for_the_end(&mut parts).await;
    shutdown.cancel();
    while parts.join_next().await.is_some() {}
    outcome
}

/// The listener of the API server. Its port is kept over restarts where possible; the kubeconfig follows it where not.
async fn listen_api(port: u16) -> io::Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && port != 0 => {
            tracing::warn!("port {port} of the API server is taken; another one is used");
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
        }
        outcome => outcome,
    }
}

/// The registry listens on both loopback addresses, because `localhost` may mean either.
async fn listen_registry(port: u16) -> anyhow::Result<Vec<TcpListener>> {
    let bind = |address: SocketAddr| async move {
        TcpListener::bind(address).await.map_err(|error| {
            let owner = crate::host::ports::owner(address.port());
            anyhow!("the registry cannot listen on {address}, which {owner} holds: {error}")
        })
    };
    let first = bind((Ipv4Addr::LOCALHOST, port).into()).await?;
    let port = first.local_addr()?.port();
    let mut listeners = vec![first];
    match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
        Ok(listener) => listeners.push(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            bail!("port {port} is free on 127.0.0.1 but taken on ::1")
        }
        Err(error) => tracing::info!("no IPv6 loopback: {error}"),
    }
    Ok(listeners)
}

/// Who may use the registry. With a login it follows the accounts while they change; at first there are none.
fn registry_access(
    deployment: &DeploymentDirectory,
    registry_auth: RegistryAuth,
) -> anyhow::Result<Access> {
    if registry_auth == RegistryAuth::None {
        return Ok(Access::anonymous());
    }
    let accounts = Accounts::of(deployment);
    accounts.ensure_files()?;
    let files = AccessFiles {
        htpasswd: accounts.htpasswd(),
        rules: Some(accounts.rules()),
    };
    Access::watching(files, LogIn::Basic).context("cannot read the registry's accounts")
}

/// The stand-ins are ordinary clients: they get a kubeconfig like anybody else.
async fn stand_ins(
    deployment: &DeploymentDirectory,
    certificates: &Certificates,
    ports: Ports,
) -> anyhow::Result<(kube::Client, stand_ins::Options)> {
    let server = format!("https://{LOOPBACK}:{}", ports.api_server);
    let text = kubeconfig::render(
        "stand-ins",
        &server,
        &certificates.ca,
        &certificates.stand_ins,
    );
    let config = kube::Config::from_custom_kubeconfig(
        kube::config::Kubeconfig::from_yaml(&text)?,
        &Default::default(),
    )
    .await?;
    let program = std::env::current_exe().context("cannot tell which program this is")?;
    let registry = format!("localhost:{}", ports.registry);
    let endpoints: Vec<String> = REGISTRY_NAMES
        .iter()
        .map(|name| format!("{name}={registry}"))
        .collect();
    let steps = stand_ins::StepEnvironment {
        probe_command: vec![program.into(), PROBE.into()],
        work_dir: deployment.data().join("steps"),
        logs_dir: deployment.data().join("logs"),
        environment: vec![(
            "KONFLUX_LOCAL_REGISTRY_ENDPOINTS".to_owned(),
            endpoints.join(","),
        )],
        kubernetes: stand_ins::KubernetesAccess {
            host: LOOPBACK.to_owned(),
            port: ports.api_server,
            ca_pem: certificates.ca.clone(),
        },
    };
    let options = stand_ins::Options::new(steps, certificates.ca.clone());
    Ok((kube::Client::try_from(config)?, options))
}
