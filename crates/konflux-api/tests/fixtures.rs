//! Everything in `fixtures/` can be applied to a cluster that has the kinds of `fixtures/crds`.

#![allow(
    clippy::unwrap_used,
    reason = "clippy takes only the test functions themselves for tests, not what they call"
)]

mod support;

use std::{collections::BTreeMap, fs, path::Path};

use k8s_openapi::api::{
    core::v1::{ConfigMap, Namespace, ServiceAccount},
    rbac::v1::{ClusterRole, RoleBinding},
};
use konflux_api::{
    PIPELINES_NAMESPACE, PROBE_IMAGE,
    konflux::{Component, ReleasePlanAdmission},
    labels, names,
    source_repository::{SourceRepository, path_of_key},
    tekton::{Modelled, Pipeline},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use support::{CustomResourceDefinition, documents, fixtures, yaml_files};

const FOLDERS: [&str; 4] = ["stand-ins", "pipelines", "tenants", "samples"];

/// Every object of the fixtures with the name of its file.
fn objects() -> Vec<(String, Value)> {
    let files = FOLDERS.iter().flat_map(|folder| yaml_files(folder));
    files
        .flat_map(|file| {
            let name = file.strip_prefix(fixtures()).unwrap().display().to_string();
            documents(&file)
                .into_iter()
                .map(move |document| (name.clone(), document))
        })
        .collect()
}

fn all<K: DeserializeOwned>(kind: &str) -> Vec<K> {
    let found: Vec<K> = objects()
        .into_iter()
        .filter(|(_, object)| object["kind"] == kind)
        .map(|(_, object)| serde_json::from_value(object).unwrap())
        .collect();
    assert!(!found.is_empty(), "the fixtures have no {kind}");
    found
}

fn assert_parses<K: DeserializeOwned>(file: &str, object: &Value) {
    serde_json::from_value::<K>(object.clone()).unwrap_or_else(|error| panic!("{file}: {error}"));
}

#[test]
fn every_fixture_is_of_a_kind_that_exists_and_satisfies_its_schema() {
    for (file, object) in objects() {
        match object["kind"].as_str().unwrap() {
            "Namespace" => assert_parses::<Namespace>(&file, &object),
            "ServiceAccount" => assert_parses::<ServiceAccount>(&file, &object),
            "ConfigMap" => assert_parses::<ConfigMap>(&file, &object),
            "ClusterRole" => assert_parses::<ClusterRole>(&file, &object),
            "RoleBinding" => assert_parses::<RoleBinding>(&file, &object),
            kind => {
                let definition = CustomResourceDefinition::find(kind)
                    .unwrap_or_else(|| panic!("{file}: no {kind}"));
                let api_version = format!("{}/{}", definition.group(), definition.version());
                assert_eq!(object["apiVersion"], api_version.as_str(), "{file}");
                assert_eq!(definition.problems(&object), Vec::<String>::new(), "{file}");
                assert_eq!(
                    definition.undeclared_fields(&object),
                    Vec::<String>::new(),
                    "{file}"
                );
            }
        }
    }
}

#[test]
fn every_namespaced_fixture_is_in_a_namespace_of_the_fixtures() {
    let namespaces: Vec<Value> = all::<Namespace>("Namespace")
        .iter()
        .map(|namespace| Value::from(namespace.metadata.name.clone()))
        .collect();
    for (file, object) in objects() {
        if !["Namespace", "ClusterRole"].contains(&object["kind"].as_str().unwrap()) {
            assert!(
                namespaces.contains(&object["metadata"]["namespace"]),
                "{file}: {}",
                object["metadata"]
            );
        }
    }
}

#[test]
fn the_pipelines_use_nothing_that_is_not_modelled_and_only_the_probe_image() {
    for pipeline in all::<Pipeline>("Pipeline") {
        assert_eq!(
            pipeline.metadata.namespace.as_deref(),
            Some(PIPELINES_NAMESPACE)
        );
        assert_eq!(
            pipeline.spec.unmodelled_fields("spec"),
            Vec::<String>::new()
        );
        let tasks = pipeline
            .spec
            .tasks
            .iter()
            .map(|task| task.task_spec.as_ref().unwrap());
        for step in tasks.flat_map(|task| &task.spec.steps) {
            assert_eq!(
                step.image.as_deref(),
                Some(format!("{PROBE_IMAGE}:latest").as_str())
            );
            assert_eq!(step.command, ["probe"]);
        }
    }
}

#[test]
fn the_admission_and_the_list_of_build_pipelines_name_pipelines_that_exist() {
    let pipelines: Vec<String> = all::<Pipeline>("Pipeline")
        .into_iter()
        .filter_map(|pipeline| pipeline.metadata.name)
        .collect();
    let admission = all::<ReleasePlanAdmission>("ReleasePlanAdmission").remove(0);
    let source = admission.spec.pipeline.unwrap().pipeline_ref;
    assert_eq!(source.parameter("namespace"), Some(PIPELINES_NAMESPACE));
    assert!(
        pipelines
            .iter()
            .any(|name| Some(name.as_str()) == source.parameter("name")),
        "{pipelines:?}"
    );
    let config = all::<ConfigMap>("ConfigMap")
        .into_iter()
        .find(|config| config.metadata.name.as_deref() == Some(names::BUILD_PIPELINE_CONFIG))
        .unwrap();
    let config: Value =
        serde_saphyr::from_str(&config.data.unwrap()[names::BUILD_PIPELINE_CONFIG_KEY]).unwrap();
    assert_eq!(
        config["default-pipeline-name"],
        config["pipelines"][0]["name"]
    );
    let name = config["pipelines"][0]["pipelineref-by-cluster-resolver"]["name"]
        .as_str()
        .unwrap();
    assert!(
        pipelines.iter().any(|pipeline| pipeline == name),
        "{pipelines:?}"
    );
}

#[test]
fn the_sample_source_is_the_folder_it_was_made_from() {
    let component = all::<Component>("Component").remove(0);
    let url = component.spec.source.unwrap().git.unwrap().url;
    let repository = SourceRepository::from_url(&url).unwrap();
    let source = all::<ConfigMap>("ConfigMap")
        .into_iter()
        .find(|config| config.metadata.name.as_deref() == Some(repository.name.as_str()))
        .unwrap();
    assert_eq!(source.metadata.namespace, Some(repository.namespace));
    assert_eq!(
        source.metadata.labels.unwrap()[labels::SOURCE_REPOSITORY],
        "true"
    );
    let stored: BTreeMap<String, String> = source
        .data
        .unwrap()
        .into_iter()
        .map(|(key, content)| (path_of_key(&key), content))
        .collect();
    let mut files = BTreeMap::new();
    collect_files(&fixtures().join("sources/sample-component"), "", &mut files);
    assert_eq!(stored, files);
}

fn collect_files(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            collect_files(&entry.path(), &format!("{path}/"), files);
        } else {
            files.insert(path, fs::read_to_string(entry.path()).unwrap());
        }
    }
}
