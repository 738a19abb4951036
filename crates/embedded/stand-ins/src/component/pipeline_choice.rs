//! Which pipeline builds a Component.

use k8s_openapi::api::core::v1::ConfigMap;
use konflux_api::{
    annotations,
    konflux::Component,
    names,
    tekton::{Pipeline, PipelineSpec},
};
use kube::{Api, Client, ResourceExt};
use serde::{Deserialize, Serialize};

use super::status::BuildError;

/// The content of `build-pipeline-config`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct PipelineConfig {
    pub(crate) default_pipeline_name: String,
    #[serde(default)]
    pipelines: Vec<PipelineEntry>,
}

/// One known pipeline. Konflux's entries name an OCI bundle, ours a Pipeline of the cluster.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PipelineEntry {
    name: String,
    pipelineref_by_cluster_resolver: Option<PipelineLocation>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct PipelineLocation {
    namespace: String,
    name: String,
}

/// The content of the annotation `build.appstudio.openshift.io/pipeline`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct PipelineAnnotation {
    name: String,
    bundle: String,
}

/// Reads the list of known pipelines.
pub(crate) async fn config(
    client: &Client,
) -> Result<Result<PipelineConfig, BuildError>, kube::Error> {
    let config_maps: Api<ConfigMap> =
        Api::namespaced(client.clone(), names::BUILD_SERVICE_NAMESPACE);
    let Some(config_map) = config_maps.get_opt(names::BUILD_PIPELINE_CONFIG).await? else {
        return Ok(Err(BuildError::no_pipeline_config()));
    };
    let text = config_map
        .data
        .as_ref()
        .and_then(|data| data.get(names::BUILD_PIPELINE_CONFIG_KEY));
    Ok(
        serde_saphyr::from_str(text.map_or("", String::as_str)).map_err(|error| {
            let text = format!(
                "{} of the ConfigMap {} is invalid: {error}",
                names::BUILD_PIPELINE_CONFIG_KEY,
                names::BUILD_PIPELINE_CONFIG
            );
            BuildError::new(306, text)
        }),
    )
}

/// The annotation for Components that have none.
pub(crate) fn default_annotation(config: &PipelineConfig) -> String {
    serde_json::json!({"name": config.default_pipeline_name, "bundle": "latest"}).to_string()
}

/// The pipeline that the Component's annotation names.
pub(crate) async fn pipeline(
    client: &Client,
    component: &Component,
    config: &PipelineConfig,
) -> Result<Result<PipelineSpec, BuildError>, kube::Error> {
    let location = match locate(component, config) {
        Ok(location) => location,
        Err(error) => return Ok(Err(error)),
    };
    let pipelines: Api<Pipeline> = Api::namespaced(client.clone(), &location.namespace);
    Ok(pipelines.get_opt(&location.name).await?.map(|pipeline| pipeline.spec).ok_or_else(|| {
        let text = format!(
            "Failed to retrieve the pipeline selected for this component. The Pipeline {} does not exist in the namespace {}",
            location.name, location.namespace
        );
        BuildError::new(400, text)
    }))
}

fn locate(component: &Component, config: &PipelineConfig) -> Result<PipelineLocation, BuildError> {
    let annotation = match component.annotations().get(annotations::BUILD_PIPELINE) {
        Some(text) => serde_json::from_str(text).map_err(|error| {
            BuildError::new(
                204,
                format!(
                    "the annotation {} is invalid: {error}",
                    annotations::BUILD_PIPELINE
                ),
            )
        })?,
        None => PipelineAnnotation {
            name: config.default_pipeline_name.clone(),
            bundle: "latest".to_owned(),
        },
    };
    let Some(entry) = config
        .pipelines
        .iter()
        .find(|entry| entry.name == annotation.name)
    else {
        let known: Vec<&str> = config
            .pipelines
            .iter()
            .map(|entry| entry.name.as_str())
            .collect();
        let text = format!(
            "the pipeline {:?} is not in the ConfigMap {}; it has {}",
            annotation.name,
            names::BUILD_PIPELINE_CONFIG,
            known.join(", ")
        );
        return Err(BuildError::new(307, text));
    };
    match &entry.pipelineref_by_cluster_resolver {
        Some(location) if annotation.bundle == "latest" => Ok(location.clone()),
        _ => Err(BuildError::new(
            400,
            "Failed to retrieve the pipeline selected for this component. konflux-local fetches no OCI bundles: the pipeline needs the \
             bundle \"latest\" and a pipelineref-by-cluster-resolver in the ConfigMap",
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CONFIG: &str = "
default-pipeline-name: docker-build
pipelines:
  - name: docker-build
    description: ours
    pipelineref-by-cluster-resolver: {namespace: konflux-pipelines, name: build}
  - name: bundled
    bundle: quay.io/x@sha256:00
";

    fn choose(annotation: Option<&str>) -> Result<PipelineLocation, BuildError> {
        let annotations =
            annotation.map(|text| json!({"build.appstudio.openshift.io/pipeline": text}));
        let component = json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "Component",
            "metadata": {"name": "c", "annotations": annotations}, "spec": {"componentName": "c", "application": "a"},
        });
        locate(
            &serde_json::from_value(component).unwrap(),
            &serde_saphyr::from_str(CONFIG).unwrap(),
        )
    }

    #[test]
    fn the_default_pipeline_is_the_one_of_the_config() {
        let config: PipelineConfig = serde_saphyr::from_str(CONFIG).unwrap();
        let expected = PipelineLocation {
            namespace: "konflux-pipelines".to_owned(),
            name: "build".to_owned(),
        };
        assert_eq!(choose(None).unwrap(), expected);
        assert_eq!(
            choose(Some(&default_annotation(&config))).unwrap(),
            expected
        );
    }

    #[test]
    fn what_cannot_be_had_is_answered_with_build_services_number() {
        assert_eq!(choose(Some("no json")).unwrap_err().id, 204);
        assert_eq!(
            choose(Some(r#"{"name": "other", "bundle": "latest"}"#))
                .unwrap_err()
                .id,
            307
        );
        assert_eq!(
            choose(Some(r#"{"name": "bundled", "bundle": "latest"}"#))
                .unwrap_err()
                .id,
            400
        );
        assert_eq!(
            choose(Some(r#"{"name": "docker-build", "bundle": "quay.io/x"}"#))
                .unwrap_err()
                .id,
            400
        );
    }
}
