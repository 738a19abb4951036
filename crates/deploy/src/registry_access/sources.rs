//! Where the releases of a ReleasePlanAdmission pull from.

use konflux_api::konflux::{Component, ReleasePlanAdmission};
use kube::{Client, ResourceExt};
use oci::ImageReference;

use super::cluster_objects::list_known;
use super::destinations::mapped_components;
use super::{NamespaceName, ObjectError};

/// The repositories of the components that an admission releases, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sources {
    pub(super) repositories: Vec<ImageReference>,
    /// Why some may be missing, for a person.
    pub(super) unknown: Option<String>,
}

/// The images of the tenant's Components that belong to the admitted Applications, and to the mapping where it names components.
///
/// # Errors
/// The API server does not answer. A tenant that may not be looked into is told in [`Sources::unknown`].
pub(super) async fn sources(
    client: &Client,
    admission: &ReleasePlanAdmission,
) -> Result<Sources, ObjectError> {
    let origin = &admission.spec.origin;
    let unknown = |why: &str| Sources {
        unknown: Some(format!(
            "what ReleasePlanAdmission {} pulls is not checked: {why}",
            admission.name_any()
        )),
        ..Sources::default()
    };
    let Ok(namespace) = origin.parse::<NamespaceName>() else {
        return Ok(unknown(&format!("its origin `{origin}` is no namespace")));
    };
    match list_known::<Component>(client, &namespace).await? {
        Some(components) => Ok(Sources {
            repositories: of_components(admission, &components),
            unknown: None,
        }),
        None => Ok(unknown(&format!(
            "the Components of namespace {origin} may not be read"
        ))),
    }
}

fn of_components(
    admission: &ReleasePlanAdmission,
    components: &[Component],
) -> Vec<ImageReference> {
    let mapped = mapped_components(admission);
    let is_released = |component: &&Component| {
        let applications = &admission.spec.applications;
        (applications.is_empty() || applications.contains(&component.spec.application))
            && (mapped.is_empty() || mapped.contains(&component.name_any()))
    };
    let released = components.iter().filter(is_released);
    // What cannot be read as an image is found out by whoever builds it.
    let images = released.filter_map(|component| component.spec.container_image.as_ref());
    let mut repositories = Vec::new();
    for image in images.filter_map(|image| image.parse::<ImageReference>().ok()) {
        let repository = image.without_tag_and_digest();
        if !repositories.contains(&repository) {
            repositories.push(repository);
        }
    }
    repositories
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn component(name: &str, application: &str, image: &str) -> Component {
        let object = json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1",
            "kind": "Component",
            "metadata": {"name": name},
            "spec": {"componentName": name, "application": application, "containerImage": image},
        });
        serde_json::from_value(object).unwrap()
    }

    fn admission(mapping: Value) -> ReleasePlanAdmission {
        let object = json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1",
            "kind": "ReleasePlanAdmission",
            "metadata": {"name": "sample"},
            "spec": {"origin": "user-ns1", "applications": ["one"], "data": {"mapping": mapping}},
        });
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn components_of_the_applications_that_the_mapping_names_are_pulled() {
        let components = [
            component("a", "one", "quay.io/team/a:tag"),
            component("b", "one", "quay.io/team/b"),
            component("c", "other", "quay.io/team/c"),
            component("d", "one", "Not An Image"),
        ];
        let found = |mapping| {
            let found = of_components(&admission(mapping), &components);
            let names = found.iter().map(ImageReference::name);
            names.collect::<Vec<_>>()
        };
        assert_eq!(found(Value::Null), ["quay.io/team/a", "quay.io/team/b"]);
        let mapping = json!({"components": [{"name": "b"}, {"name": "c"}]});
        assert_eq!(found(mapping), ["quay.io/team/b"]);
    }
}
