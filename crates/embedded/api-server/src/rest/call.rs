//! One request on objects, with everything that the verbs need of it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::authentication::Identity;
use crate::http::query::Query;
use crate::resource::Resource;
use crate::status::ApiError;
use crate::store::{Key, Range};

/// A request.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) identity: Arc<Identity>,
    pub(crate) body: Bytes,
    pub(crate) resource: Arc<Resource>,
    /// Empty for cluster-scoped resources and for all namespaces.
    pub(crate) namespace: String,
    /// Empty for collections.
    pub(crate) name: String,
    pub(crate) subresource: Option<String>,
}

impl Call {
    /// Where the object is stored.
    pub(crate) fn key(&self) -> Key {
        key(&self.resource, &self.namespace, &self.name)
    }

    /// Where the collection is stored.
    pub(crate) fn range(&self) -> Range {
        let (group, plural) = (self.resource.storage_group(), &self.resource.plural);
        if self.namespace.is_empty() {
            Range::resource(group, plural)
        } else {
            Range::namespace(group, plural, &self.namespace)
        }
    }

    /// The error for an object that does not exist.
    pub(crate) fn not_found(&self) -> ApiError {
        ApiError::not_found(self.resource.subject(&self.name))
    }
}

/// Where an object of a resource is stored.
pub(crate) fn key(resource: &Resource, namespace: &str, name: &str) -> Key {
    Key::new(resource.storage_group(), &resource.plural, namespace, name)
}
