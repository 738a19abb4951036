//! Where to deploy, with what only that kind of cluster needs.

use std::sync::Arc;

use cluster::ClusterKind;
use cluster::embedded::Ports;

use crate::plan::Plan;
use crate::sources::SourceStore;
use crate::steps::{self, DeployContext, ExistingPlace, KindPlace};

/// Where to deploy.
#[derive(Debug, Clone)]
pub enum Target {
    /// The embedded cluster.
    Embedded,
    /// A Kind cluster.
    Kind(Arc<KindPlace>, SourceStore),
    /// The cluster of a kubeconfig context.
    Existing(Arc<ExistingPlace>, SourceStore),
}

impl Target {
    /// Its kind.
    #[must_use]
    pub fn cluster(&self) -> ClusterKind {
        match self {
            Self::Embedded => ClusterKind::Embedded,
            Self::Kind(..) => ClusterKind::Kind,
            Self::Existing(..) => ClusterKind::Existing,
        }
    }

    /// The plan, as it is before anything is known of what is there.
    ///
    /// # Panics
    ///
    /// Never: a test checks the order of every plan.
    #[must_use]
    pub fn plan(&self) -> Plan<DeployContext> {
        let any = Ports {
            api_server: 0,
            registry: 0,
        };
        self.plan_on(any)
    }

    /// The plan, with the ports that the embedded cluster takes.
    pub(super) fn plan_on(&self, ports: Ports) -> Plan<DeployContext> {
        let steps = match self {
            Self::Embedded => steps::embedded(ports),
            Self::Kind(place, sources) => steps::on_kind(place, sources.clone()),
            Self::Existing(place, sources) => steps::on_existing(place, sources.clone()),
        };
        Plan::new(steps).expect("the order of the steps is checked by a test")
    }
}
