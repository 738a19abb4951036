//! Everything that is served right now: the built-in kinds and those of the established CustomResourceDefinitions.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::builtin;
use crate::resource::{Origin, Resource};

/// The served resources at one moment.
#[derive(Default)]
pub(crate) struct Catalog {
    /// In order of group, version priority and plural name.
    resources: Vec<Arc<Resource>>,
}

impl Catalog {
    fn new(mut resources: Vec<Arc<Resource>>) -> Self {
        resources.sort_by(|a, b| {
            (
                &a.group,
                version_priority(&b.version),
                &a.version,
                &a.plural,
            )
                .cmp(&(
                    &b.group,
                    version_priority(&a.version),
                    &b.version,
                    &b.plural,
                ))
        });
        Self { resources }
    }

    /// A resource by its path.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Resource>> {
        self.resources
            .iter()
            .find(|resource| resource.is(group, plural) && resource.version == version)
    }

    /// A resource by the kind that objects of it carry.
    pub(crate) fn find_kind(
        &self,
        group: &str,
        version: &str,
        kind: &str,
    ) -> Option<&Arc<Resource>> {
        self.resources.iter().find(|resource| {
            resource.group == group && resource.version == version && resource.kind == kind
        })
    }

    /// A resource in its preferred version.
    pub(crate) fn find_in_any_version(&self, group: &str, plural: &str) -> Option<&Arc<Resource>> {
        self.resources
            .iter()
            .find(|resource| resource.is(group, plural))
    }

    /// All resources.
    pub(crate) fn all(&self) -> &[Arc<Resource>] {
        &self.resources
    }

    /// Named groups with their versions, preferred version first.
    pub(crate) fn groups(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for resource in self
            .resources
            .iter()
            .filter(|resource| !resource.group.is_empty())
        {
            let versions = groups.entry(&resource.group).or_default();
            if !versions.contains(&resource.version.as_str()) {
                versions.push(&resource.version);
            }
        }
        groups
    }

    /// The resources of one version of a group.
    pub(crate) fn in_version(
        &self,
        group: &str,
        version: &str,
    ) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources
            .iter()
            .filter(move |resource| resource.group == group && resource.version == version)
    }
}

/// The catalog that changes as CustomResourceDefinitions come and go. Readers take a snapshot.
pub(crate) struct LiveCatalog {
    current: RwLock<Arc<Catalog>>,
}

impl LiveCatalog {
    /// A catalog of the built-in kinds.
    pub(crate) fn of_built_ins() -> Self {
        let resources = builtin::KINDS
            .iter()
            .map(|kind| Arc::new(built_in_resource(kind)))
            .collect();
        Self {
            current: RwLock::new(Arc::new(Catalog::new(resources))),
        }
    }

    /// What is served now.
    pub(crate) fn snapshot(&self) -> Arc<Catalog> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces all versions of a custom resource by `resources`, which is empty when it is gone.
    pub(crate) fn replace(&self, group: &str, plural: &str, resources: Vec<Resource>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = current
            .resources
            .iter()
            .filter(|resource| !resource.is(group, plural))
            .cloned()
            .collect();
        all.extend(resources.into_iter().map(Arc::new));
        *current = Arc::new(Catalog::new(all));
    }
}

fn built_in_resource(kind: &'static builtin::BuiltIn) -> Resource {
    Resource {
        group: kind.group.to_owned(),
        version: kind.version.to_owned(),
        kind: kind.kind.to_owned(),
        list_kind: format!("{}List", kind.kind),
        plural: kind.plural.to_owned(),
        singular: kind.kind.to_lowercase(),
        short_names: kind.short_names.iter().map(ToString::to_string).collect(),
        categories: kind.categories.iter().map(ToString::to_string).collect(),
        namespaced: kind.namespaced,
        has_status: kind.subresources.contains(&"status"),
        origin: Origin::BuiltIn(kind),
    }
}

/// Kubernetes' version order: `v2` before `v1` before `v1beta2` before `v1alpha1` before anything else.
/// Source: k8s.io/apimachinery/pkg/version `CompareKubeAwareVersionStrings`.
fn version_priority(version: &str) -> (u8, u32, u32) {
    let unversioned = (0, 0, 0);
    let Some(rest) = version.strip_prefix('v') else {
        return unversioned;
    };
    let digits = rest.len()
        - rest
            .trim_start_matches(|character: char| character.is_ascii_digit())
            .len();
    let (major, qualifier) = rest.split_at(digits);
    let Ok(major) = major.parse() else {
        return unversioned;
    };
    let minor = |text: &str| {
        if text.is_empty() {
            Some(0)
        } else {
            text.parse().ok()
        }
    };
    let ranked = match qualifier.strip_prefix("beta") {
        Some(number) => minor(number).map(|number| (2, major, number)),
        None => match qualifier.strip_prefix("alpha") {
            Some(number) => minor(number).map(|number| (1, major, number)),
            None => qualifier.is_empty().then_some((3, major, 0)),
        },
    };
    ranked.unwrap_or(unversioned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_kubernetes_orders_them() {
        let mut versions = [
            "foo1",
            "v1alpha1",
            "v11beta2",
            "v1",
            "v2",
            "v10",
            "v3beta1",
            "v12alpha1",
        ];
        versions.sort_by_key(|version| std::cmp::Reverse(version_priority(version)));
        assert_eq!(
            versions,
            [
                "v10",
                "v2",
                "v1",
                "v11beta2",
                "v3beta1",
                "v12alpha1",
                "v1alpha1",
                "foo1"
            ]
        );
    }
}
