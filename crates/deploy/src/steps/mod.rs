//! The steps of a deployment, and their plans for each kind of cluster.

mod certificates;
mod cluster_evidence;
mod context;
mod embedded_cluster;
mod existing_cluster;
pub(crate) mod forwarding;
mod image_runs;
pub(crate) mod kind;
mod manifests;
mod node_port;
mod placed;
mod probe_image;
pub(crate) mod registry;
mod registry_accounts;
mod registry_pod;
mod stand_ins;
mod stand_ins_process;
pub(crate) mod tekton;
pub(crate) mod tenant_credentials;

use std::sync::Arc;

use cluster::embedded::Ports;
use cluster::stand_ins_process as process;

pub use context::{Connection, DeployContext};
pub use existing_cluster::{ExistingPlace, ExistingPlaceError, RegistryPlace, Tekton};
pub use kind::{KindPlace, WishesError};

use crate::plan::Step;
use crate::sources::SourceStore;
use placed::after;

type Steps = Vec<Box<dyn Step<DeployContext>>>;

/// The plan of an embedded deployment, in an order that satisfies every prerequisite.
#[must_use]
pub fn embedded(ports: Ports) -> Steps {
    let mut steps: Steps = vec![
        Box::new(certificates::Certificates),
        after(&["certificates"], embedded_cluster::EmbeddedCluster(ports)),
        after(&["embedded-cluster"], registry::RegistryHosting),
        after(&["embedded-cluster"], registry_accounts::RegistryAccounts),
        after(&["registry-accounts"], registry::RegistryProof),
        after(&["embedded-cluster"], DEFINITIONS_WITH_TEKTON),
    ];
    steps.extend(konflux(&["custom-resource-definitions"]));
    steps.extend([
        after(
            &["registry-accounts", "tenants"],
            tenant_credentials::TenantCredentials,
        ),
        after(&["tenants"], stand_ins::StandIns),
    ]);
    steps
}

/// The plan of a deployment on Kind, with the stand-ins.
#[must_use]
pub fn on_kind(place: &Arc<KindPlace>, sources: SourceStore) -> Steps {
    let cluster = &["kind-cluster"];
    let forwards_registry = place.registry_port.is_none();
    let mut steps: Steps = vec![
        Box::new(kind::Host {
            place: Arc::clone(place),
            sources: sources.clone(),
        }),
        after(&["host"], kind::RegistryCertificate),
        after(&["host"], kind::KeptImages(Arc::clone(place))),
        after(
            &["certificates", "image-cache"],
            kind::KindCluster(Arc::clone(place)),
        ),
        after(
            cluster,
            registry_pod::RegistryPod::new(&place.registry_image),
        ),
    ];
    let process = stand_ins_process::BackgroundProcess {
        tekton: process::Tekton::Real,
        forwards_registry,
    };
    steps.extend(registry(cluster, &["registry"], process));
    steps.extend(tekton(cluster, sources, !forwards_registry));
    steps.push(works());
    steps
}

/// The plan of a deployment on the cluster of a kubeconfig context, with the stand-ins.
#[must_use]
pub fn on_existing(place: &Arc<ExistingPlace>, sources: SourceStore) -> Steps {
    let cluster = &["existing-cluster"];
    let connect = existing_cluster::ExistingCluster(Arc::clone(place));
    let has_registry = place.registry.is_some();
    let models = place.tekton == Tekton::Models;
    let process = stand_ins_process::BackgroundProcess {
        tekton: match models {
            true => process::Tekton::Models,
            false => process::Tekton::Real,
        },
        forwards_registry: !has_registry,
    };
    let mut steps: Steps = match has_registry {
        true => vec![Box::new(connect)],
        false => vec![
            Box::new(kind::RegistryCertificate),
            after(&["certificates"], connect),
            after(
                cluster,
                registry_pod::RegistryPod::new(&place.registry_image),
            ),
        ],
    };
    let has_its_registry: &[&str] = if has_registry { cluster } else { &["registry"] };
    steps.extend(registry(cluster, has_its_registry, process));
    if models {
        steps.push(after(cluster, DEFINITIONS_WITH_TEKTON));
        steps.extend(konflux(&["custom-resource-definitions"]));
    } else {
        // No Kubernetes API tells nodes how to call the registry.
        steps.extend(tekton(cluster, sources, false));
    }
    steps.push(works());
    steps
}

/// The registry is announced and, once the process runs that may forward it, proven.
fn registry(
    cluster: &'static [&'static str],
    there: &'static [&'static str],
    process: stand_ins_process::BackgroundProcess,
) -> Steps {
    vec![
        after(cluster, registry::RegistryHosting),
        after(there, process),
        after(&["stand-ins-process"], registry::RegistryProof),
    ]
}

/// Real Tekton, the image that its pods run, and what it works on.
fn tekton(cluster: &'static [&'static str], sources: SourceStore, by_host_name: bool) -> Steps {
    let mut steps: Steps = vec![
        after(cluster, tekton::TektonPipelines(sources)),
        after(cluster, DEFINITIONS_WITHOUT_TEKTON),
        after(&["registry-proof"], probe_image::ProbeImage),
        after(&["probe-image"], image_runs::ImageRuns { by_host_name }),
    ];
    steps.extend(konflux(&[
        "custom-resource-definitions",
        "tekton-pipelines",
    ]));
    steps
}

/// The stand-ins in their process do their work.
fn works() -> Box<dyn Step<DeployContext>> {
    after(&["tenants", "stand-ins-process"], stand_ins::StandIns)
}

const DEFINITIONS_WITH_TEKTON: manifests::CustomResourceDefinitions =
    manifests::CustomResourceDefinitions { tekton: true };
const DEFINITIONS_WITHOUT_TEKTON: manifests::CustomResourceDefinitions =
    manifests::CustomResourceDefinitions { tekton: false };

/// What our controllers read and what tenants are made of; pipelines need Tekton's definitions.
fn konflux(pipelines_need: &'static [&'static str]) -> Steps {
    vec![
        after(
            &["custom-resource-definitions"],
            manifests::ControllerConfiguration,
        ),
        after(pipelines_need, manifests::Pipelines),
        after(&["custom-resource-definitions"], manifests::Tenants),
    ]
}

/// One plan of each shape, for tests of plans.
#[cfg(test)]
pub(crate) fn examples() -> Vec<Steps> {
    use cluster::StateRoot;
    use cluster::host::Environment;

    use crate::settings::Settings;
    use crate::sources::{Cache, LockFile};

    let sources = || SourceStore::new(Cache::at("/nowhere"), LockFile::at("/nowhere/sources.lock"));
    let environment = Environment::new(
        std::path::Path::new("/"),
        cluster::host::Platform::Linux,
        1000,
    );
    let settings = Settings::default();
    let kind = KindPlace::new(&settings, environment, StateRoot::at("/nowhere")).unwrap();
    let existing = |registry: Option<RegistryPlace>, tekton| {
        Arc::new(ExistingPlace {
            kubeconfig: kube::config::Kubeconfig::default(),
            context: "example".to_owned(),
            registry,
            registry_image: None,
            registry_port: 0,
            tekton,
        })
    };
    let registry = RegistryPlace {
        endpoint: "localhost:5001".to_owned(),
        ca: String::new(),
    };
    vec![
        embedded(Ports {
            api_server: 0,
            registry: 0,
        }),
        on_kind(&Arc::new(kind), sources()),
        on_existing(&existing(None, Tekton::Install), sources()),
        on_existing(&existing(Some(registry), Tekton::Models), sources()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::plan::{Outline, Plan};

    use super::examples;

    #[test]
    fn the_order_of_every_plan_satisfies_every_prerequisite() {
        for steps in examples() {
            Plan::new(steps).unwrap();
        }
    }

    #[test]
    fn the_plan_on_kind_reads_as_a_person_needs_it() {
        let steps = examples().swap_remove(1);
        insta::assert_snapshot!(Outline::of(&Plan::new(steps).unwrap()));
    }
}
