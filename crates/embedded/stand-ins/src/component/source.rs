//! The source of a Component: a ConfigMap.

use k8s_openapi::api::core::v1::{ConfigMap, ConfigMapVolumeSource, KeyToPath};
use konflux_api::{
    labels,
    source_repository::{SourceRepository, path_of_key},
};
use kube::{Api, Client, ResourceExt};

use super::status::BuildError;

/// Source code that can be built.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The URL as the Component has it.
    pub(crate) url: String,
    /// The revision of the content.
    pub(crate) revision: String,
    /// The files as a volume.
    pub(crate) volume: ConfigMapVolumeSource,
}

/// Reads the ConfigMap that the URL names. It must be in the Component's namespace, because only pods of that namespace can
/// mount it.
pub(crate) async fn read(
    client: &Client,
    namespace: &str,
    url: &str,
) -> Result<Result<Source, BuildError>, kube::Error> {
    let repository = match SourceRepository::from_url(url) {
        Ok(repository) => repository,
        Err(error) => {
            return Ok(Err(BuildError::new(
                60,
                format!("unknown git provider: {error}"),
            )));
        }
    };
    if repository.namespace != namespace {
        let text = format!(
            "{url} names a ConfigMap of another namespace; pods of {namespace} cannot mount it"
        );
        return Ok(Err(BuildError::new(62, text)));
    }
    let config_maps: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let missing = |what: &str| {
        let text = format!(
            "the source repository {url} does not exist: {what} {} in the namespace {namespace}",
            repository.name
        );
        Err(BuildError::new(63, text))
    };
    let Some(config_map) = config_maps.get_opt(&repository.name).await? else {
        return Ok(missing("there is no ConfigMap"));
    };
    if config_map
        .labels()
        .get(labels::SOURCE_REPOSITORY)
        .map(String::as_str)
        != Some("true")
    {
        return Ok(missing(&format!(
            "the label {}=true is not on the ConfigMap",
            labels::SOURCE_REPOSITORY
        )));
    }
    let source = from_config_map(url, &config_map);
    Ok(if source.volume.items.is_none() {
        missing("there are no files in the ConfigMap")
    } else {
        Ok(source)
    })
}

fn from_config_map(url: &str, config_map: &ConfigMap) -> Source {
    let texts = config_map
        .data
        .iter()
        .flatten()
        .map(|(key, text)| (key, text.as_bytes()));
    let binaries = config_map
        .binary_data
        .iter()
        .flatten()
        .map(|(key, bytes)| (key, bytes.0.as_slice()));
    let files: Vec<(&String, &[u8])> = texts.chain(binaries).collect();
    let revision = oci::source::revision(
        files
            .iter()
            .map(|(key, content)| (path_of_key(key), *content)),
    );
    let items: Vec<KeyToPath> = files
        .iter()
        .map(|(key, _)| KeyToPath {
            key: (*key).clone(),
            path: path_of_key(key),
            ..KeyToPath::default()
        })
        .collect();
    let volume = ConfigMapVolumeSource {
        name: config_map.name_any(),
        items: (!items.is_empty()).then_some(items),
        ..ConfigMapVolumeSource::default()
    };
    Source {
        url: url.to_owned(),
        revision,
        volume,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_key_becomes_a_file_and_the_revision_is_that_of_the_files() {
        let config_map: ConfigMap =
            serde_json::from_value(json!({"metadata": {"name": "c"}, "data": {"Dockerfile": "FROM scratch\n", "app..main": "x"}})).unwrap();
        let source = from_config_map("u", &config_map);
        let items = source.volume.items.unwrap();
        assert_eq!(
            items
                .iter()
                .map(|item| item.path.as_str())
                .collect::<Vec<_>>(),
            ["Dockerfile", "app/main"]
        );
        let expected = oci::source::revision([("Dockerfile", "FROM scratch\n"), ("app/main", "x")]);
        assert_eq!(source.revision, expected);
    }
}
