//! Registry credentials on a cluster that exists: from a login on this computer to a pipeline that can push, every step checked.
//!
//! - [`Target`]: the cluster that is meant, a deployment's or a kubeconfig context's
//! - [`Registries`]: how registries are reached and trusted from here
//! - [`Place`], [`ResourceName`]: what is written on a command line, parsed once
//! - [`Grant`]: credentials that are found and checked ([`Grant::prepare`]), whose effect on everybody is known ([`Prepared::outlook`]), and
//!   that are only then written ([`Outlook::write`])
//! - [`builds`], [`releases`]: what a Component and the ReleasePlanAdmissions of a namespace need; [`Storage`]: where the latter store trusted artifacts
//! - [`check`]: what credentials, of this computer or of a ServiceAccount, can do at a repository
//! - [`OwnRegistry`], [`login`](login()): the registry of a deployment
//!
//! Nothing here prints. A command prints what a phase gives back before it starts the next.

pub mod builds;
pub mod check;
mod cluster_objects;
mod credential;
mod destinations;
mod effective;
mod error;
mod grant;
mod login;
mod login_files;
mod needs;
mod others;
mod outlook;
mod own_registry;
mod place;
mod registries;
pub mod releases;
mod resource_name;
mod sources;
mod storage;
mod target;
mod write;

pub use credentials::cluster::service_account_secrets as linked_secrets;
pub use credentials::cluster::{
    KubernetesError, LinkAs, LinkChange, LinkError, SecretChange, WaitError,
};
pub use credentials::{EntryChanges, Environment, FindError, Search};

pub use cluster_objects::{ObjectError, require_namespace};
pub use destinations::{Destination, DestinationsError, destinations};
pub use effective::Effective;
pub use error::{PrepareError, WriteError};
pub use grant::{Checked, Grant, Prepared, Recipient, SERVICE_ACCOUNT_LIMIT};
pub use login::{LoggedIn, LoginError, default_auth_file, login};
pub use login_files::{LoggedOut, log_out};
pub use others::UsedByOthers;
pub use outlook::{Outlook, Overruled, SourceAccess, TakenAway};
pub use own_registry::{OwnRegistry, OwnRegistryError};
pub use place::{Place, PlaceError};
pub use registries::{Registries, RegistriesError};
pub use resource_name::{InvalidResourceName, NamespaceName, ResourceName};
pub use storage::{Storage, StorageChange};
pub use target::{Target, TargetError, recorded};
pub use write::{Linked, Written};
