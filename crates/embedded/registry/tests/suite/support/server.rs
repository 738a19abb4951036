//! A registry on a free port, over TLS.

use std::sync::Arc;

use registry::storage::Storage;
use registry::{Options, Registry};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::certificates::Certificates;

pub struct Server {
    /// `<name>:<port>`
    pub host: String,
    pub authority: String,
    /// A folder with `ca.crt`, as `--cert-dir` options want it.
    pub certificate_directory: tempfile::TempDir,
    pub shutdown: CancellationToken,
    pub task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    pub async fn start(storage: Arc<dyn Storage>) -> Self {
        Self::start_with(storage, Options::default()).await
    }

    pub async fn start_with(storage: Arc<dyn Storage>, options: Options) -> Self {
        Self::start_on("127.0.0.1", "localhost", storage, options).await
    }

    /// Starts on an address under a name, which may be the address.
    pub async fn start_on(
        address: &str,
        name: &str,
        storage: Arc<dyn Storage>,
        options: Options,
    ) -> Self {
        let certificates = Certificates::of(&[name, address]);
        let certificate_directory = tempfile::tempdir().unwrap();
        std::fs::write(
            certificate_directory.path().join("ca.crt"),
            &certificates.authority,
        )
        .unwrap();
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let host = format!("{name}:{}", listener.local_addr().unwrap().port());
        let tls =
            registry::tls::server_config(&certificates.certificate, &certificates.key).unwrap();
        let shutdown = CancellationToken::new();
        let router = Registry::new(storage, options).router();
        let task = tokio::spawn(registry::serve(listener, tls, router, shutdown.clone()));
        Self {
            host,
            authority: certificates.authority,
            certificate_directory,
            shutdown,
            task,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.host)
    }

    /// A client that trusts this server's authority and nothing else.
    pub fn client(&self) -> reqwest::Client {
        self.client_with(|builder| builder)
    }

    pub fn client_with(
        &self,
        settings: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> reqwest::Client {
        drop(rustls::crypto::ring::default_provider().install_default());
        let authority = reqwest::Certificate::from_pem(self.authority.as_bytes()).unwrap();
        settings(reqwest::Client::builder().tls_certs_only([authority]))
            .build()
            .unwrap()
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}
