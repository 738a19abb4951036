//! What pipelines of ServiceAccounts do at registries.

use std::collections::BTreeMap;

use konflux_api::konflux::{Component, ReleasePlanAdmission};
use konflux_api::names;
use kube::{Client, ResourceExt};
use oci::ImageReference;
use oci::access::Rights;

use super::check::WANTED;
use super::cluster_objects::list_known;
use super::sources::sources;
use super::{NamespaceName, ObjectError, Recipient, destinations};

/// A repository and what is done there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) repository: ImageReference,
    pub(super) wanted: Rights,
}

impl Need {
    pub(super) fn push(repository: ImageReference) -> Self {
        Self {
            repository,
            wanted: WANTED,
        }
    }

    pub(super) fn pull(repository: ImageReference) -> Self {
        Self {
            repository,
            wanted: Rights::PULL,
        }
    }
}

impl Recipient {
    pub(super) fn pushes(&self) -> impl Iterator<Item = Need> {
        self.repositories.iter().cloned().map(Need::push)
    }

    pub(super) fn pulls(&self) -> impl Iterator<Item = Need> {
        self.sources.iter().cloned().map(Need::pull)
    }
}

/// The needs of a namespace's ServiceAccounts, by name, as its Components and ReleasePlanAdmissions tell them. What cannot be
/// read there is left out: it is not ours to mend.
pub(super) async fn known_needs(
    client: &Client,
    namespace: &NamespaceName,
) -> Result<BTreeMap<String, Vec<Need>>, ObjectError> {
    let mut needs: BTreeMap<String, Vec<Need>> = BTreeMap::new();
    let components = list_known::<Component>(client, namespace).await?;
    for component in components.into_iter().flatten() {
        let image = component.spec.container_image.as_deref();
        let image = image.and_then(|image| image.parse::<ImageReference>().ok());
        if let Some(image) = image {
            let account = names::build_pipeline_service_account(&component.name_any());
            let all = needs.entry(account).or_default();
            all.push(Need::push(image.without_tag_and_digest()));
        }
    }
    let admissions = list_known::<ReleasePlanAdmission>(client, namespace).await?;
    for admission in admissions.into_iter().flatten() {
        let pipeline = admission.spec.pipeline.as_ref();
        let account = pipeline.and_then(|pipeline| pipeline.service_account_name.clone());
        let Some(account) = account.filter(|account| !account.is_empty()) else {
            continue;
        };
        let all = needs.entry(account).or_default();
        let pushes = destinations(&admission).unwrap_or_default();
        all.extend(pushes.into_iter().map(|one| Need::push(one.repository)));
        let pulls = sources(client, &admission).await?.repositories;
        all.extend(pulls.into_iter().map(Need::pull));
    }
    Ok(needs)
}
