//! A really served API server with certificates of its own, and clients for it.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "every test file uses its own part of this module"
)]

pub mod certificates;
pub mod kubectl;
pub mod manifests;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use api_server::{ApiServer, Options, ServerTls};
use certificates::{Authority, Certificate};
use kube::config::{
    AuthInfo, Cluster, Context, KubeConfigOptions, Kubeconfig, NamedAuthInfo, NamedCluster,
    NamedContext,
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running server.
pub struct TestServer {
    pub address: SocketAddr,
    pub authority: Authority,
    pub administrator: Certificate,
    folder: PathBuf,
    /// Removes the folder at the end, unless it is somebody else's.
    _owned: Option<TempDir>,
    shutdown: CancellationToken,
    serving: Option<JoinHandle<std::io::Result<()>>>,
}

impl TestServer {
    /// Starts a server with an empty data directory.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self::start_at(folder.path()).await;
        server._owned = Some(folder);
        server
    }

    /// Starts a server on a folder that may have data.
    pub async fn start_at(folder: &Path) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let authority = Authority::new();
        let administrator = authority.client("admin", "system:masters");
        let shutdown = CancellationToken::new();
        let (address, serving) = serve(folder, &authority, shutdown.clone()).await;
        Self {
            address,
            authority,
            administrator,
            folder: folder.to_owned(),
            _owned: None,
            shutdown,
            serving: Some(serving),
        }
    }

    /// Stops the server and starts one on the same data.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.shutdown = CancellationToken::new();
        let (address, serving) = serve(&self.folder, &self.authority, self.shutdown.clone()).await;
        self.address = address;
        self.serving = Some(serving);
    }

    /// Stops the server.
    pub async fn stop(&mut self) {
        self.shutdown.cancel();
        if let Some(serving) = self.serving.take() {
            serving.await.unwrap().unwrap();
        }
    }

    /// Where the database is.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Where pod logs are served from.
    pub fn pod_logs_dir(&self) -> PathBuf {
        self.folder.join("logs")
    }

    /// A client of the administrator.
    pub async fn client(&self) -> kube::Client {
        self.client_with(auth(&self.administrator)).await
    }

    /// A client with a bearer token.
    pub async fn client_with_token(&self, token: &str) -> kube::Client {
        self.client_with(AuthInfo {
            token: Some(token.to_owned().into()),
            ..AuthInfo::default()
        })
        .await
    }

    /// A client that says nothing about itself.
    pub async fn anonymous_client(&self) -> kube::Client {
        self.client_with(AuthInfo::default()).await
    }

    async fn client_with(&self, auth: AuthInfo) -> kube::Client {
        let kubeconfig = self.kubeconfig_with(auth);
        let config =
            kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
                .await
                .unwrap();
        kube::Client::try_from(config).unwrap()
    }

    /// A client with a certificate of whatever authority.
    pub async fn client_with_certificate(&self, certificate: &Certificate) -> kube::Client {
        self.client_with(auth(certificate)).await
    }

    fn kubeconfig_with(&self, auth: AuthInfo) -> Kubeconfig {
        let cluster = Cluster {
            server: Some(format!("https://{}", self.address)),
            certificate_authority_data: Some(certificates::base64(&self.authority.certificate_pem)),
            ..Cluster::default()
        };
        let context = Context {
            cluster: "test".into(),
            user: Some("test".into()),
            ..Context::default()
        };
        Kubeconfig {
            clusters: vec![NamedCluster {
                name: "test".into(),
                cluster: Some(cluster),
                other: Default::default(),
            }],
            auth_infos: vec![NamedAuthInfo {
                name: "test".into(),
                auth_info: Some(auth),
                other: Default::default(),
            }],
            contexts: vec![NamedContext {
                name: "test".into(),
                context: Some(context),
                other: Default::default(),
            }],
            current_context: Some("test".into()),
            ..Kubeconfig::default()
        }
    }

    /// Base URL of the server.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn auth(certificate: &Certificate) -> AuthInfo {
    AuthInfo {
        client_certificate_data: Some(certificates::base64(&certificate.certificate_pem)),
        client_key_data: Some(certificates::base64(&certificate.key_pem).into()),
        ..AuthInfo::default()
    }
}

/// Serves a data directory on a free port.
pub async fn serve(
    data: &Path,
    authority: &Authority,
    shutdown: CancellationToken,
) -> (SocketAddr, JoinHandle<std::io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = authority.server();
    let options = Options {
        data_dir: data.join("data"),
        pod_logs_dir: Some(data.join("logs")),
        ..Options::default()
    };
    let api_server = ApiServer::open(options).unwrap();
    let tls = ServerTls {
        certificate_chain_pem: server.certificate_pem,
        private_key_pem: server.key_pem,
        client_ca_pem: authority.certificate_pem.clone(),
    };
    (
        address,
        tokio::spawn(api_server.serve(listener, tls, shutdown)),
    )
}
