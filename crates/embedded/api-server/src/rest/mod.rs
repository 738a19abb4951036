//! The REST semantics of Kubernetes: verbs on objects, one file per verb.

mod apply;
mod call;
mod create;
mod delete;
mod dispatch;
mod form;
mod get;
mod list;
mod metadata;
mod options;
mod page;
mod patch;
mod pod_log;
mod prepare;
mod present;
mod review;
mod selection;
mod token_request;
mod under_way;
mod update;
mod watch;

#[cfg(test)]
pub(crate) mod test_api;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use crate::catalog::LiveCatalog;
use crate::custom_resource::DefinitionsLock;
use crate::store::{Key, Store};
use crate::token::Signer;

pub(crate) use delete::{DeleteOptions, Propagation};
pub(crate) use metadata::{finalizers, is_deleting, now, set_finalizers, text};
pub(crate) use options::WriteOptions;
pub(crate) use prepare::Stage;
pub(crate) use under_way::WritesUnderWay;
pub(crate) use update::{Address, Ownership};

/// The API: what every request works on.
pub(crate) struct Api {
    pub(crate) store: Store,
    pub(crate) catalog: LiveCatalog,
    pub(crate) definitions: DefinitionsLock,
    pub(crate) writes: WritesUnderWay,
    pub(crate) signer: Signer,
    pub(crate) pod_logs_dir: Option<PathBuf>,
    /// What every namespace's ConfigMap `kube-root-ca.crt` holds.
    pub(crate) root_certificate_pem: String,
    /// Ends watches.
    pub(crate) shutdown: CancellationToken,
}

/// The store key of a namespace object.
pub(crate) fn namespace_key(name: &str) -> Key {
    Key::new("", "namespaces", "", name)
}

/// How often a write that was overtaken by another one is tried again before its client gets the conflict.
pub(crate) const WRITE_ATTEMPTS: usize = 20;
