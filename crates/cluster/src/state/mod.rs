//! The folder of a deployment: its record, its lock, its files.
//!
//! ```text
//! <root>/<name>.lock        held by the command that changes the deployment
//! <root>/<name>/            ca.crt  kubeconfig  deployment.json  auth.json  logins.json  events.jsonl  embedded.log  evidence/
//! <root>/<name>/data/       the embedded cluster's own: pki/ api-server/ registry/ registry-access/ steps/ logs/
//! ```

mod files;
mod lock;
mod record;
mod root;

pub use files::{read_if_present, update, update_private, write_atomically, write_private};
pub use lock::{DeploymentLock, LockError, LockHolder};
pub use record::{
    DeploymentRecord, KubernetesEndpoint, RecordError, RegistryEndpoint, SCHEMA_VERSION,
};
pub use root::{DeploymentDirectory, DeploymentName, InvalidName, RootError, StateRoot};
