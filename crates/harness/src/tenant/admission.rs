//! What a managed namespace lets in, and where it goes.

use konflux_api::konflux::{
    PipelineParameter, PipelineSource, ReleasePipeline, ReleasePlanAdmission,
    ReleasePlanAdmissionSpec,
};
use konflux_api::{PIPELINES_NAMESPACE, labels};
use kube::ResourceExt;
use oci::ImageReference;
use serde_json::{Value, json};

use super::Component;
use crate::images::Destination;

/// The ServiceAccount of the fixtures' managed namespaces that releases run as, unless an admission names another.
pub const RELEASE_SERVICE_ACCOUNT: &str = "release-pipeline";
/// The release pipeline of the fixtures.
const RELEASE_PIPELINE: &str = "push-to-external-registry";

/// A ReleasePlanAdmission to be made: a component's image may be copied to a destination.
#[derive(Debug, Clone)]
pub struct Admission {
    mapping: Value,
    storage: Option<String>,
    service_account: String,
}

impl Admission {
    /// Lets a component's image be copied to a destination, by pipelines that run as [`RELEASE_SERVICE_ACCOUNT`].
    #[must_use]
    pub fn of(component: &Component<'_>, destination: &Destination) -> Self {
        let repository =
            json!({"url": destination.repository().name(), "tags": destination.tags()});
        Self {
            mapping: json!({"components": [{"name": component.name(), "repositories": [repository]}]}),
            storage: None,
            service_account: RELEASE_SERVICE_ACCOUNT.to_owned(),
        }
    }

    /// Has the tasks of releases keep trusted artifacts in this repository, `ociStorage`.
    #[must_use]
    pub fn with_storage(mut self, storage: &ImageReference) -> Self {
        self.storage = Some(storage.to_string());
        self
    }

    /// Has releases run as this ServiceAccount of the managed namespace.
    #[must_use]
    pub fn running_as(mut self, service_account: &str) -> Self {
        self.service_account = service_account.to_owned();
        self
    }

    pub(super) fn into_object(
        self,
        name: &str,
        application: String,
        origin: String,
    ) -> ReleasePlanAdmission {
        let parameter = |(name, value): (&str, &str)| PipelineParameter {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let parameters = [
            ("kind", "pipeline"),
            ("namespace", PIPELINES_NAMESPACE),
            ("name", RELEASE_PIPELINE),
        ];
        // The fixtures' release pipeline, as an admission refers to it.
        let pipeline = ReleasePipeline {
            pipeline_ref: PipelineSource {
                resolver: "cluster".to_owned(),
                params: parameters.map(parameter).into(),
                oci_storage: self.storage,
                ..Default::default()
            },
            service_account_name: Some(self.service_account),
            ..Default::default()
        };
        let spec = ReleasePlanAdmissionSpec {
            applications: vec![application],
            origin,
            data: Some(json!({"mapping": self.mapping})),
            pipeline: Some(pipeline),
            ..Default::default()
        };
        let mut admission = ReleasePlanAdmission::new(name, spec);
        let label = (labels::BLOCK_RELEASES.to_owned(), "false".to_owned());
        admission.labels_mut().extend([label]);
        admission
    }
}
