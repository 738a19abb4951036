//! Where containers and images are in Kubernetes objects.

use serde_json::{Map, Value};

use super::ContainerName;

/// Visits every container of an object that makes pods.
pub(super) fn for_each_container(
    object: &mut Value,
    mut visit: impl FnMut(ContainerName, &mut Map<String, Value>),
) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kind = text(&object["kind"]);
    let name = text(&object["metadata"]["name"]);
    let Some(pod) = pod_path(&kind).and_then(|path| object.pointer_mut(path)) else {
        return;
    };
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        let containers = pod.get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let Some(container) = container.as_object_mut() else {
                continue;
            };
            let container_name = ContainerName {
                kind: kind.clone(),
                object: name.clone(),
                container: container.get("name").map(text).unwrap_or_default(),
            };
            visit(container_name, container);
        }
    }
}

/// Visits every image, and puts what the visitor gives in its place.
pub(super) fn for_each_image(object: &mut Value, mut visit: impl FnMut(&str) -> Option<String>) {
    for_each_container(object, |_, container| {
        if let Some(Value::String(image)) = container.get_mut("image")
            && let Some(other) = visit(image)
        {
            *image = other;
        }
        for list in ["command", "args"] {
            let words = container.get_mut(list).and_then(Value::as_array_mut);
            for_each_image_argument(words.map(Vec::as_mut_slice).unwrap_or_default(), &mut visit);
        }
    });
}

/// An argument is an image when its flag says so: `-NAME-image IMAGE` or `-NAME-image=IMAGE`, with one dash or two.
fn for_each_image_argument(words: &mut [Value], visit: &mut impl FnMut(&str) -> Option<String>) {
    let mut follows_flag = false;
    for word in words {
        let Value::String(word) = word else {
            follows_flag = false;
            continue;
        };
        if follows_flag {
            if let Some(other) = visit(word) {
                *word = other;
            }
            follows_flag = false;
        } else if let Some((flag, image)) = word.split_once('=')
            && is_image_flag(flag)
        {
            if let Some(other) = visit(image) {
                *word = format!("{flag}={other}");
            }
        } else {
            follows_flag = is_image_flag(word);
        }
    }
}

fn is_image_flag(word: &str) -> bool {
    word.starts_with('-') && word.ends_with("-image")
}

/// Where the kinds that make pods keep the pod's specification.
fn pod_path(kind: &str) -> Option<&'static str> {
    match kind {
        "Pod" => Some("/spec"),
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Job" => Some("/spec/template/spec"),
        "CronJob" => Some("/spec/jobTemplate/spec/template/spec"),
        _ => None,
    }
}
