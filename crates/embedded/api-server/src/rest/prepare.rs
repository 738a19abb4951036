//! What happens to every object between its arrival and the store: checks, system fields, defaults, validation.

use serde_json::{Map, Value};

use super::metadata::{finalizers, is_deleting, metadata_of, now, text};
use super::options::{FieldValidation, WriteOptions};
use crate::resource::Resource;
use crate::status::{ApiError, StatusCause};
use crate::{kinds, random, validation};

/// Which part of an object a write is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The object without its status.
    Object,
    /// The subresource `status`.
    Status,
    /// The subresource `finalize` of namespaces.
    Finalize,
}

impl Stage {
    /// Name of the subresource; none for the object itself.
    pub(crate) fn subresource(self) -> Option<&'static str> {
        match self {
            Self::Object => None,
            Self::Status => Some("status"),
            Self::Finalize => Some("finalize"),
        }
    }
}

/// Fields of `metadata` that only the server sets.
const SYSTEM_FIELDS: [&str; 5] = [
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
];

/// Checks that an object is of the resource and of the namespace its path says.
pub(super) fn check_identity(
    resource: &Resource,
    namespace: &str,
    object: &mut Value,
) -> Result<(), ApiError> {
    if !object.is_object() {
        return Err(ApiError::bad_request(
            "the body of the request is not an object",
        ));
    }
    let expected = resource.api_version();
    match (text(object, &["apiVersion"]), text(object, &["kind"])) {
        (None, None) => {
            object["apiVersion"] = expected.into();
            object["kind"] = resource.kind.clone().into();
        }
        (_, None) => return Err(ApiError::bad_request("Object 'Kind' is missing")),
        (None, _) => return Err(ApiError::bad_request("Object 'apiVersion' is missing")),
        (Some(version), Some(_)) if version != expected => {
            return Err(ApiError::bad_request(format!(
                "the API version in the data ({version}) does not match the expected API version ({expected})"
            )));
        }
        (_, Some(kind)) if kind != resource.kind => {
            return Err(ApiError::bad_request(format!(
                "the kind in the data ({kind}) does not match the expected kind ({})",
                resource.kind
            )));
        }
        _ => {}
    }
    if !object["metadata"].is_null() && !object["metadata"].is_object() {
        return Err(ApiError::bad_request("metadata is not an object"));
    }
    if !resource.namespaced {
        metadata_of(object).remove("namespace");
    } else if text(object, &["metadata", "namespace"])
        .is_some_and(|of_object| of_object != namespace)
    {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    } else {
        metadata_of(object).insert("namespace".to_owned(), namespace.into());
    }
    Ok(())
}

/// Makes an object ready to be created. Gives back warnings.
pub(super) fn for_create(
    resource: &Resource,
    object: &mut Value,
    options: &WriteOptions,
) -> Result<Vec<String>, ApiError> {
    if text(object, &["metadata", "resourceVersion"]).is_some() {
        return Err(ApiError::bad_request(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    let metadata = metadata_of(object);
    for field in SYSTEM_FIELDS
        .into_iter()
        .chain(["selfLink", "resourceVersion"])
    {
        metadata.remove(field);
    }
    if resource.has_status {
        object.as_object_mut().map(|object| object.remove("status"));
    }
    let warnings = check_fields(resource, object, options)?;
    let metadata = metadata_of(object);
    metadata.insert("uid".to_owned(), random::uuid().into());
    metadata.insert("creationTimestamp".to_owned(), now().into());
    if resource.has_generation() {
        metadata.insert("generation".to_owned(), 1.into());
    }
    kinds::defaults(resource, object);
    refuse_if_any(resource, object, validation::created(resource, object))?;
    Ok(warnings)
}

/// Makes a changed object ready to replace `existing`. Gives back warnings.
pub(super) fn for_update(
    resource: &Resource,
    existing: &Value,
    object: &mut Value,
    stage: Stage,
    options: &WriteOptions,
) -> Result<Vec<String>, ApiError> {
    check_unchangeable(resource, existing, object)?;
    let warnings = check_fields(resource, object, options)?;
    match stage {
        Stage::Object if resource.has_status => copy_field(existing, object, "status"),
        Stage::Object => {}
        Stage::Status => {
            let status = object.get("status").cloned();
            let managed = object["metadata"].get("managedFields").cloned();
            *object = existing.clone();
            set_field(object, "status", status);
            set_field(&mut object["metadata"], "managedFields", managed);
        }
        Stage::Finalize => {
            let of_spec = object["spec"].get("finalizers").cloned();
            *object = existing.clone();
            set_field(&mut object["spec"], "finalizers", of_spec);
        }
    }
    keep_system_fields(existing, object);
    kinds::defaults(resource, object);
    refuse_if_any(
        resource,
        object,
        validation::updated(resource, existing, object),
    )?;
    if resource.has_generation() && !same_specification(existing, object) {
        let generation = existing["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
        metadata_of(object).insert("generation".to_owned(), generation.into());
    }
    Ok(warnings)
}

/// What no update may change.
fn check_unchangeable(
    resource: &Resource,
    existing: &Value,
    object: &Value,
) -> Result<(), ApiError> {
    let name = text(existing, &["metadata", "name"]).unwrap_or_default();
    match text(object, &["metadata", "name"]) {
        Some(given) if given != name => {
            return Err(ApiError::bad_request(format!(
                "the name of the object ({given}) does not match the name on the URL ({name})"
            )));
        }
        None => return Err(ApiError::bad_request("name must be provided")),
        Some(_) => {}
    }
    let uid = text(existing, &["metadata", "uid"]).unwrap_or_default();
    if let Some(given) = text(object, &["metadata", "uid"])
        && given != uid
    {
        let problem =
            format!("Precondition failed: UID in precondition: {given}, UID in object meta: {uid}");
        return Err(ApiError::conflict(resource.subject(name), &problem));
    }
    if is_deleting(existing) {
        let before = finalizers(existing);
        let added: Vec<_> = finalizers(object)
            .into_iter()
            .filter(|finalizer| !before.contains(finalizer))
            .collect();
        if !added.is_empty() {
            let problem = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers {added:?}"
            );
            let cause = StatusCause::forbidden("metadata.finalizers", &problem);
            return Err(ApiError::invalid(resource.kind_subject(name), &[cause]));
        }
    }
    Ok(())
}

/// Types, unknown fields, defaults and the schema.
fn check_fields(
    resource: &Resource,
    object: &mut Value,
    options: &WriteOptions,
) -> Result<Vec<String>, ApiError> {
    remove_nulls_of_metadata(object);
    let unknown = match resource.custom() {
        Some(custom) => {
            let mut unknown = kinds::check_metadata(object)?;
            unknown.extend(custom.schema.unknown_fields(object));
            custom.schema.prune(object);
            custom.schema.apply_defaults(object);
            unknown
        }
        None => kinds::check_built_in(resource, object)?,
    };
    match options.field_validation {
        FieldValidation::Strict if !unknown.is_empty() => {
            let (kind, version) = (&resource.kind, &resource.version);
            let problems = unknown.join(", ");
            Err(ApiError::bad_request(format!(
                "{kind} in version {version:?} cannot be handled as a {kind}: strict decoding error: {problems}"
            )))
        }
        FieldValidation::Strict | FieldValidation::Warn => Ok(unknown),
        FieldValidation::Ignore => Ok(Vec::new()),
    }
}

fn refuse_if_any(
    resource: &Resource,
    object: &Value,
    causes: Vec<StatusCause>,
) -> Result<(), ApiError> {
    if causes.is_empty() {
        return Ok(());
    }
    let name = text(object, &["metadata", "name"]).unwrap_or_default();
    Err(ApiError::invalid(resource.kind_subject(name), &causes))
}

fn keep_system_fields(existing: &Value, object: &mut Value) {
    let metadata = metadata_of(object);
    metadata.remove("selfLink");
    for field in SYSTEM_FIELDS
        .into_iter()
        .chain(["resourceVersion", "generateName"])
    {
        match existing["metadata"].get(field) {
            Some(value) => metadata.insert(field.to_owned(), value.clone()),
            None => metadata.remove(field),
        };
    }
}

/// Whether nothing but metadata and status differs.
fn same_specification(a: &Value, b: &Value) -> bool {
    let fields = |object: &Value| -> Map<String, Value> {
        let fields = object.as_object().into_iter().flatten();
        fields
            .filter(|(key, _)| *key != "metadata" && *key != "status")
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    };
    fields(a) == fields(b)
}

fn copy_field(from: &Value, to: &mut Value, field: &str) {
    set_field(to, field, from.get(field).cloned());
}

fn set_field(object: &mut Value, field: &str, value: Option<Value>) {
    match value {
        Some(value) => object[field] = value,
        None => {
            object.as_object_mut().map(|object| object.remove(field));
        }
    }
}

/// Clients in Go send `"creationTimestamp": null`, which means that it is absent.
fn remove_nulls_of_metadata(object: &mut Value) {
    metadata_of(object).retain(|_, value| !value.is_null());
}
