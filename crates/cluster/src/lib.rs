//! Where a cluster comes from, and what the host can do.
//!
//! - [`connect`]: clients of a recorded deployment.
//! - [`choice`]: which cluster a deployment uses, and why.
//! - [`state`]: the folder of a deployment: its record, its lock, its files.
//! - [`host`]: what the machine offers and what stands in the way: ports, disk, clock, container engine.
//! - [`embedded`]: the in-process cluster: certificates, kubeconfig, its background process.
//! - [`kind`]: a Kind cluster: its configuration, its nodes, its image cache.
//! - [`certificate_authority`]: signs what a cluster needs.
//! - [`program`]: the one way in which programs of others are run.
//! - [`registry_access`]: the accounts of the embedded cluster's registry, and what each may do.
//! - [`stand_ins_process`]: the stand-ins beside a Kubernetes API that is not ours.
//! - [`entry`]: the hidden subcommands that a program must offer to start an embedded cluster from itself.

mod background;
pub mod certificate_authority;
pub mod choice;
pub mod connect;
pub mod embedded;
pub mod entry;
pub mod host;
pub mod kind;
pub mod program;
pub mod registry_access;
pub mod stand_ins_process;
pub mod state;

pub use choice::{Choice, ClusterChoice, ClusterKind, Flavour};
pub use state::{DeploymentDirectory, DeploymentName, DeploymentRecord, StateRoot};
