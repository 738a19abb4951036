//! patch: one file per kind of patch would be too much ceremony; what differs is how the new object comes from the old one.

use http::{Response, StatusCode};
use serde_json::Value;

use super::call::Call;
use super::create::respond;
use super::options::WriteOptions;
use super::update::Ownership;
use super::{Api, Stage, prepare};
use crate::http::negotiate::Form;
use crate::http::{body, response};
use crate::resource::Resource;
use crate::status::ApiError;
use crate::strategic_merge::strategic_merge;

/// Most operations of a JSON patch.
/// Source: k8s.io/apiserver/pkg/endpoints/handlers `maxJSONPatchOperations`.
const MAXIMUM_OPERATIONS: usize = 10_000;

impl Api {
    pub(super) async fn patch(
        &self,
        call: &Call,
        stage: Stage,
    ) -> Result<Response<response::Body>, ApiError> {
        let form = Form::negotiate(&call.headers, &call.query)?;
        let options = WriteOptions::parse(&call.query, &call.headers)?;
        let media_type = body::media_type(&call.headers);
        if media_type == "application/apply-patch+yaml" {
            return self.apply(call, stage, form, &options).await;
        }
        if options.force {
            return Err(ApiError::bad_request(
                "force: Forbidden: may not be specified for non-apply patch",
            ));
        }
        let patch = Patch::parse(call, media_type)?;
        let change = |existing: &Value| {
            let mut object = patch.applied_to(&call.resource, existing)?;
            prepare::check_identity(&call.resource, &call.namespace, &mut object)?;
            Ok(object)
        };
        let written = self
            .modify(call.address(), stage, &options, Ownership::Record, change)
            .await?;
        Ok(respond(&call.resource, form, StatusCode::OK, written))
    }
}

/// A parsed patch.
enum Patch {
    /// RFC 7386.
    Merge(Value),
    /// RFC 6902.
    Operations(json_patch::Patch),
    /// Kubernetes' strategic merge patch.
    Strategic(Value),
}

impl Patch {
    fn parse(call: &Call, media_type: &str) -> Result<Self, ApiError> {
        match media_type {
            "application/merge-patch+json" => Ok(Self::Merge(object(body::json(&call.body)?)?)),
            "application/json-patch+json" => {
                let patch: json_patch::Patch =
                    serde_json::from_slice(&call.body).map_err(|error| {
                        ApiError::bad_request(format!("error decoding patch: {error}"))
                    })?;
                if patch.0.len() > MAXIMUM_OPERATIONS {
                    return Err(ApiError::too_large(MAXIMUM_OPERATIONS));
                }
                Ok(Self::Operations(patch))
            }
            "application/strategic-merge-patch+json" if call.resource.built_in().is_some() => {
                Ok(Self::Strategic(object(body::json(&call.body)?)?))
            }
            _ if call.resource.built_in().is_none() => Err(unsupported(
                "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
            )),
            _ => Err(unsupported(
                "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml",
            )),
        }
    }

    fn applied_to(&self, resource: &Resource, existing: &Value) -> Result<Value, ApiError> {
        let mut patched = existing.clone();
        match self {
            Self::Merge(patch) => json_patch::merge(&mut patched, patch),
            Self::Operations(operations) => json_patch::patch(&mut patched, operations).map_err(|error| {
                ApiError::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "Invalid",
                    format!("the server rejected our request due to an error in our request: {error}"),
                )
            })?,
            Self::Strategic(patch) => {
                strategic_merge(&mut patched, patch, &resource.group, &resource.kind)
                    .map_err(|error| ApiError::bad_request(error.to_string()))?;
            }
        }
        Ok(patched)
    }
}

fn object(patch: Value) -> Result<Value, ApiError> {
    if patch.is_object() {
        Ok(patch)
    } else {
        Err(ApiError::bad_request(
            "error decoding patch: it is not an object",
        ))
    }
}

fn unsupported(supported: &str) -> ApiError {
    ApiError::unsupported_media_type(format!(
        "the body of the request was in an unknown format - accepted media types include: {supported}"
    ))
}
