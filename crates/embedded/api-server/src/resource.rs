//! One served resource: a plural name in one version of one API group.

use std::sync::Arc;

use serde_json::Value;

use crate::schema::StructuralSchema;
use crate::status::Subject;
use crate::table::Printer;

/// What is known of a resource, be it built in or added by a CustomResourceDefinition.
pub(crate) struct Resource {
    /// API group, empty for the core group.
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) namespaced: bool,
    /// Whether `status` is a subresource of its own.
    pub(crate) has_status: bool,
    pub(crate) origin: Origin,
}

/// Where a resource comes from, with what only such resources have.
pub(crate) enum Origin {
    /// Part of Kubernetes.
    BuiltIn(&'static crate::builtin::BuiltIn),
    /// Added by a CustomResourceDefinition.
    Custom(Arc<CustomResource>),
}

/// The parts of a CustomResourceDefinition's version that requests need.
pub(crate) struct CustomResource {
    /// Version in which objects are stored.
    pub(crate) storage_version: String,
    pub(crate) schema: StructuralSchema,
    /// The schema as it was written, for OpenAPI.
    pub(crate) open_api_schema: Value,
    /// The columns of tables.
    pub(crate) printer: Printer,
    /// JSON paths of `selectableFields`.
    pub(crate) selectable_fields: Vec<String>,
    /// `deprecationWarning` of a deprecated version.
    pub(crate) deprecation_warning: Option<String>,
}

impl Resource {
    /// `v1` or `group/version`.
    pub(crate) fn api_version(&self) -> String {
        api_version(&self.group, &self.version)
    }

    /// What an error about an object of this resource says it is about.
    pub(crate) fn subject<'a>(&'a self, name: &'a str) -> Subject<'a> {
        Subject {
            group: &self.group,
            resource: &self.plural,
            name,
        }
    }

    /// The same for `Invalid` errors, which name the kind.
    pub(crate) fn kind_subject<'a>(&'a self, name: &'a str) -> Subject<'a> {
        Subject {
            group: &self.group,
            resource: &self.kind,
            name,
        }
    }

    /// The custom resource's own part.
    pub(crate) fn custom(&self) -> Option<&Arc<CustomResource>> {
        match &self.origin {
            Origin::Custom(custom) => Some(custom),
            Origin::BuiltIn(_) => None,
        }
    }

    /// The built-in's own part.
    pub(crate) fn built_in(&self) -> Option<&'static crate::builtin::BuiltIn> {
        match &self.origin {
            Origin::BuiltIn(built_in) => Some(built_in),
            Origin::Custom(_) => None,
        }
    }

    /// The group under which objects are stored; two groups may share one store (`events`).
    pub(crate) fn storage_group(&self) -> &str {
        if self.is("events.k8s.io", "events") {
            ""
        } else {
            &self.group
        }
    }

    /// Whether this is the named resource.
    pub(crate) fn is(&self, group: &str, plural: &str) -> bool {
        self.group == group && self.plural == plural
    }

    /// Subresources by name.
    pub(crate) fn subresources(&self) -> Vec<&'static str> {
        let mut subresources: Vec<&'static str> = self
            .built_in()
            .map(|built_in| built_in.subresources.to_vec())
            .unwrap_or_default();
        if self.has_status && !subresources.contains(&"status") {
            subresources.push("status");
        }
        subresources
    }

    /// Whether a change of anything outside of metadata and status raises `metadata.generation`.
    pub(crate) fn has_generation(&self) -> bool {
        self.built_in()
            .is_none_or(|built_in| built_in.has_generation)
    }
}

/// `v1` or `group/version`.
pub(crate) fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    }
}
