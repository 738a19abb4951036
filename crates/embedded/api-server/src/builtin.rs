//! The kinds that are part of Kubernetes, as one table.

use k8s_openapi::api::{authentication, authorization, coordination, core, events, rbac};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions;
use schemars::{Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A built-in kind.
pub(crate) struct BuiltIn {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) short_names: &'static [&'static str],
    pub(crate) categories: &'static [&'static str],
    pub(crate) namespaced: bool,
    pub(crate) subresources: &'static [&'static str],
    /// Whether objects carry `metadata.generation`.
    pub(crate) has_generation: bool,
    /// Whether objects are stored; the others answer a question and are gone.
    pub(crate) stored: bool,
    /// Reads an object with the kind's own types, so that a field of the wrong type is an error and an unknown field is dropped.
    pub(crate) typed: fn(Value) -> Result<Value, serde_json::Error>,
    /// Adds the kind's schema, and those it refers to, to a generator.
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
}

fn typed<T: DeserializeOwned + Serialize>(object: Value) -> Result<Value, serde_json::Error> {
    serde_json::to_value(serde_json::from_value::<T>(object)?)
}

const NAMESPACED: bool = true;
const CLUSTER: bool = false;

macro_rules! kinds {
    ($($group:literal $version:literal $kind:ident($type:ty) $plural:literal $short:tt $categories:tt $scope:ident $subresources:tt generation=$generation:literal stored=$stored:literal;)*) => {
        /// Every built-in kind.
        pub(crate) static KINDS: &[BuiltIn] = &[$(BuiltIn {
            group: $group, version: $version, kind: stringify!($kind), plural: $plural,
            short_names: &$short, categories: &$categories, namespaced: $scope, subresources: &$subresources,
            has_generation: $generation, stored: $stored, typed: typed::<$type>, schema: SchemaGenerator::subschema_for::<$type>,
        }),*];
    };
}

kinds! {
    "" "v1" ConfigMap(core::v1::ConfigMap) "configmaps" ["cm"] [] NAMESPACED [] generation=false stored=true;
    "" "v1" Event(core::v1::Event) "events" ["ev"] [] NAMESPACED [] generation=false stored=true;
    "" "v1" Namespace(core::v1::Namespace) "namespaces" ["ns"] [] CLUSTER ["finalize", "status"] generation=false stored=true;
    "" "v1" PersistentVolumeClaim(core::v1::PersistentVolumeClaim) "persistentvolumeclaims" ["pvc"] [] NAMESPACED ["status"] generation=false stored=true;
    "" "v1" Pod(core::v1::Pod) "pods" ["po"] ["all"] NAMESPACED ["log", "status"] generation=true stored=true;
    "" "v1" Secret(core::v1::Secret) "secrets" [] [] NAMESPACED [] generation=false stored=true;
    "" "v1" Service(core::v1::Service) "services" ["svc"] ["all"] NAMESPACED ["status"] generation=false stored=true;
    "" "v1" ServiceAccount(core::v1::ServiceAccount) "serviceaccounts" ["sa"] [] NAMESPACED ["token"] generation=false stored=true;
    "apiextensions.k8s.io" "v1" CustomResourceDefinition(apiextensions::v1::CustomResourceDefinition) "customresourcedefinitions" ["crd", "crds"] ["api-extensions"] CLUSTER ["status"] generation=true stored=true;
    "authentication.k8s.io" "v1" SelfSubjectReview(authentication::v1::SelfSubjectReview) "selfsubjectreviews" [] [] CLUSTER [] generation=false stored=false;
    "authorization.k8s.io" "v1" SelfSubjectAccessReview(authorization::v1::SelfSubjectAccessReview) "selfsubjectaccessreviews" [] [] CLUSTER [] generation=false stored=false;
    "coordination.k8s.io" "v1" Lease(coordination::v1::Lease) "leases" [] [] NAMESPACED [] generation=false stored=true;
    "events.k8s.io" "v1" Event(events::v1::Event) "events" ["ev"] [] NAMESPACED [] generation=false stored=true;
    "rbac.authorization.k8s.io" "v1" ClusterRole(rbac::v1::ClusterRole) "clusterroles" [] [] CLUSTER [] generation=false stored=true;
    "rbac.authorization.k8s.io" "v1" ClusterRoleBinding(rbac::v1::ClusterRoleBinding) "clusterrolebindings" [] [] CLUSTER [] generation=false stored=true;
    "rbac.authorization.k8s.io" "v1" Role(rbac::v1::Role) "roles" [] [] NAMESPACED [] generation=false stored=true;
    "rbac.authorization.k8s.io" "v1" RoleBinding(rbac::v1::RoleBinding) "rolebindings" [] [] NAMESPACED [] generation=false stored=true;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_kinds_share_a_path() {
        let mut paths: Vec<_> = KINDS
            .iter()
            .map(|kind| (kind.group, kind.version, kind.plural))
            .collect();
        paths.sort_unstable();
        let count = paths.len();
        paths.dedup();
        assert_eq!(paths.len(), count);
    }

    #[test]
    fn a_field_of_the_wrong_type_is_an_error() {
        let config_map = KINDS.iter().find(|kind| kind.kind == "ConfigMap").unwrap();
        let object = serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}, "data": {"a": 1}});
        assert!((config_map.typed)(object).is_err());
    }
}
