//! Opening and serving.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::ServerTls;
use crate::catalog::LiveCatalog;
use crate::custom_resource::DefinitionsLock;
use crate::http::{connection, tls};
use crate::namespace;
use crate::random;
use crate::rest::{Api, Ownership, WriteOptions, WritesUnderWay};
use crate::store::{OpenStoreError, Store, StoreError};
use crate::token::Signer;

/// Name of the database file in the data directory.
const DATABASE_FILE: &str = "objects.redb";
/// How long to wait for the database to be closed.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// How to run a server.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Folder of the database; it is created when it is absent.
    pub data_dir: PathBuf,
    /// Folder of the pods' logs, as `<namespace>/<pod>/<container>.log`. Without it, `pods/log` answers 501.
    pub pod_logs_dir: Option<PathBuf>,
    /// What every namespace's ConfigMap `kube-root-ca.crt` holds: the authority of the certificate that clients inside of the cluster
    /// see. Empty: [`ServerTls::client_ca_pem`].
    pub root_certificate_pem: String,
}

/// The server could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data directory cannot be created or written.
    #[error(
        "the data directory {path} cannot be used: {error}; check its permissions and the free space of its disk"
    )]
    DataDirectory {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// Another process has the database open.
    #[error(
        "the database {path} is in use by another process; only one API server can serve a data directory"
    )]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// The database cannot be read.
    #[error(
        "the database {path} cannot be opened: {problem}; remove it to start with an empty cluster"
    )]
    Database {
        /// The database file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// An API server that has its data open. [`serve`](Self::serve) makes it reachable.
pub struct ApiServer {
    store: Store,
    closed: oneshot::Receiver<()>,
    signer: Signer,
    options: Options,
}

impl ApiServer {
    /// Opens the data directory, creating what is absent.
    ///
    /// # Errors
    /// When the directory cannot be used, when another process uses it, and when its database cannot be read.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        std::fs::create_dir_all(&options.data_dir).map_err(|error| OpenError::DataDirectory {
            path: options.data_dir.clone(),
            error,
        })?;
        let path = options.data_dir.join(DATABASE_FILE);
        let (store, closed) = Store::open(&path).map_err(|error| match error {
            OpenStoreError::Open(redb::DatabaseError::DatabaseAlreadyOpen) => {
                OpenError::InUse { path: path.clone() }
            }
            error => OpenError::Database {
                path: path.clone(),
                problem: error.to_string(),
            },
        })?;
        let unreadable = |error: StoreError| OpenError::Database {
            path: path.clone(),
            problem: error.to_string(),
        };
        let key = store
            .setting("service-account-key", || random::bytes::<32>().to_vec())
            .map_err(unreadable)?;
        Ok(Self {
            store,
            closed,
            signer: Signer::new(&key),
            options,
        })
    }

    /// Serves until `shutdown` is cancelled: requests that are under way are finished, watches are ended. A write that has arrived
    /// completely is finished also when its client goes away.
    ///
    /// # Errors
    /// When the certificates cannot be used, when the namespaces that every cluster has cannot be stored, and when the
    /// store fails while it serves (a full disk): every write that was not stored has been refused with the cause then.
    pub async fn serve(
        self,
        listener: TcpListener,
        tls: ServerTls,
        shutdown: CancellationToken,
    ) -> std::io::Result<()> {
        let invalid =
            |error: tls::TlsError| std::io::Error::new(std::io::ErrorKind::InvalidInput, error);
        let config = Arc::new(tls::server_config(&tls).map_err(invalid)?);
        let root_certificate_pem = if self.options.root_certificate_pem.is_empty() {
            tls.client_ca_pem
        } else {
            self.options.root_certificate_pem
        };
        let api = Arc::new(Api {
            store: self.store,
            catalog: LiveCatalog::of_built_ins(),
            definitions: DefinitionsLock::default(),
            writes: WritesUnderWay::new(),
            signer: self.signer,
            pod_logs_dir: self.options.pod_logs_dir,
            root_certificate_pem,
            shutdown: shutdown.clone(),
        });
        api.serve_definitions()
            .await
            .map_err(std::io::Error::other)?;
        create_initial_namespaces(&api).await?;
        let collecting = tokio::spawn(crate::collector::run(Arc::clone(&api)));
        let mut closed = self.closed;
        let serving = connection::serve(listener, config, api, shutdown.child_token());
        let served = tokio::select! {
            served = serving => served,
            // Nobody closes the store while requests are served: its writer gave up.
            _ = &mut closed => {
                collecting.abort();
                let what = "the object store has failed, as the log says above; make room or mend the disk, and start again";
                return Err(std::io::Error::other(what));
            }
        };
        shutdown.cancel();
        collecting.await.map_err(std::io::Error::other)?;
        // The database is closed, and may be opened again, before this returns; unless a request does not end.
        let _ = tokio::time::timeout(CLOSE_LIMIT, closed).await;
        served
    }
}

async fn create_initial_namespaces(api: &Arc<Api>) -> std::io::Result<()> {
    let catalog = api.catalog.snapshot();
    let Some(resource) = catalog.find("", "v1", "namespaces") else {
        return Ok(());
    };
    let options = WriteOptions::of_server("kube-apiserver");
    let namespaces = namespace::INITIAL.iter().map(|name| {
        let object: Value =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        api.create_object(resource, "", object, &options, Ownership::Record)
    });
    for created in futures::future::join_all(namespaces).await {
        match created {
            Err(error) if error.reason != "AlreadyExists" => {
                return Err(std::io::Error::other(error));
            }
            _ => {}
        }
    }
    Ok(())
}
