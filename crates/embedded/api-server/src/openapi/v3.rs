//! OpenAPI version 3.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{TITLE, WRITE_PARAMETERS};
use crate::catalog::Catalog;
use crate::resource::{Origin, Resource};
use crate::status::ApiError;

/// `/openapi/v3`: where the documents are.
pub(super) fn index(catalog: &Catalog) -> Value {
    let mut paths = Map::new();
    for resource in catalog.all() {
        let path = if resource.group.is_empty() {
            "api"
        } else {
            "apis"
        };
        let path = format!("{path}/{}", resource.api_version());
        let document = json!({"serverRelativeURL": format!("/openapi/v3/{path}")});
        paths.insert(path, document);
    }
    json!({"paths": paths})
}

/// The document of one version of a group.
pub(super) fn document(catalog: &Catalog, group: &str, version: &str) -> Result<Value, ApiError> {
    let mut generator = SchemaSettings::openapi3().into_generator();
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for resource in catalog.in_version(group, version) {
        paths.insert(object_path(resource), operations(resource));
        let (name, schema) = schema(resource, &mut generator);
        schemas.insert(name, schema);
    }
    if paths.is_empty() {
        return Err(ApiError::no_such_path());
    }
    for (name, schema) in generator.take_definitions(true) {
        schemas.entry(name).or_insert(schema);
    }
    for resource in catalog.in_version(group, version) {
        mark_kind(&mut schemas, resource);
    }
    Ok(json!({
        "openapi": "3.0.0",
        "info": {"title": TITLE, "version": "v1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }))
}

/// Path template of one object.
pub(super) fn object_path(resource: &Resource) -> String {
    let root = if resource.group.is_empty() {
        "api"
    } else {
        "apis"
    };
    let namespace = if resource.namespaced {
        "namespaces/{namespace}/"
    } else {
        ""
    };
    format!(
        "/{root}/{}/{namespace}{}/{{name}}",
        resource.api_version(),
        resource.plural
    )
}

fn operations(resource: &Resource) -> Value {
    let kind = group_version_kind(resource);
    let parameters: Vec<Value> = WRITE_PARAMETERS
        .iter()
        .map(|name| json!({"name": name, "in": "query", "schema": {"type": "string"}}))
        .collect();
    let operation = |action: &str| {
        json!({
            "parameters": parameters,
            "responses": {"200": {"description": "OK"}},
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": kind,
        })
    };
    json!({"get": operation("get"), "put": operation("put"), "patch": operation("patch"), "delete": operation("delete")})
}

fn schema(resource: &Resource, generator: &mut SchemaGenerator) -> (String, Value) {
    let name = schema_name(resource);
    match &resource.origin {
        Origin::BuiltIn(kind) => {
            let reference: Schema = (kind.schema)(generator);
            let path = reference
                .get("$ref")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            let schema = generator
                .definitions()
                .get(&name)
                .cloned()
                .unwrap_or_default();
            (name, schema)
        }
        Origin::Custom(custom) => {
            let mut schema = custom.open_api_schema.clone();
            schema["properties"]["apiVersion"] = json!({"type": "string"});
            schema["properties"]["kind"] = json!({"type": "string"});
            schema["properties"]["metadata"] =
                json!({"allOf": [generator.subschema_for::<ObjectMeta>()]});
            (name, schema)
        }
    }
}

/// Says of a kind's schema whose schema it is.
fn mark_kind(schemas: &mut Map<String, Value>, resource: &Resource) {
    let suffix = format!(".{}.{}", resource.version, resource.kind);
    let own = schema_name(resource);
    for (name, schema) in schemas
        .iter_mut()
        .filter(|(name, _)| **name == own || name.ends_with(&suffix))
    {
        if schema.is_object() && (resource.custom().is_none() || *name == own) {
            schema["x-kubernetes-group-version-kind"] = json!([group_version_kind(resource)]);
        }
    }
}

fn schema_name(resource: &Resource) -> String {
    let reversed: Vec<&str> = resource.group.rsplit('.').collect();
    format!(
        "{}.{}.{}",
        reversed.join("."),
        resource.version,
        resource.kind
    )
}

fn group_version_kind(resource: &Resource) -> Value {
    json!({"group": resource.group, "version": resource.version, "kind": resource.kind})
}
