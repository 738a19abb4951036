//! OpenAPI: enough of it for `kubectl`.
//!
//! * Version 3, one document per group and version, with the schemas of all kinds, for `kubectl explain` and to tell that writes take
//!   `fieldValidation` and `dryRun`, so that `kubectl` lets the server validate.
//! * Version 2 for old clients, without schemas: they then leave validation to the server.

mod protobuf;
mod v2;
mod v3;

use http::header::ACCEPT;
use http::{HeaderMap, Response, StatusCode};
use serde_json::json;

use crate::catalog::Catalog;
use crate::http::response;
use crate::status::ApiError;

const TITLE: &str = "Kubernetes";

/// Query parameters of writes that clients look for before they use them.
const WRITE_PARAMETERS: [&str; 4] = ["dryRun", "fieldManager", "fieldValidation", "force"];

/// Answers the paths below `/openapi`.
pub(crate) fn answer(
    catalog: &Catalog,
    path: &[&str],
    headers: &HeaderMap,
) -> Result<Response<response::Body>, ApiError> {
    let accept = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let document = match path {
        ["v2"] if accept.contains("proto-openapi.spec.v2") => {
            return Ok(response::bytes(
                StatusCode::OK,
                v2::PROTOBUF,
                v2::protobuf(catalog),
            ));
        }
        ["v2"] => json!({"swagger": "2.0", "info": {"title": TITLE, "version": "v1"}, "paths": {}}),
        ["v3"] => v3::index(catalog),
        ["v3", "api", version] => v3::document(catalog, "", version)?,
        ["v3", "apis", group, version] => v3::document(catalog, group, version)?,
        _ => return Err(ApiError::no_such_path()),
    };
    Ok(response::json(StatusCode::OK, &document))
}
