//! From stored objects to what the requested version of a resource shows, and back.

use serde_json::Value;

use crate::resource::Resource;
use crate::status::ApiError;
use crate::store::Record;

/// Whether the stored JSON is already what the resource shows, so that nobody has to parse it.
pub(crate) fn is_stored_form(resource: &Resource) -> bool {
    match resource.custom() {
        Some(custom) => custom.storage_version == resource.version,
        None => resource.group == resource.storage_group(),
    }
}

/// A stored object as the resource shows it.
pub(crate) fn present(resource: &Resource, record: &Record) -> Result<Value, ApiError> {
    Ok(from_stored(resource, record.value()?))
}

/// The same for an object that is already parsed.
pub(crate) fn from_stored(resource: &Resource, mut object: Value) -> Value {
    if !is_stored_form(resource) {
        if resource.is("events.k8s.io", "events") {
            crate::event::to_events_group(&mut object);
        }
        // Conversion strategy `None`: only the version changes.
        object["apiVersion"] = resource.api_version().into();
    }
    object
}

/// An object of the resource as it is stored.
pub(crate) fn to_stored(resource: &Resource, mut object: Value) -> Value {
    if !is_stored_form(resource) {
        if resource.is("events.k8s.io", "events") {
            crate::event::to_core_group(&mut object);
        }
        let version = resource
            .custom()
            .map_or("v1", |custom| custom.storage_version.as_str());
        object["apiVersion"] =
            crate::resource::api_version(resource.storage_group(), version).into();
    }
    object
}
