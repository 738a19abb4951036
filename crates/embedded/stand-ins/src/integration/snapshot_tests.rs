use serde_json::{Value, json};

use super::*;

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn run(results: Value) -> PipelineRun {
    serde_json::from_value(json!({
        "apiVersion": "tekton.dev/v1", "kind": "PipelineRun",
        "metadata": {
            "name": "build-1", "namespace": "ns",
            "labels": {"pipelinesascode.tekton.dev/event-type": "incoming", "unrelated": "x", "appstudio.openshift.io/component": "c"},
            "annotations": {"build.appstudio.redhat.com/commit_sha": "abc", "unrelated": "x"},
        },
        "spec": {},
        "status": {"startTime": "2026-01-02T03:04:05Z", "completionTime": "2026-01-02T03:05:05Z", "results": results},
    }))
    .unwrap()
}

fn results(url: &str) -> Value {
    json!([
        {"name": "IMAGE_URL", "value": url}, {"name": "IMAGE_DIGEST", "value": format!("sha256:{HEX}")},
        {"name": "CHAINS-GIT_URL", "value": "https://git.example/c"}, {"name": "CHAINS-GIT_COMMIT", "value": "abc"},
    ])
}

fn component(name: &str, promoted: Option<&str>) -> Component {
    serde_json::from_value(json!({
        "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "Component", "metadata": {"name": name, "namespace": "ns"},
        "spec": {"componentName": name, "application": "a", "source": {"git": {"url": "u", "context": "web"}}},
        "status": {"lastPromotedImage": promoted, "lastBuiltCommit": "old"},
    }))
    .unwrap()
}

fn snapshot(components: &[Component]) -> Snapshot {
    let run = run(results("r.example/ns/c:tag"));
    let status = run.status.clone().unwrap();
    let application: Application = serde_json::from_value(json!({
        "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "Application",
        "metadata": {"name": "a", "namespace": "ns", "uid": "u"}, "spec": {},
    }))
    .unwrap();
    let built = built_image("build-1", "c", &status).unwrap();
    let component = &components[0];
    let build = Build {
        run: &run,
        status: &status,
        application: &application,
        component,
        components,
        built: &built,
    };
    build.snapshot("s".to_owned())
}

#[test]
fn a_snapshot_names_the_built_image_by_digest_and_its_source() {
    let snapshot = snapshot(&[component("c", None)]);
    let part = &snapshot.spec.components[0];
    assert_eq!(part.container_image, format!("r.example/ns/c@sha256:{HEX}"));
    let git = part.source.as_ref().unwrap().git.as_ref().unwrap();
    assert_eq!(
        (
            git.url.as_str(),
            git.revision.as_deref(),
            git.context.as_deref()
        ),
        ("https://git.example/c", Some("abc"), Some("web"))
    );
    assert_eq!(snapshot.owner_references()[0].kind, "Application");
}

#[test]
fn other_components_come_from_their_promoted_image_or_are_named_as_missing() {
    let promoted = format!("r.example/ns/d@sha256:{HEX}");
    let snapshot = snapshot(&[
        component("c", None),
        component("d", Some(&promoted)),
        component("e", None),
        component("f", Some("tag:1")),
    ]);
    let names: Vec<&str> = snapshot
        .spec
        .components
        .iter()
        .map(|part| part.name.as_str())
        .collect();
    assert_eq!(names, ["c", "d"]);
    assert!(
        snapshot.annotations()[annotations::CREATE_SNAPSHOT_STATUS]
            .starts_with("Component(s) 'e, f' is(are) not included")
    );
}

#[test]
fn a_snapshot_carries_what_konflux_puts_on_it() {
    let snapshot = snapshot(&[component("c", None)]);
    assert_eq!(
        snapshot.labels()["test.appstudio.openshift.io/type"],
        "component"
    );
    assert_eq!(
        snapshot.labels()["appstudio.openshift.io/build-pipelinerun"],
        "build-1"
    );
    assert_eq!(
        snapshot.labels()["pac.test.appstudio.openshift.io/event-type"],
        "incoming"
    );
    assert_eq!(
        snapshot.labels()["test.appstudio.openshift.io/pipelinerunfinishtime"],
        "1767323105"
    );
    assert!(!snapshot.labels().contains_key("unrelated"));
    assert_eq!(
        snapshot.annotations()["test.appstudio.openshift.io/result-image-url"],
        "r.example/ns/c:tag"
    );
    assert_eq!(
        snapshot.annotations()["test.appstudio.openshift.io/integration-workflow"],
        "push"
    );
    assert_eq!(
        snapshot.annotations()["test.appstudio.openshift.io/pipelinerunstarttime"],
        "1767323045000"
    );
    assert_eq!(
        snapshot.annotations()["build.appstudio.redhat.com/commit_sha"],
        "abc"
    );
}

#[test]
fn a_missing_result_and_an_invalid_digest_are_named() {
    let status = |results: Value| run(results).status.unwrap();
    assert_eq!(
        built_image("build-1", "c", &status(json!([]))).unwrap_err(),
        "Missing info IMAGE_URL from pipelinerun build-1"
    );
    let tag_and_digest = status(results("r.example/c@sha256:00"));
    assert!(
        built_image("build-1", "c", &tag_and_digest)
            .unwrap_err()
            .contains("is invalid container image digest from component c")
    );
}

#[test]
fn a_registry_with_a_port_loses_its_path_as_in_konflux() {
    let status = run(results("registry:5000/ns/c:tag")).status.unwrap();
    assert_eq!(
        built_image("b", "c", &status).unwrap().image,
        format!("registry@sha256:{HEX}")
    );
}

#[test]
fn a_pull_request_is_no_push() {
    let mut build = run(json!([]));
    assert!(is_push(&build));
    build
        .labels_mut()
        .insert(labels::PULL_REQUEST.to_owned(), "7".to_owned());
    assert!(!is_push(&build));
    build
        .labels_mut()
        .insert(labels::EVENT_TYPE.to_owned(), "Push".to_owned());
    assert!(is_push(&build));
    build.annotations_mut().insert(
        annotations::BUILD_TARGET_BRANCH.to_owned(),
        "gh-readonly-queue/main".to_owned(),
    );
    assert!(!is_push(&build));
}
