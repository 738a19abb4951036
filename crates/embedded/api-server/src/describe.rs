//! What the server says about itself: discovery, version, OpenAPI.

use http::{HeaderMap, Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::http::path::Target;
use crate::http::response;
use crate::resource::{Resource, api_version};
use crate::rest::Api;
use crate::status::ApiError;

/// The Kubernetes version whose behaviour is followed.
const MAJOR: &str = "1";
const MINOR: &str = "33";

impl Api {
    /// Answers everything that is not about objects.
    pub(crate) fn describe(
        &self,
        target: &Target,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Response<response::Body>, ApiError> {
        if method != Method::GET {
            return Err(ApiError::method_not_allowed());
        }
        let catalog = self.catalog.snapshot();
        let answer = match target {
            Target::CoreVersions => {
                json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
            }
            Target::Groups => json!({
                "kind": "APIGroupList",
                "apiVersion": "v1",
                "groups": catalog.groups().iter().map(|(name, versions)| group(name, versions)).collect::<Vec<_>>(),
            }),
            Target::Group(name) => {
                let groups = catalog.groups();
                let mut group = group(
                    name,
                    groups
                        .get(name.as_str())
                        .ok_or_else(ApiError::no_such_path)?,
                );
                group["kind"] = "APIGroup".into();
                group["apiVersion"] = "v1".into();
                group
            }
            Target::GroupVersion { group, version } => resource_list(&catalog, group, version)?,
            Target::Other(segments) => match segments
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .as_slice()
            {
                ["version"] => version(),
                ["openapi", path @ ..] => return crate::openapi::answer(&catalog, path, headers),
                [] => {
                    json!({"paths": ["/api", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]})
                }
                _ => return Err(ApiError::no_such_path()),
            },
            Target::Objects(_) => return Err(ApiError::no_such_path()),
        };
        Ok(response::json(StatusCode::OK, &answer))
    }
}

fn version() -> Value {
    json!({
        "major": MAJOR,
        "minor": MINOR,
        "gitVersion": format!("v{MAJOR}.{MINOR}.0+embedded.{}", env!("CARGO_PKG_VERSION")),
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    })
}

fn group(name: &str, versions: &[&str]) -> Value {
    let version =
        |version: &&str| json!({"groupVersion": api_version(name, version), "version": version});
    json!({
        "name": name,
        "versions": versions.iter().map(version).collect::<Vec<_>>(),
        "preferredVersion": versions.first().map(version),
    })
}

fn resource_list(catalog: &Catalog, group: &str, version: &str) -> Result<Value, ApiError> {
    let resources: Vec<Value> = catalog
        .in_version(group, version)
        .flat_map(|resource| entries(resource))
        .collect();
    if resources.is_empty() {
        return Err(ApiError::no_such_path());
    }
    Ok(json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": api_version(group, version),
        "resources": resources,
    }))
}

/// Verbs of a resource.
fn verbs(resource: &Resource) -> Vec<&'static str> {
    if resource.built_in().is_some_and(|built_in| !built_in.stored) {
        return vec!["create"];
    }
    let mut verbs = vec![
        "create",
        "delete",
        "deletecollection",
        "get",
        "list",
        "patch",
        "update",
        "watch",
    ];
    if resource.is("", "namespaces") {
        verbs.retain(|verb| *verb != "deletecollection");
    }
    verbs
}

fn entries(resource: &Resource) -> Vec<Value> {
    let mut entry = json!({
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": verbs(resource),
    });
    if !resource.short_names.is_empty() {
        entry["shortNames"] = resource.short_names.clone().into();
    }
    if !resource.categories.is_empty() {
        entry["categories"] = resource.categories.clone().into();
    }
    let mut entries = vec![entry];
    for subresource in resource.subresources() {
        let name = format!("{}/{subresource}", resource.plural);
        let mut entry = json!({"name": name, "singularName": "", "namespaced": resource.namespaced, "kind": resource.kind});
        match subresource {
            "status" => entry["verbs"] = json!(["get", "patch", "update"]),
            "finalize" => entry["verbs"] = json!(["update"]),
            "log" => entry["verbs"] = json!(["get"]),
            "token" => {
                entry["verbs"] = json!(["create"]);
                entry["group"] = "authentication.k8s.io".into();
                entry["version"] = "v1".into();
                entry["kind"] = "TokenRequest".into();
            }
            _ => entry["verbs"] = json!([]),
        }
        entries.push(entry);
    }
    entries
}
