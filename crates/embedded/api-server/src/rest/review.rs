//! Objects that are a question and come back with the answer.

use http::{Response, StatusCode};
use serde_json::json;

use super::Api;
use super::call::Call;
use super::prepare::check_identity;
use crate::http::{body, response};
use crate::status::ApiError;

impl Api {
    /// SelfSubjectReview and SelfSubjectAccessReview.
    pub(super) fn review(&self, call: &Call) -> Result<Response<response::Body>, ApiError> {
        let mut review = body::decode(body::media_type(&call.headers), &call.body)?;
        check_identity(&call.resource, "", &mut review)?;
        review["status"] = match call.resource.kind.as_str() {
            "SelfSubjectReview" => json!({"userInfo": call.identity.user_info()}),
            "SelfSubjectAccessReview" => json!({
                "allowed": true,
                "reason": "this embedded API server stores RBAC objects and does not enforce them: every authenticated user may do everything",
            }),
            other => return Err(ApiError::not_modelled(other)),
        };
        Ok(response::json(StatusCode::CREATED, &review))
    }
}
