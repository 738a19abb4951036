//! What the tasks of a pipeline hand to each other through the registry.

use std::{collections::BTreeMap, io::Read as _};

use konflux_api::{
    INTERNAL_REGISTRY_HOST,
    konflux::{Release, ReleasePlanAdmission},
    labels,
    tekton::{PipelineRun, TaskRun},
};
use kube::{
    ResourceExt,
    api::{ListParams, Patch, PatchParams},
};
use libtest_mimic::Trial;
use oci::{ImageManifest, ImageReference, ManifestContent};
use registry::access::{Access, Htpasswd};
use serde_json::json;

use crate::{
    build_and_release::{COMPONENT, TENANT, ended_build, request_build},
    scene::{Scene, verdict},
    trial,
};

const MANAGED: &str = "managed-ns1";
const TITLE: &str = "org.opencontainers.image.title";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "the_source_of_a_build_is_stored_beside_the_image_under_its_tag_with_git",
            source_of_a_build,
        ),
        trial(
            "a_release_hands_its_data_on_through_the_storage_that_the_admission_names",
            data_of_a_release,
        ),
        trial(
            "a_build_whose_login_may_not_push_the_artifact_fails_and_says_so",
            login_without_rights,
        ),
    ]
}

/// A result of the TaskRun of a task.
async fn result(scene: &Scene, run: &PipelineRun, task: &str, result: &str) -> String {
    let namespace = run.namespace().unwrap();
    let name = format!("{}-{task}", run.name_any());
    let task_run: TaskRun = scene.api(&namespace).get(&name).await.unwrap();
    let results = task_run.status.unwrap().results;
    let found = results.iter().find(|found| found.name == result).unwrap();
    found.value.as_str().unwrap().to_owned()
}

/// The files of the archive that a URI names, by path.
async fn files(scene: &Scene, uri: &str) -> BTreeMap<String, Vec<u8>> {
    let archive: ImageReference = uri.strip_prefix("oci:").unwrap().parse().unwrap();
    let manifest = scene.registry_client.manifest(&archive).await;
    assert!(manifest.is_err(), "the URI names a blob, not a manifest");
    let client = &scene.registry_client;
    let digest = archive.digest().unwrap();
    let blob = client
        .blob_of_unknown_size(&archive, digest, 1024 * 1024)
        .await;
    let mut blob = blob.unwrap();
    let mut bytes = Vec::new();
    while let Some(piece) = blob.chunk().await.unwrap() {
        bytes.extend_from_slice(&piece);
    }
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().display().to_string(), content)
    });
    entries.collect()
}

async fn manifest(scene: &Scene, reference: &str) -> ImageManifest {
    let reference = reference.parse().unwrap();
    let manifest = scene.registry_client.manifest(&reference).await.unwrap();
    match manifest.content {
        ManifestContent::Image(manifest) => manifest,
        ManifestContent::Index(_) => panic!("an index"),
    }
}

async fn source_of_a_build() {
    let scene = Scene::start().await;
    scene.apply_fixtures("samples").await;
    request_build(&scene).await;
    let build = ended_build(&scene).await;
    let status = build.status.as_ref().unwrap();
    assert_eq!(
        verdict(&status.conditions).0,
        "Succeeded",
        "{:?}",
        verdict(&status.conditions)
    );

    let uri = result(&scene, &build, "clone-repository", "SOURCE_ARTIFACT").await;
    let image = status.result("IMAGE_URL").unwrap();
    let (repository, _) = image.rsplit_once(':').unwrap();
    assert!(
        uri.starts_with(&format!("oci:{repository}@sha256:")),
        "{uri}"
    );
    let manifest = manifest(&scene, &format!("{image}.git")).await;
    assert_eq!(manifest.layers[0].annotations[TITLE], "SOURCE_ARTIFACT");
    assert!(uri.ends_with(&manifest.layers[0].digest.to_string()));
    assert!(
        manifest
            .annotations
            .keys()
            .all(|key| key != "quay.expires-after")
    );

    let revision = status.result("CHAINS-GIT_COMMIT").unwrap();
    let mut files = files(&scene, &uri).await;
    files.retain(|path, _| !path.ends_with('/'));
    assert!(files.contains_key("Dockerfile"), "{:?}", files.keys());
    assert_eq!(oci::source::revision(files), revision);
}

async fn data_of_a_release() {
    let scene = Scene::start().await;
    scene.apply_fixtures("samples").await;
    let storage = format!("{INTERNAL_REGISTRY_HOST}/managed/trusted-artifacts");
    let patch =
        json!({"spec": {"pipeline": {"pipelineRef": {"ociStorage": format!("{storage}:data")}}}});
    scene
        .api::<ReleasePlanAdmission>(MANAGED)
        .patch(COMPONENT, &PatchParams::default(), &Patch::Merge(patch))
        .await
        .unwrap();
    request_build(&scene).await;
    let has_ended = |release: &Release| {
        let status = release.status.as_ref();
        status.is_some_and(|status| status.completion_time.is_some())
    };
    let release = scene.until_any(TENANT, has_ended).await;
    let status = release.status.as_ref().unwrap();
    let released = status
        .conditions
        .iter()
        .find(|condition| condition.type_ == "Released")
        .unwrap();
    assert_eq!(released.reason, "Succeeded", "{:#?}", status.conditions);

    let selector = format!("{}={}", labels::RELEASE_NAME, release.name_any());
    let runs = scene.api::<PipelineRun>(MANAGED);
    let runs = runs
        .list(&ListParams::default().labels(&selector))
        .await
        .unwrap();
    let run = &runs.items[0];
    let collected = result(&scene, run, "collect-data", "sourceDataArtifact").await;
    let pushed = result(&scene, run, "push-snapshot", "sourceDataArtifact").await;
    assert!(
        collected.starts_with(&format!("oci:{storage}@sha256:")),
        "{collected}"
    );
    let collected = files(&scene, &collected).await;
    assert!(collected.contains_key("data.json") && !collected.contains_key("results.json"));
    let released = files(&scene, &pushed).await;
    assert_eq!(released["data.json"], collected["data.json"]);
    let results: serde_json::Value = serde_json::from_slice(&released["results.json"]).unwrap();
    assert_eq!(Some(&results), status.artifacts.as_ref());

    let manifest = manifest(&scene, &format!("{storage}:data")).await;
    assert_eq!(manifest.annotations["quay.expires-after"], "1d");
    assert!(
        pushed.ends_with(&manifest.layers[0].digest.to_string()),
        "the tag moves"
    );
}

async fn login_without_rights() {
    let hash = bcrypt::hash("pass", 4).unwrap();
    let users: Htpasswd = format!("reader:{hash}\n").parse().unwrap();
    let rules = "reader pull *\n".parse().unwrap();
    let scene = Scene::start_with_registry(Access::htpasswd(users).with_rules(rules)).await;
    let config = json!({"auths": {INTERNAL_REGISTRY_HOST: {"auth": "cmVhZGVyOnBhc3M="}}});
    scene
        .apply(json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
            "metadata": {"name": "regcred", "namespace": TENANT}, "stringData": {".dockerconfigjson": config.to_string()},
        }))
        .await;
    scene
        .apply(json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "secrets": [{"name": "regcred"}],
            "metadata": {"name": format!("build-pipeline-{COMPONENT}"), "namespace": TENANT},
        }))
        .await;
    scene.apply_fixtures("samples").await;
    request_build(&scene).await;
    let build = ended_build(&scene).await;
    let status = build.status.unwrap();
    let (reason, message) = verdict(&status.conditions);
    assert_eq!(reason, "Failed", "{message}");
    for part in [
        "task \"clone-repository\" failed",
        "the trusted artifacts SOURCE_ARTIFACT were not stored in",
        "denies it (403)",
    ] {
        assert!(message.contains(part), "expected `{part}` in: {message}");
    }
    assert!(status.result("IMAGE_DIGEST").is_none());
}
