//! What build-service does next for a Component.

use konflux_api::{annotations, konflux::Component};
use kube::ResourceExt;

use super::{
    image::build_repository,
    status::{BuildStatus, WAITING_FOR_IMAGE},
};

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing: there is no source, or nothing was asked for.
    Nothing,
    /// Write this answer, which handles no request.
    Answer(BuildStatus),
    /// Write this answer and remove the request.
    Finish(BuildStatus),
    /// Start a build that pushes to the repository, then remove the request.
    Build { repository: String },
}

/// Decides. The order is that of build-service's reconciler.
pub(crate) fn next(component: &Component) -> Next {
    let known = status(component);
    let repository = build_repository(
        component
            .spec
            .container_image
            .as_deref()
            .unwrap_or_default(),
    );
    if repository.is_empty() {
        return Next::Answer(known.unwrap_or_default().message(WAITING_FOR_IMAGE));
    }
    if component
        .spec
        .source
        .as_ref()
        .and_then(|source| source.git.as_ref())
        .is_none()
    {
        return Next::Nothing;
    }
    match component
        .annotations()
        .get(annotations::BUILD_REQUEST)
        .map(String::as_str)
    {
        None if known.as_ref().is_some_and(|status| status.pac.is_some()) => Next::Nothing,
        None => Next::Answer(BuildStatus::done()),
        Some("trigger-pac-build") => Next::Build {
            repository: repository.to_owned(),
        },
        Some("configure-pac" | "configure-pac-no-mr") => {
            Next::Finish(BuildStatus::no_pipelines_as_code())
        }
        Some("unconfigure-pac") => Next::Finish(BuildStatus::done()),
        Some(unknown) => Next::Finish(
            known
                .unwrap_or_default()
                .message(format!("unexpected build request: {unknown}")),
        ),
    }
}

/// The answer that the Component carries, if it can be read.
pub(crate) fn status(component: &Component) -> Option<BuildStatus> {
    serde_json::from_str(component.annotations().get(annotations::BUILD_STATUS)?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn component(image: &str, annotations: Value) -> Component {
        serde_json::from_value(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "Component",
            "metadata": {"name": "c", "namespace": "ns", "annotations": annotations},
            "spec": {
                "componentName": "c", "application": "a", "containerImage": image,
                "source": {"git": {"url": "https://git.konflux-local.dev/ns/c"}},
            },
        }))
        .unwrap()
    }

    fn requested(request: &str) -> Next {
        next(&component(
            "r.example/ns/c:old",
            json!({"build.appstudio.openshift.io/request": request}),
        ))
    }

    #[test]
    fn without_a_repository_nothing_is_built() {
        let component = component(
            "",
            json!({"build.appstudio.openshift.io/request": "trigger-pac-build"}),
        );
        let Next::Answer(status) = next(&component) else {
            panic!("it did not answer")
        };
        assert!(
            status
                .message
                .unwrap()
                .starts_with("waiting for spec.containerImage to be set")
        );
    }

    #[test]
    fn a_requested_build_pushes_to_the_repository_without_its_tag() {
        assert_eq!(
            requested("trigger-pac-build"),
            Next::Build {
                repository: "r.example/ns/c".to_owned()
            }
        );
    }

    #[test]
    fn an_unknown_request_is_answered_in_build_services_words() {
        let Next::Finish(status) = requested("rebuild") else {
            panic!("it did not answer")
        };
        assert_eq!(status.message.unwrap(), "unexpected build request: rebuild");
    }

    #[test]
    fn pipelines_as_code_is_refused_by_name() {
        let Next::Finish(status) = requested("configure-pac") else {
            panic!("it did not answer")
        };
        assert_eq!(status.pac.unwrap().error_id, Some(60));
    }

    #[test]
    fn an_answered_component_is_left_alone() {
        let component = component(
            "r.example/c",
            json!({"build.appstudio.openshift.io/status": "{\"pac\":{\"state\":\"disabled\"}}"}),
        );
        assert_eq!(next(&component), Next::Nothing);
    }
}
