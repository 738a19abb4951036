//! Where the releases of an admission store their trusted artifacts.

use konflux_api::FIELD_MANAGER;
use konflux_api::konflux::ReleasePlanAdmission;
use kube::Client;
use kube::api::{Api, Patch, PatchParams};
use oci::ImageReference;
use serde_json::json;

use super::cluster_objects::{read, refused};
use super::{NamespaceName, ObjectError};

/// The `ociStorage` that an admission is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// The ReleasePlanAdmission.
    pub admission: String,
    /// The repository.
    pub repository: ImageReference,
}

/// What became of an admission's `ociStorage`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageChange {
    /// It was there already.
    Unchanged,
    /// It was set.
    Set {
        /// What was there before.
        before: Option<String>,
    },
}

impl Storage {
    /// Sets `spec.pipeline.pipelineRef.ociStorage` and nothing else. Done last: from then on, releases need credentials for it.
    ///
    /// # Errors
    /// The API server does not answer, or refuses.
    pub async fn set(
        &self,
        client: &Client,
        namespace: &NamespaceName,
    ) -> Result<StorageChange, ObjectError> {
        let (name, storage) = (&self.admission, self.repository.name());
        let existing = read::<ReleasePlanAdmission>(client, namespace, name).await?;
        let pipeline = existing.and_then(|admission| admission.spec.pipeline);
        let before = pipeline.and_then(|pipeline| pipeline.pipeline_ref.oci_storage);
        if before.as_ref() == Some(&storage) {
            return Ok(StorageChange::Unchanged);
        }
        let patch = json!({"spec": {"pipeline": {"pipelineRef": {"ociStorage": storage}}}});
        let parameters = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let api: Api<ReleasePlanAdmission> = Api::namespaced(client.clone(), namespace.as_str());
        let patched = api.patch(name, &parameters, &Patch::Merge(&patch)).await;
        patched.map_err(|error| {
            let attempt = format!("set ociStorage of ReleasePlanAdmission {namespace}/{name}");
            refused(attempt, error)
        })?;
        Ok(StorageChange::Set { before })
    }
}
