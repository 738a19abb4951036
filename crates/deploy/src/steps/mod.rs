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
pub use kind::KindPlace;

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
    let forwards_registry = place.registry_port.is_none();
    let mut steps: Steps = vec![
        Box::new(kind::Host(Arc::clone(place))),
        after(&["host"], kind::RegistryCertificate),
        after(&["host"], kind::KeptImages(Arc::clone(place))),
        after(
            &["certificates", "image-cache"],
            kind::KindCluster(Arc::clone(place)),
        ),
        after(
            &["kind-cluster"],
            registry_pod::RegistryPod {
                image: place.registry_image.clone(),
            },
        ),
        after(&["kind-cluster"], tekton::TektonPipelines(sources)),
        after(&["kind-cluster"], DEFINITIONS_WITHOUT_TEKTON),
        after(&["kind-cluster"], registry::RegistryHosting),
        after(
            &["registry"],
            stand_ins_process::BackgroundProcess {
                tekton: process::Tekton::Real,
                forwards_registry,
            },
        ),
        after(&["stand-ins-process"], registry::RegistryProof),
        after(&["registry-proof"], probe_image::ProbeImage),
        after(
            &["probe-image"],
            image_runs::ImageRuns {
                by_host_name: !forwards_registry,
            },
        ),
    ];
    steps.extend(konflux(&[
        "custom-resource-definitions",
        "tekton-pipelines",
    ]));
    steps.push(after(
        &["tenants", "stand-ins-process"],
        stand_ins::StandIns,
    ));
    steps
}

/// The plan of a deployment on the cluster of a kubeconfig context, with the stand-ins.
#[must_use]
pub fn on_existing(place: &Arc<ExistingPlace>, sources: SourceStore) -> Steps {
    let mut steps: Steps = Vec::new();
    let connected: &'static [&'static str] = &["existing-cluster"];
    let has_registry = place.registry.is_some();
    let models = place.tekton == Tekton::Models;
    if has_registry {
        steps.push(Box::new(existing_cluster::ExistingCluster(Arc::clone(
            place,
        ))));
    } else {
        steps.push(Box::new(kind::RegistryCertificate));
        steps.push(after(
            &["certificates"],
            existing_cluster::ExistingCluster(Arc::clone(place)),
        ));
        steps.push(after(
            connected,
            registry_pod::RegistryPod {
                image: place.registry_image.clone(),
            },
        ));
    }
    steps.push(after(connected, registry::RegistryHosting));
    let tekton = match models {
        true => process::Tekton::Models,
        false => process::Tekton::Real,
    };
    steps.push(after(
        if has_registry {
            connected
        } else {
            &["registry"]
        },
        stand_ins_process::BackgroundProcess {
            tekton,
            forwards_registry: !has_registry,
        },
    ));
    steps.push(after(&["stand-ins-process"], registry::RegistryProof));
    if models {
        steps.push(after(connected, DEFINITIONS_WITH_TEKTON));
        steps.extend(konflux(&["custom-resource-definitions"]));
    } else {
        steps.push(after(connected, tekton::TektonPipelines(sources)));
        steps.push(after(connected, DEFINITIONS_WITHOUT_TEKTON));
        steps.push(after(&["registry-proof"], probe_image::ProbeImage));
        steps.push(after(
            &["probe-image"],
            image_runs::ImageRuns {
                by_host_name: false,
            },
        ));
        steps.extend(konflux(&[
            "custom-resource-definitions",
            "tekton-pipelines",
        ]));
    }
    steps.push(after(
        &["tenants", "stand-ins-process"],
        stand_ins::StandIns,
    ));
    steps
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
