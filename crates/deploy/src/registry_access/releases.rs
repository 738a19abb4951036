//! Who pushes where in the releases of a managed namespace.

use std::collections::BTreeMap;

use konflux_api::konflux::ReleasePlanAdmission;
use kube::{Client, ResourceExt};
use oci::ImageReference;

use super::cluster_objects::list;
use super::sources::sources;
use super::storage::Storage;
use super::{
    Destination, DestinationsError, NamespaceName, ObjectError, Recipient, ResourceName,
    destinations,
};

/// The ServiceAccounts that releases run as, and what they push to.
#[derive(Clone, Debug, Default)]
pub struct Releases {
    /// One for each ServiceAccount.
    pub recipients: Vec<Recipient>,
    /// Every destination, with the admission that names it.
    pub destinations: Vec<(String, Destination)>,
    /// Admissions that need no credentials, and why.
    pub left_out: Vec<String>,
    /// Why some of what releases pull is not known.
    pub unknown: Vec<String>,
    /// The `ociStorage` that was asked for, and is not set yet.
    pub storage: Option<Storage>,
}

/// It cannot be told what releases need.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// There is no admission at all.
    #[error(
        "namespace {0} has no ReleasePlanAdmission, so that nothing is released there and no credentials are needed; is it the managed namespace?"
    )]
    NoAdmissions(NamespaceName),
    /// There is none of this name.
    #[error("ReleasePlanAdmission {namespace}/{name} does not exist; the namespace has {}", known.join(", "))]
    NoSuchAdmission {
        /// The namespace.
        namespace: NamespaceName,
        /// The name.
        name: ResourceName,
        /// Those that it has.
        known: Vec<String>,
    },
    /// Pods that are none of the release's would get the credentials.
    #[error(
        "ReleasePlanAdmission {namespace}/{admission} names no service account, so that its pipeline runs as Tekton's default, which others use too; set its spec.pipeline.serviceAccountName"
    )]
    NoServiceAccount {
        /// The namespace.
        namespace: NamespaceName,
        /// The admission.
        admission: String,
    },
    /// Storage is asked for, and it is not said for which admission.
    #[error(
        "namespace {namespace} has several ReleasePlanAdmissions ({}); say with --admission whose ociStorage is to be set",
        known.join(", ")
    )]
    WhichAdmission {
        /// The namespace.
        namespace: NamespaceName,
        /// Those that it has.
        known: Vec<String>,
    },
    /// No admission pushes anywhere.
    #[error("nothing in namespace {namespace} needs credentials: {}", left_out.join("; "))]
    NothingToPush {
        /// The namespace.
        namespace: NamespaceName,
        /// Why, for each admission.
        left_out: Vec<String>,
    },
    /// An admission's destinations cannot be read.
    #[error(transparent)]
    Destinations(#[from] DestinationsError),
    /// The cluster cannot be read.
    #[error(transparent)]
    Object(#[from] ObjectError),
}

/// What the admission `only` needs, or all admissions of the namespace.
///
/// All of them, because each needs credentials before its first release, and giving them twice changes nothing. With `storage`, it is
/// for one admission, and taken for its `ociStorage`; [`Storage::set`] makes it so.
///
/// # Errors
/// [`ReleaseError`].
pub async fn releases_of(
    client: &Client,
    namespace: &NamespaceName,
    only: Option<&ResourceName>,
    storage: Option<&ImageReference>,
) -> Result<Releases, ReleaseError> {
    let mut admissions: Vec<ReleasePlanAdmission> = list(client, namespace).await?;
    if admissions.is_empty() {
        return Err(ReleaseError::NoAdmissions(namespace.clone()));
    }
    if let Some(name) = only {
        let known = admissions.iter().map(ResourceExt::name_any).collect();
        admissions.retain(|admission| admission.name_any() == name.as_str());
        if admissions.is_empty() {
            return Err(ReleaseError::NoSuchAdmission {
                namespace: namespace.clone(),
                name: name.clone(),
                known,
            });
        }
    }
    let storage = match storage {
        Some(repository) => store_at(repository, namespace, &mut admissions)?,
        None => None,
    };
    let mut releases = gather(namespace, &admissions)?;
    releases.storage = storage;
    for admission in &admissions {
        let pipeline = admission.spec.pipeline.as_ref();
        let account = pipeline.and_then(|pipeline| pipeline.service_account_name.as_ref());
        let mut recipients = releases.recipients.iter_mut();
        let recipient = recipients.find(|one| Some(&one.service_account) == account);
        if let Some(recipient) = recipient {
            let found = sources(client, admission).await?;
            releases.unknown.extend(found.unknown);
            for repository in found.repositories {
                if !recipient.sources.contains(&repository) {
                    recipient.sources.push(repository);
                }
            }
        }
    }
    match releases.recipients.is_empty() {
        true => Err(ReleaseError::NothingToPush {
            namespace: namespace.clone(),
            left_out: releases.left_out,
        }),
        false => Ok(releases),
    }
}

/// Admissions without a pipeline store nothing.
fn store_at(
    repository: &ImageReference,
    namespace: &NamespaceName,
    admissions: &mut [ReleasePlanAdmission],
) -> Result<Option<Storage>, ReleaseError> {
    match admissions {
        [admission] => {
            let admission_name = admission.name_any();
            let pipeline = admission.spec.pipeline.as_mut();
            Ok(pipeline.map(|pipeline| {
                pipeline.pipeline_ref.oci_storage = Some(repository.name());
                Storage {
                    admission: admission_name,
                    repository: repository.clone(),
                }
            }))
        }
        several => Err(ReleaseError::WhichAdmission {
            namespace: namespace.clone(),
            known: several.iter().map(ResourceExt::name_any).collect(),
        }),
    }
}

fn gather(
    namespace: &NamespaceName,
    admissions: &[ReleasePlanAdmission],
) -> Result<Releases, ReleaseError> {
    let mut releases = Releases::default();
    let mut by_account: BTreeMap<String, Recipient> = BTreeMap::new();
    for admission in admissions {
        let name = admission.name_any();
        let Some(pipeline) = &admission.spec.pipeline else {
            let reason = format!("ReleasePlanAdmission {name} has no pipeline");
            releases.left_out.push(reason);
            continue;
        };
        let found = destinations(admission)?;
        if found.is_empty() {
            let reason = format!(
                "ReleasePlanAdmission {name} has neither destinations in its mapping nor ociStorage"
            );
            releases.left_out.push(reason);
            continue;
        }
        let account = pipeline.service_account_name.clone();
        let Some(account) = account.filter(|account| !account.is_empty()) else {
            return Err(ReleaseError::NoServiceAccount {
                namespace: namespace.clone(),
                admission: name,
            });
        };
        let recipient = by_account
            .entry(account.clone())
            .or_insert_with(|| Recipient {
                service_account: account,
                repositories: Vec::new(),
                sources: Vec::new(),
            });
        for destination in found {
            if !recipient.repositories.contains(&destination.repository) {
                recipient.repositories.push(destination.repository.clone());
            }
            releases.destinations.push((name.clone(), destination));
        }
    }
    releases.recipients = by_account.into_values().collect();
    Ok(releases)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn admission(name: &str, pipeline: Value) -> ReleasePlanAdmission {
        let object = json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1",
            "kind": "ReleasePlanAdmission",
            "metadata": {"name": name},
            "spec": {
                "origin": "user-ns1",
                "data": {"mapping": {"components": [{"name": name, "repository": format!("quay.io/team/{name}")}]}},
                "pipeline": pipeline,
            },
        });
        serde_json::from_value(object).unwrap()
    }

    fn runs_as(account: &str) -> Value {
        json!({"serviceAccountName": account, "pipelineRef": {"resolver": "cluster", "ociStorage": "quay.io/team/artifacts"}})
    }

    fn namespace() -> NamespaceName {
        "managed-ns1".parse().unwrap()
    }

    #[test]
    fn admissions_of_one_service_account_are_served_together_and_each_repository_once() {
        let admissions = [
            admission("a", runs_as("release-pipeline")),
            admission("b", runs_as("release-pipeline")),
            admission("c", runs_as("other")),
            admission("d", Value::Null),
        ];
        let releases = gather(&namespace(), &admissions).unwrap();
        let found: Vec<String> = releases
            .recipients
            .iter()
            .map(|one| format!("{} {:?}", one.service_account, one.repositories))
            .collect();
        assert_eq!(
            found,
            [
                "other [quay.io/team/c, quay.io/team/artifacts]",
                "release-pipeline [quay.io/team/a, quay.io/team/artifacts, quay.io/team/b]",
            ]
        );
        assert_eq!(
            releases.left_out,
            ["ReleasePlanAdmission d has no pipeline"]
        );
    }

    #[test]
    fn an_admission_without_a_service_account_gets_nothing_and_says_why() {
        let admissions = [admission("a", runs_as(""))];
        let error = gather(&namespace(), &admissions).unwrap_err();
        assert!(
            matches!(error, ReleaseError::NoServiceAccount { .. }),
            "{error}"
        );
    }
}
