//! The steps of a deployment on the embedded cluster.

mod certificates;
mod context;
mod embedded_cluster;
mod manifests;
pub(crate) mod registry;
mod registry_accounts;
mod stand_ins;
mod tenant_credentials;

pub use context::{Connection, DeployContext};

use crate::plan::Step;

/// The plan of an embedded deployment, in an order that satisfies every prerequisite.
#[must_use]
pub fn embedded() -> Vec<Box<dyn Step<DeployContext>>> {
    vec![
        Box::new(certificates::Certificates),
        Box::new(embedded_cluster::EmbeddedCluster),
        Box::new(registry::RegistryHosting),
        Box::new(registry_accounts::RegistryAccounts),
        Box::new(registry::RegistryProof),
        Box::new(manifests::CustomResourceDefinitions),
        Box::new(manifests::ControllerConfiguration),
        Box::new(manifests::Pipelines),
        Box::new(manifests::Tenants),
        Box::new(tenant_credentials::TenantCredentials),
        Box::new(stand_ins::StandIns),
    ]
}
