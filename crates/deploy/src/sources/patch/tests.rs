use proptest::prelude::*;
use serde_json::json;

use super::*;

/// In the form of a release: a controller that is told images in its arguments, a job, and something that makes no pods.
const RELEASE: &str = r#"
# A comment, and an empty document before the first.
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: tekton-pipelines}
data: {default-image: "example.org/not-an-image-of-a-container:v1"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: tekton-pipelines}
spec:
  template:
    spec:
      containers:
        - name: controller
          image: example.org/controller:v1@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d
          args: ["-entrypoint-image", "example.org/entrypoint:v1", "-shell-image=example.org/shell:v1", "-verbose"]
          resources: {requests: {cpu: 100m}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: sweep}
spec: {jobTemplate: {spec: {template: {spec: {initContainers: [{name: first, image: busybox}], containers: [{name: sweep, image: example.org/sweep:v1}]}}}}}
"#;

fn release() -> Vec<Value> {
    documents("release", RELEASE.as_bytes()).unwrap()
}

fn image(text: &str) -> ImageReference {
    text.parse().unwrap()
}

#[test]
fn every_image_that_a_node_pulls_is_listed_and_nothing_else() {
    let images: Vec<String> = images(&release()).into_iter().collect();
    assert_eq!(
        images,
        [
            "busybox",
            "example.org/controller:v1@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d",
            "example.org/entrypoint:v1",
            "example.org/shell:v1",
            "example.org/sweep:v1",
        ]
    );
}

#[test]
fn an_image_is_replaced_wherever_it_is_used() {
    let mut documents = release();
    let replacements = BTreeMap::from([
        (
            "busybox".to_owned(),
            image("mirror.example.org/busybox:1.37"),
        ),
        (
            "example.org/entrypoint:v1".to_owned(),
            image("mirror.example.org/entrypoint:v1"),
        ),
        (
            "example.org/shell:v1".to_owned(),
            image("mirror.example.org/shell:v1"),
        ),
    ]);
    replace_images(&mut documents, &replacements).unwrap();
    let container = &documents[1]["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(
        container["args"],
        json!([
            "-entrypoint-image",
            "mirror.example.org/entrypoint:v1",
            "-shell-image=mirror.example.org/shell:v1",
            "-verbose"
        ])
    );
    assert_eq!(
        documents[2].pointer("/spec/jobTemplate/spec/template/spec/initContainers/0/image"),
        Some(&json!("mirror.example.org/busybox:1.37"))
    );
    assert_eq!(documents[0], release()[0]);
}

#[test]
fn an_image_that_nothing_uses_is_an_error_that_changes_nothing() {
    let mut documents = release();
    let replacements = BTreeMap::from([
        ("busybox".to_owned(), image("example.org/busybox:v1")),
        (
            "example.org/gone:v1".to_owned(),
            image("example.org/other:v1"),
        ),
    ]);
    let error = replace_images(&mut documents, &replacements)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("cannot replace image example.org/gone:v1: no container uses it; those that are used: busybox, "),
        "{error}"
    );
    assert_eq!(documents, release());
}

#[test]
fn resources_take_the_place_of_what_the_file_says() {
    let mut documents = release();
    let resources: ResourceRequirements =
        serde_json::from_value(json!({"requests": {"memory": "64Mi"}})).unwrap();
    let container = ContainerName {
        kind: "Deployment".to_owned(),
        object: "controller".to_owned(),
        container: "controller".to_owned(),
    };
    set_resources(&mut documents, &container, &resources).unwrap();
    assert_eq!(
        documents[1].pointer("/spec/template/spec/containers/0/resources"),
        Some(&json!({"requests": {"memory": "64Mi"}}))
    );
}

#[test]
fn a_container_that_is_not_there_is_an_error_that_names_those_that_are() {
    let mut documents = release();
    let container = ContainerName {
        kind: "Deployment".to_owned(),
        object: "controller".to_owned(),
        container: "webhook".to_owned(),
    };
    let error = set_resources(&mut documents, &container, &ResourceRequirements::default());
    assert_eq!(
        error.unwrap_err().to_string(),
        "cannot change container webhook of Deployment controller: there is none; those that are there: container controller of Deployment controller, container first of CronJob sweep, container sweep of CronJob sweep"
    );
    assert_eq!(documents, release());
}

#[test]
fn the_documents_become_objects_that_can_be_applied() {
    let objects = objects("release", release()).unwrap();
    assert_eq!(objects[1].metadata.name.as_deref(), Some("controller"));
    assert_eq!(objects[1].types.as_ref().unwrap().kind, "Deployment");
}

#[test]
fn what_is_no_list_of_objects_is_refused_with_its_name() {
    for (content, problem) in [
        (&b"<html>not found</html>"[..], "its document 1 has no"),
        (b"", "it holds none"),
        (b"kind: Pod\n", "its document 1 has no"),
        (b"a: [", "cannot read release"),
        (b"\xff\xfe", "utf-8"),
    ] {
        let error = documents("release", content).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

/// Objects of any kind with containers and other things.
fn objects_with_images() -> impl Strategy<Value = Vec<Value>> {
    let image = "[a-c]{1,2}";
    let container = (
        image,
        prop::collection::vec("[a-z-]{1,5}|-x-image", 0..4),
        any::<bool>(),
    );
    let object = (
        prop::sample::select(vec![
            "Deployment",
            "DaemonSet",
            "Pod",
            "CronJob",
            "ConfigMap",
        ]),
        prop::collection::vec(container, 0..3),
    );
    prop::collection::vec(object, 1..4).prop_map(|objects| {
        let objects = objects.into_iter().map(|(kind, containers)| {
            let containers: Vec<Value> = containers
                .into_iter()
                .map(|(image, args, named)| json!({"name": if named { "a" } else { "b" }, "image": image, "args": args}))
                .collect();
            let pod = json!({"containers": containers, "image": "not of a container"});
            let spec = match kind {
                "Pod" => pod,
                "CronJob" => json!({"jobTemplate": {"spec": {"template": {"spec": pod}}}}),
                _ => json!({"template": {"spec": pod}, "replicas": 1}),
            };
            json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}, "spec": spec})
        });
        objects.collect()
    })
}

proptest! {
    #[test]
    fn replacing_every_image_replaces_all_and_replacing_back_restores_everything(original in objects_with_images()) {
        let mut documents = original.clone();
        let used = images(&documents);
        let there: BTreeMap<String, ImageReference> = used
            .iter()
            .enumerate()
            .map(|(number, name)| (name.clone(), image(&format!("mirror.example.org/image:{number}"))))
            .collect();
        replace_images(&mut documents, &there).unwrap();
        let mirrored: BTreeSet<String> = there.values().map(ToString::to_string).collect();
        prop_assert_eq!(images(&documents), mirrored);
        let back: BTreeMap<String, String> =
            there.iter().map(|(name, image)| (image.to_string(), name.clone())).collect();
        for document in &mut documents {
            for_each_image(document, |image| back.get(image).cloned());
        }
        prop_assert_eq!(documents, original);
    }

    #[test]
    fn what_is_written_as_yaml_is_read_as_it_was(original in objects_with_images()) {
        let text: String = original
            .iter()
            .map(|document| format!("---\n{}", serde_json::to_string(document).unwrap()) + "\n")
            .collect();
        prop_assert_eq!(documents("x", text.as_bytes()).unwrap(), original);
    }
}
